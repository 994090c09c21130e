import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@regimen/backend-wasm";
import {
  createRegimen,
  saveModel,
  type Batch,
  type Blueprint,
  type Change,
  type FitResult,
  type Forward,
  type Params,
  type Plugin,
  type Predictor,
  type Run,
  type Step,
  type Technique,
  type Trained,
} from "@regimen/core";
import classifier from "@regimen/scaffold-classifier";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { madeUpColours, madeUpNetwork } from "@regimen/testkit";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { distillFrom, distillation, distillationLoss, softTargets } from "../src/index.ts";

const golden = JSON.parse(readFileSync(new URL("golden/distillation.json", import.meta.url), "utf8")) as {
  teachers: number[][][];
  student: number[][];
  labels: number[][];
  cases: {
    alpha: number;
    temperature: number;
    teachers: number;
    targets: number[][];
    soft: number[];
    losses: number[];
    gradient: number[][];
  }[];
};
const near = (got: Tensor, want: readonly (number | readonly number[])[], digits = 5): void => {
  const [a, b] = [[...got.dataSync()], want.flat()];
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, digits));
};

beforeAll(() => wasm.load());

/** A predictor of fixed logits, which notes the images that it is asked about. */
function fixed(logits: number[][], asked: Tensor4D[] = []): Predictor & { disposed: number } {
  return {
    disposed: 0,
    forward(images) {
      asked.push(images);
      return { features: images as unknown as Tensor2D, outputs: tf.tensor2d(logits), maps: [] };
    },
    plain: () => Promise.reject(new Error("not here")),
    dispose() {
      this.disposed++;
    },
  };
}
const score = { error: 0, loss: 1, ece: 0 };

/** Runs the train hook with trainings that only note what was asked of them. */
async function rehearse(
  params: Partial<Params>,
  how: { run?: Partial<Run>; models?: Predictor[]; fails?: string } = {},
): Promise<{ changes: Change[]; trained: Trained }> {
  const changes: Change[] = [];
  const plan = { images: 1000, batch: 10 } as Run["plan"];
  const run = { plan, blueprint: { grows: false } as Blueprint, ...how.run } as Run;
  const space = Object.entries(distillation.space).map(([key, axis]) => [key, axis.default]);
  const { train } = distillation.create({ ...Object.fromEntries(space), ...params } as never);
  const trained = await train!(run, async (change) => {
    changes.push(change);
    if (change.name === how.fails) throw new Error("it failed");
    const model = how.models?.[changes.length - 1] ?? fixed([[0]]);
    return { model, score, cost: { trained: 10, inferred: 3, seconds: 1 } };
  });
  return { changes, trained };
}

describe("the loss", () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each(golden.cases)(
    "is PyTorch's, and its gradient, at α $alpha, T $temperature, $teachers teachers",
    async (one) => {
      const teachers = golden.teachers.slice(0, one.teachers);
      const targets = softTargets(
        teachers.map((logits) => tf.tensor2d(logits)),
        one.temperature,
      );
      near(targets, one.targets, 6);
      near(distillationLoss(targets, tf.tensor2d(golden.student), one.temperature), one.soft, 4);
      // The same through the technique's own hooks.
      const { changes } = await rehearse(
        { alpha: one.alpha, temperature: one.temperature, members: one.teachers },
        { models: teachers.map((logits) => fixed(logits)) },
      );
      const hooks = changes.at(-1)!.hooks!;
      const batch = hooks.batch!(
        { images: tf.zeros([5, 1, 1, 1]) as Tensor4D, also: {} } as unknown as Batch,
        {} as Step,
      );
      const labels = tf.tensor2d(golden.labels);
      const objective = hooks.loss!(({ outputs }) =>
        tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(outputs as Tensor2D)), 1)),
      );
      const losses = (outputs: Tensor): Tensor1D => objective({ outputs } as Forward, batch, {} as Step) as Tensor1D;
      near(losses(tf.tensor2d(golden.student)), one.losses, 4);
      const gradient = tf.grad((outputs: Tensor) => tf.mean(losses(outputs)) as Scalar)(tf.tensor2d(golden.student));
      near(gradient, one.gradient);
    },
  );

  it("is 0 where the student says what the teacher says, finite where a teacher is certain, and never below 0", () => {
    const same = tf.tensor2d([[3, -1, 0.5]]);
    near(distillationLoss(softTargets([same], 4), same, 4), [0], 4);
    const certain = softTargets([tf.tensor2d([[400, 0, -400]])], 1);
    near(distillationLoss(certain, tf.tensor2d([[2, 1, 0]]), 1), [Math.log(1 + Math.exp(-1) + Math.exp(-2))]);
  });

  it("keeps the size of its gradient as the temperature grows: (student − teacher) / classes, for centred logits", () => {
    const [teacher, student] = [tf.tensor2d([[1, -2, 1]]), tf.tensor2d([[-1, -1, 2]])];
    const gradient = tf.grad((z: Tensor) =>
      tf.sum(distillationLoss(softTargets([teacher], 1000), z as Tensor2D, 1000)),
    );
    near(gradient(student), [-2 / 3, 1 / 3, 1 / 3], 2);
  });
});

describe("what is trained", () => {
  it("shares one plan among teachers and student, and counts every teacher's forward passes", async () => {
    const models = [fixed([[0]]), fixed([[0]]), fixed([[0]])];
    const { changes, trained } = await rehearse({ members: 2, share: 0.6 }, { models });
    expect(changes.map(({ name, plan, cost, stream, without }) => [name, plan?.images, cost, stream, without])).toEqual(
      [
        ["teacher-1", 300, undefined, "teacher-1", ["@regimen/technique-label-smoothing"]],
        ["teacher-2", 300, undefined, "teacher-2", ["@regimen/technique-label-smoothing"]],
        ["student", 400, 1 + 2 / 3, undefined, undefined],
      ],
    );
    expect(trained.model).toBe(models[2]);
    expect(trained.cost).toEqual({ trained: 30, inferred: 9, seconds: 3 });
    expect(models.map(({ disposed }) => disposed)).toEqual([1, 1, 0]);
  });

  it("is a teacher of twice the width where the model grows, and of the same size where it does not", async () => {
    const wide = { name: "wide" } as Blueprint;
    const grown: object[] = [];
    const blueprint = { grows: true, grow: (by: object) => (grown.push(by), wide) } as unknown as Blueprint;
    const { changes } = await rehearse({ teacher: "larger" }, { run: { blueprint } });
    expect([changes[0]!.model, changes[1]!.model, grown]).toEqual([wide, undefined, [{ width: 2 }]]);
    expect((await rehearse({ teacher: "larger" })).changes[0]!.model).toBeUndefined();
    expect((await rehearse({}, { run: { blueprint } })).changes[0]!.model).toBeUndefined();
  });

  it("shows teachers the very images that the student sees, once a step", async () => {
    const asked: Tensor4D[] = [];
    const { changes } = await rehearse({}, { models: [fixed([[1, 2]], asked)] });
    tf.tidy(() => {
      const images = tf.zeros([1, 2, 2, 1]) as Tensor4D;
      const batch = changes[1]!.hooks!.batch!({ images, also: {} } as unknown as Batch, {} as Step);
      expect(asked).toEqual([images]);
      expect(batch.images).toBe(images);
    });
  });

  it("leaves no teacher behind where a training fails", async () => {
    for (const fails of ["teacher-2", "student"]) {
      const models = [fixed([[0]]), fixed([[0]])];
      await expect(rehearse({ members: 2 }, { models, fails })).rejects.toThrow("it failed");
      expect(models.map(({ disposed }) => disposed)).toEqual(fails === "student" ? [1, 1] : [1, 0]);
    }
  });
});

type Seen = { images: Tensor4D; targets: Tensor2D };
/** Brightens, as an augmentation does, and looks at the first batch as the loss gets it. */
const spy = (seen: Seen[] | undefined): Technique => ({
  name: "spy",
  version: "1.0.0",
  group: "test",
  paper: "none",
  space: {},
  order: { slot: "mix" },
  create: () => ({
    batch: (batch) => ({ ...batch, images: tf.add(batch.images, 7) }),
    loss: (inner) => (outputs, batch, step) => {
      const targets = batch.also["@regimen/technique-distillation/targets"] as Tensor2D | undefined;
      if (targets && seen?.length === 0)
        seen.push({ images: tf.keep(batch.images.clone()), targets: tf.keep(targets.clone()) });
      return inner(outputs, batch, step);
    },
  }),
});

describe("with a teacher that there is", () => {
  let folder: string;
  let teacher: LayersModel;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "regimen-distillation-"));
    teacher = madeUpNetwork(1, 12);
  });
  afterEach(() => {
    teacher.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  async function fit(
    own: Plugin,
    params: Params | undefined,
    seen?: Seen[],
    honest = true,
    epochs = 6,
  ): Promise<FitResult> {
    const watching: Plugin = { name: "spy", version: "1", register: (into) => into.technique(spy(seen)) };
    const regimen = await createRegimen({ plugins: [classifier, own, watching], backend: "current" });
    const model = madeUpNetwork(2);
    try {
      return await regimen.fit({
        model: { model, weights: "fresh" },
        data: {
          train: madeUpColours("train", 60, honest ? "right" : "chance"),
          validation: madeUpColours("validation", 30),
        },
        training: { epochs, batchSize: 10, learningRate: 0.1, optimizer: "sgd" },
        policy: {
          steps: [
            { use: "spy", with: {} },
            ...(params ? [{ use: "@regimen/technique-distillation", with: params }] : []),
          ],
        },
        seed: 3,
      });
    } finally {
      model.dispose();
      await regimen.dispose();
    }
  }

  it("asks it for inference on raw, augmented pixels, as they are, and gives the student the whole plan", async () => {
    const seen: Seen[] = [];
    const result = await fit(distillFrom(teacher), { temperature: 2 }, seen);
    // 36 steps' worth of images: 27 steps at 4/3 each.
    expect(result.cost.trained).toBeCloseTo(27 * 10 * (4 / 3), 3);
    const [{ images, targets }] = seen as [Seen];
    expect(images.shape).toEqual([10, 8, 8, 3]);
    const want = tf.tidy(() => {
      const said = teacher.predict(images) as Tensor2D;
      return (tf.softmax(tf.div(tf.log(said), 2)) as Tensor2D).dataSync();
    });
    near(targets, [...want]);
    tf.dispose([images, targets]);
    result.model.dispose();
    expect(result.policy.steps.at(-1)!.with).toMatchObject({ teacher: "given", members: 1 });
  });

  it("reads it from where it was saved, and hands on what it knows where labels say nothing", async () => {
    const honest = await fit(plugin, undefined);
    await saveModel(honest.model, folder);
    const before = tf.memory().numTensors;
    const blind = await fit(plugin, undefined, undefined, false, 25);
    const taught = await fit(plugin, { alpha: 1, temperature: 1, teacher: folder }, undefined, false, 25);
    expect(honest.validation!.error).toBeLessThan(0.1);
    expect(blind.validation!.error).toBeGreaterThan(0.4);
    expect(taught.validation!.error).toBeLessThan(0.2);
    for (const { model } of [blind, taught]) model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    honest.model.dispose();
  });

  it("says what is wrong with it", async () => {
    await expect(fit(plugin, { teacher: join(folder, "nowhere") })).rejects.toThrow(/REG_MODEL_UNREADABLE.*nowhere/);
    await saveModel(teacher, folder, { classes: ["b", "a", "c"] });
    await expect(fit(plugin, { teacher: folder })).rejects.toThrow(/REG_MODEL_OUTPUT.*b, a, c apart.*a, b, c/);
    await expect(fit(plugin, { teacher: "given" })).rejects.toThrow(/REG_PARAM.*distillFrom\(model\)/);
  });
});
