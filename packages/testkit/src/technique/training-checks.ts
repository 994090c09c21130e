import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Fragment, Params, Scaffold, Technique } from "@regimen/core";
import { canaries } from "./canaries.ts";
import { usesMathRandom } from "./spies.ts";
import { fit, sameTraining } from "./training.ts";

/** What the laws mean for a technique that acts on whole trainings (`train`, `sample`): checked on trainings, not on steps. */
export class TrainingChecks {
  readonly #technique: Technique;
  readonly #scaffold: Scaffold;
  readonly #steps: Fragment["steps"];

  constructor(technique: Technique, scaffold: Scaffold, active: Params) {
    this.#technique = technique;
    this.#scaffold = scaffold;
    this.#steps = [{ use: technique.name, with: active }];
  }

  async offIsPlain(off: Params): Promise<void> {
    const [plain, one] = [await this.#fit(1, []), await this.#fit(1, [{ use: this.#technique.name, with: off }])];
    assert.ok(sameTraining(plain, one), "every switch is off, and the training is another than the plain one");
    assert.equal(one.spent, plain.spent, "every switch is off, and the training costs more or less than the plain one");
  }

  async sameSeed(): Promise<void> {
    const [one, two] = [await this.#fit(1), await this.#fit(1)];
    assert.ok(sameTraining(one, two), "one seed gave two trained models");
  }

  async leavesNothing(): Promise<void> {
    await this.#fit(1);
    const before = tf.memory().numTensors;
    await this.#fit(1);
    assert.equal(tf.memory().numTensors, before, "tensors are left after a training");
  }

  async finite(params: Params): Promise<void> {
    const steps = [{ use: this.#technique.name, with: params }];
    const { validation } = await fit(this.#technique, this.#scaffold, { steps, seed: 1 });
    assert.ok(
      Number.isFinite(validation.loss),
      `at ${JSON.stringify(params)}, the validation loss is ${validation.loss}`,
    );
  }

  async composes(): Promise<void> {
    const others = canaries.map((canary) => canary.technique);
    const listed = [...others.map((canary) => ({ use: canary.name, with: {} })), ...this.#steps];
    const [one, two] = [
      await this.#fit(1, listed, others),
      await this.#fit(1, listed.toReversed(), others.toReversed()),
    ];
    assert.ok(sameTraining(one, two), "the order of listing matters to the trained model");
  }

  /** tfjs' own random ops are not told apart here: models are built within a training. */
  async noForeignRandomness(): Promise<void> {
    assert.ok(!(await usesMathRandom(() => this.#fit(1))), "it uses Math.random; random numbers come from run.rng");
  }

  #fit(seed: number, steps = this.#steps, others: readonly Technique[] = []): ReturnType<typeof fit> {
    return fit(this.#technique, this.#scaffold, { steps, seed, others });
  }
}
