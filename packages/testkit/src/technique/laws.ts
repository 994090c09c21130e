import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  RegimenError,
  completeParams,
  defaultsOf,
  offParams,
  type Axis,
  type Fragment,
  type Member,
  type Params,
  type Technique,
} from "@regimen/core";
import { assertJson, copy } from "../json.ts";
import type { Law } from "../runner.ts";
import { assertMeaning, assertSurvives, equal, finite, sameForm } from "./assertions.ts";
import { difference, differs, type Bench, type Outcome, type StepsOptions } from "./bench.ts";
import { canaries } from "./canaries.ts";
import { activeParams, corners } from "./params.ts";
import { Recorder, watchDraws, watchRandom } from "./spies.ts";
import { actsOnTrainings } from "./training.ts";
import { TrainingChecks } from "./training-checks.ts";
import { ready } from "./world.ts";

/** Laws 1 to 11. */
export function techniqueLawsOf(technique: Technique, bench: () => Bench, seen: number): readonly Law[] {
  const law = (name: string, check: (bench: Bench) => void | Promise<void>): Law => ({
    name,
    check: async () => {
      await ready();
      await check(bench());
    },
  });
  const { name, space } = technique;
  const axes = Object.entries<Axis>(space);
  const usual = completeParams(technique, {});
  const active = activeParams(technique);
  const trainings = (bench: Bench): TrainingChecks | undefined =>
    actsOnTrainings(technique, active) ? new TrainingChecks(technique, bench.scaffold, active) : undefined;
  const use = (params: Params): Fragment["steps"] => [{ use: name, with: params }];

  return [
    law("1. at its off value it changes nothing, to the bit", async (bench) => {
      const off = offParams(space);
      if (!off) return;
      assert.deepEqual(bench.compose(use(off)), [], "every switch is off, and it is still composed");
      await trainings(bench)?.offIsPlain(off);
      for (const [key, axis] of axes) {
        if (axis.off === undefined) continue;
        const params = { ...active, [key]: axis.off };
        assert.deepEqual(bench.compose(use(params)), [], `${key} is off, and it is still composed`);
        // The core leaves it out. A magnitude is the technique's own: its hooks, called all the same, must be the identity.
        if (axis.kind !== "m") continue;
        const bare = bench.bare(params);
        equal(difference(bench.untouched(), bench.batch([bare], 1)), `at ${key} ${axis.off}, the batch is changed`);
        equal(differs(await bench.steps([]), await bench.steps([bare])), `at ${key} ${axis.off}, a step is changed`);
      }
    }),

    law("2. the same seed gives the same result; another seed differs", async (bench) => {
      let random = false;
      const touch = (): void => void (random = true);
      const members = bench.compose(use(active));
      const watched = members.map((member) => watchDraws(member, touch));
      const run = (seed: number): Promise<Outcome> =>
        bench.steps(watched, { seed, steps: 2, view: (step) => watchRandom(step, touch) });
      const first = await run(1);
      equal(differs(first, await run(1)), "one seed gave two results");
      equal(difference(bench.batch(members, 1), bench.batch(members, 1)), "one seed gave two batches");
      await trainings(bench)?.sameSeed();
      if (!random) return;
      for (let seed = 2; seed < 8; seed++) if (differs(first, await run(seed))) return;
      assert.fail("it draws random numbers, and seven seeds gave one result");
    }),

    law("3. it leaves no tensor behind", async (bench) => {
      const members = bench.compose(use(active));
      await bench.steps(members, { steps: 2 });
      const before = tf.memory().numTensors;
      bench.batch(members, 1);
      await bench.steps(members, { steps: 2 });
      assert.equal(tf.memory().numTensors, before, "tensors are left after the steps");
      await trainings(bench)?.leavesNothing();
    }),

    law("4. shapes and types are kept, and draws depend on the shape alone", async (bench) => {
      const [pictures, plain] = [bench.untouched(), (await bench.steps([])).batch];
      for (const params of [active, ...corners(axes, active)]) {
        const bare = [bench.bare(params)];
        sameForm(pictures, bench.batch(bare, 1), "after its batch hook");
        const outcome = await bench.steps(bare);
        sameForm(plain, outcome.batch, "after its batch hook");
        const average = Object.fromEntries(Object.keys(outcome.averages).map((key) => [key, outcome.weights[key]!]));
        sameForm(average, outcome.averages, "among its averages");
      }
      const bare = [bench.bare(active)];
      const form = (seed: number): unknown =>
        Object.entries(bench.draws(bare, seed)[name] ?? {}).map(([key, drawn]) => [
          key,
          drawn.constructor.name,
          drawn.length,
        ]);
      for (let seed = 2; seed < 8; seed++)
        assert.deepEqual(form(seed), form(1), "its draws have another form with another seed");
    }),

    law("5. labels stay distributions, boxes stay in the image, masks keep their classes", (bench) => {
      const before = bench.untouched();
      for (const params of [active, ...corners(axes, active)])
        for (const seed of [1, 2, 3]) assertMeaning(bench.batch([bench.bare(params)], seed), before, bench.task);
    }),

    law("6. hyperparameters survive JSON; one out of range is an error that names key, value and range", (bench) => {
      const { create: _, cost: __, ...meta } = technique;
      assertJson(meta, name);
      for (const kind of ["rr", "r"])
        assert.ok(
          axes.filter(([, axis]) => axis.kind === kind).length <= 1,
          `it has more than one axis of kind ${kind}`,
        );
      assert.deepEqual(completeParams(technique, copy(usual)), usual, "its defaults do not survive JSON");
      assert.deepEqual(completeParams(technique, defaultsOf(space)), usual, "its defaults are not in their ranges");
      for (const [key, axis] of axes) {
        if (axis.kind === "text") {
          assert.throws(() => bench.compose(use({ ...usual, [key]: 1 })), /text/, `${key} 1 is accepted`);
          continue;
        }
        if (axis.kind !== "choice")
          assert.ok(axis.range[0] <= axis.range[1], `${key} has the range ${axis.range.join(" to ")}`);
        if (axis.kind !== "choice" && axis.scale === "log")
          assert.ok(axis.range[0] > 0, `${key} is logarithmic, and its range begins at ${axis.range[0]}`);
        const wrong = axis.kind === "choice" ? "no such choice" : axis.range[1] + 1;
        const told = axis.kind === "choice" ? axis.of : axis.range;
        const named = (error: unknown): boolean =>
          error instanceof RegimenError && [key, wrong, ...told].every((word) => error.message.includes(String(word)));
        assert.throws(() => bench.compose(use({ ...usual, [key]: wrong })), named, `${key} ${wrong} is accepted`);
      }
    }),

    law("7. everything is finite at both ends of its space", async (bench) => {
      for (const params of [active, ...corners(axes, active)]) {
        const at = JSON.stringify(params);
        const bare = [bench.bare(params)];
        finite(bench.batch(bare, 1), at);
        const { batch, losses, weights, averages } = await bench.steps(bare, { steps: 2 });
        for (const columns of [batch, weights, averages]) finite(columns, at);
        assert.ok(losses.every(Number.isFinite), `at ${at}, the losses are ${losses.join(", ")}`);
        const cost = technique.cost?.(params) ?? 1;
        assert.ok(Number.isFinite(cost) && cost > 0, `at ${at}, it costs ${cost}`);
        await trainings(bench)?.finite(params);
      }
    }),

    law("8. the loss falls on one fixed batch", async (bench) => {
      const { before, after } = await bench.learn(bench.compose(use(active)), 30, 0.05);
      assert.ok(after < before - 0.02, `the loss was ${before}, and is ${after} after 30 steps`);
    }),

    law("9. it composes with a canary in every slot, and the order of listing does not matter", async (bench) => {
      const alone = await bench.steps(bench.compose(use(active)), { steps: seen });
      const others = canaries.map((canary) => canary.technique);
      const all: Fragment["steps"] = [...others.map((canary) => ({ use: canary.name, with: {} })), ...use(active)];
      const [listed, reversed] = [bench.compose(all, others), bench.compose(all.toReversed(), others.toReversed())];
      assert.deepEqual(
        bench.draws(listed, 1)[name],
        bench.draws(bench.compose(use(active)), 1)[name],
        "its draws change with what stands beside it",
      );
      equal(differs(await bench.steps(listed), await bench.steps(reversed)), "the order of listing matters");
      for (const canary of canaries) await assertSurvives(canary, alone, bench, use(active), seen);
      await trainings(bench)?.composes();
    }),

    law("10. no Math.random, no tf.random*", async (bench) => {
      const recorder = new Recorder();
      const { random } = await recorder.record(async () => {
        const members = recorder.inside("create", () => bench.compose(use(active)));
        await bench.steps(
          members.map((member) => recorder.watch(member)),
          { steps: 2, ...layersToo(recorder, members) },
        );
      });
      assert.deepEqual(
        random,
        [],
        `it uses ${random.join(", ")}; random numbers come from draw's rng and from the step`,
      );
      await trainings(bench)?.noForeignRandomness();
    }),

    law("11. recorded twice with different seeds, the step's constants are equal", async (bench) => {
      const members = bench.compose(use(active));
      const recorder = new Recorder();
      const watched = members.map((member) => recorder.watch(member));
      const record = (seed: number, index: number, rate: number): ReturnType<Recorder["record"]> =>
        recorder.record(() => bench.steps(watched, { seed, index, rate, ...layersToo(recorder, members) }));
      const [first, second] = [await record(1, 0, 0.05), await record(2, 3, 0.01)];
      assert.deepEqual(first.reads, [], `it reads tensors on the host within a step (${first.reads.join(", ")})`);
      const length = Math.max(first.constants.length, second.constants.length);
      for (let at = 0; at < length; at++) {
        const [one, two] = [first.constants[at] ?? "nothing", second.constants[at] ?? "nothing"];
        assert.equal(
          one,
          two,
          `the first recording has ${one}, the second ${two}; what changes from step to step must be fed`,
        );
      }
    }),
  ];
}

/** Layers that a technique puts into the model are its own too. */
const layersToo = (recorder: Recorder, members: readonly Member[]): StepsOptions =>
  members.some((member) => member.hooks.rewrite)
    ? { view: (step) => recorder.view(step), forward: (work) => recorder.inside("an inserted layer", work) }
    : {};
