import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import {
  shareImages,
  type Batch,
  type Hooks,
  type Run,
  type Step,
  type Technique,
  type Train,
  type Trained,
} from "@regimen/core";
import { describe, expect, it } from "vitest";
import { techniqueLaws } from "../src/index.ts";
import { collect, verdict, type Laws } from "./collect.ts";

type P = { strength: number; rate: number };

const along = (perExample: tf.Tensor): tf.Tensor => tf.reshape(perExample, [-1, 1, 1, 1]);
const shift = (batch: Batch, by: tf.Tensor): Batch => ({ ...batch, images: tf.add(batch.images, by) as Tensor4D });
const tintHooks = ({ strength }: P): Hooks & { batch(batch: Batch, step: Step): Batch } => ({
  draw: (rng, { n }) => ({ by: Float32Array.from({ length: n }, () => 40 * strength * rng.uniform()) }),
  batch: (batch, step) => shift(batch, along(step.fed["by"]!)),
});

/** Adds a grey of its own to each image: sound. */
const tint: Technique<P> = {
  name: "regimen-technique-tint",
  version: "1.0.0",
  group: "augmentation",
  paper: "made up",
  space: {
    strength: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
    rate: { kind: "rr", range: [0, 1], default: 1, off: 0 },
  },
  order: { slot: "texture" },
  create: tintHooks,
};
const breaking = (hooks: (params: P, sound: ReturnType<typeof tintHooks>) => Partial<Hooks>): Technique<P> => ({
  ...tint,
  create: (params) => ({ ...tintHooks(params), ...hooks(params, tintHooks(params)) }),
});
/** A batch hook that does something more. */
const also = (more: (batch: Batch, step: Step, params: P) => Batch): Technique<P> =>
  breaking((params, sound) => ({ batch: (batch, step) => more(sound.batch(batch, step), step, params) }));

const lawsOf = (technique: Technique<P>): Laws => collect((runner) => techniqueLaws(technique, runner));

describe("a sound technique", () => techniqueLaws(tint, { describe, it }));

/** Holds a count between two calls: what no technique may do. */
const counter = (): (() => number) => {
  let count = 0;
  return () => count++;
};
const calls = counter();

const BROKEN: readonly (readonly [law: string, what: string, technique: Technique<P>, says: RegExp])[] = [
  ["1.", "acts at strength 0", also((batch) => shift(batch, tf.scalar(1))), /at strength 0, the batch is changed/],
  [
    "1.",
    "changes the loss at strength 0",
    breaking(() => ({ loss: (inner) => (seen, batch, step) => tf.add(inner(seen, batch, step), 0.1) })),
    /at strength 0, a step is changed: the losses/,
  ],
  [
    "2.",
    "counts its calls",
    breaking(() => ({ draw: (_, { n }) => ({ by: new Float32Array(n).fill(calls()) }) })),
    /one seed gave two results/,
  ],
  [
    "2.",
    "draws, and ignores what it drew",
    breaking(() => ({ draw: (rng, { n }) => (rng.uniform(), { by: new Float32Array(n).fill(7) }) })),
    /seven seeds gave one result/,
  ],
  ["3.", "keeps a tensor", also((batch) => (tf.keep(tf.scalar(1)), batch)), /tensors are left/],
  [
    "4.",
    "halves the images",
    also((batch) => ({ ...batch, images: tf.slice(batch.images, 0, 3) })),
    /images has another shape/,
  ],
  [
    "4.",
    "makes labels whole",
    also((batch) => ({ ...batch, labels: tf.cast(batch.labels, "int32") })),
    /labels has another type/,
  ],
  [
    "4.",
    "draws as many numbers as chance says",
    breaking(() => ({ draw: (rng, { n }) => ({ by: new Float32Array(n), more: new Float32Array(1 + rng.int(50)) }) })),
    /another form with another seed/,
  ],
  ["5.", "doubles labels", also((batch) => ({ ...batch, labels: tf.mul(batch.labels, 2) })), /labels has the row/],
  [
    "5.",
    "loses part of the labels",
    also((batch) => ({ ...batch, labels: tf.mul(batch.labels, 0.5) })),
    /which counts, sum to 0.5/,
  ],
  [
    "5.",
    "moves boxes out of the image",
    also((batch) => (batch.boxes ? { ...batch, boxes: { ...batch.boxes, at: tf.add(batch.boxes.at, 5) } } : batch)),
    /a box is at/,
  ],
  [
    "5.",
    "invents a class",
    also((batch) => (batch.masks ? { ...batch, masks: tf.add(batch.masks, tf.scalar(1, "int32")) } : batch)),
    /the masks hold/,
  ],
  [
    "6.",
    "has a default out of range",
    { ...tint, space: { ...tint.space, strength: { kind: "m", range: [0, 1], default: 2, off: 0 } } },
    /strength is 2/,
  ],
  ["6.", "has a meta that is no JSON", { ...tint, version: new Date() as unknown as string }, /version is a Date/],
  [
    "6.",
    "has a logarithm of 0",
    { ...tint, space: { ...tint.space, strength: { kind: "m", range: [0, 1], scale: "log", default: 1, off: 0 } } },
    /logarithmic/,
  ],
  [
    "7.",
    "divides by zero at one end",
    also((batch, _, { strength }) => ({ ...batch, images: tf.div(batch.images, 1 - strength) })),
    /at {"strength":1,"rate":1}, images/,
  ],
  ["7.", "costs nothing", { ...tint, cost: () => 0 }, /it costs 0/],
  [
    "8.",
    "climbs",
    breaking(() => ({
      optimizer: (inner) => (evaluate, weights, step) => {
        const { loss, by } = inner(evaluate, weights, step);
        return { loss, by: Object.fromEntries(Object.entries(by).map(([name, move]) => [name, tf.neg(move)])) };
      },
    })),
    /after 30 steps/,
  ],
  [
    "9.",
    "forgets what came before",
    also((batch) => ({ ...batch, images: tf.mul(tf.onesLike(batch.images), 128) })),
    /in the slot space is lost/,
  ],
  [
    "9.",
    "puts a loss of its own in place of the one it is given",
    {
      ...tint,
      order: { slot: "objective" },
      create: () => ({ loss: () => (seen) => tf.sum(tf.square(seen.outputs), 1) }),
    },
    /in the slot objective is lost/,
  ],
  [
    "10.",
    "uses Math.random",
    breaking(() => ({ draw: (_, { n }) => ({ by: new Float32Array(n).fill(Math.random()) }) })),
    /Math\.random/,
  ],
  [
    "10.",
    "uses a seeded tf.randomUniform",
    also((batch) => shift(batch, tf.randomUniform([1], 0, 1, "float32", 7))),
    /tf\.randomUniform/,
  ],
  [
    "11.",
    "bakes a constant in",
    breaking((params, sound) => {
      const count = counter();
      return { batch: (batch, step) => shift(sound.batch(batch, step), tf.scalar(count())) };
    }),
    /what changes from step to step must be fed/,
  ],
  [
    "11.",
    "cuts where a number of the host says",
    breaking((_, sound) => {
      const count = counter();
      return { batch: (batch, step) => shift(sound.batch(batch, step), tf.slice(tf.range(0, 9), 1 + count(), 1)) };
    }),
    /Slice/,
  ],
  [
    "11.",
    "reads on the host",
    also((batch) => shift(batch, tf.scalar(batch.images.dataSync()[0]! / 255))),
    /reads tensors on the host/,
  ],
];

const training = (train: NonNullable<Hooks["train"]>): Technique<P> => ({
  ...tint,
  order: { slot: "teach" },
  create: () => ({ train }),
});
/** Two trainings, the second from where the first has come. */
async function taught(run: Run, next: Train, hooks: Hooks): Promise<Trained> {
  const [images, rest] = shareImages(run.plan, [0.5, 0.5]) as [number, number];
  const first = await next({ name: "first", plan: { images }, hooks });
  first.model.dispose();
  return next({ name: "second", plan: { images: rest }, from: first.snapshot!, stream: 2, hooks });
}
/** A loss that grows with a number of the host. */
const growing = (count: () => number): Hooks => ({
  loss: (inner) => (seen, batch, step) => tf.mul(inner(seen, batch, step), 1 + count()),
});
const BROKEN_TRAININGS: readonly (readonly [string, string, NonNullable<Hooks["train"]>, RegExp])[] = [
  [
    "10.",
    "uses Math.random",
    (run, next) => taught({ ...run, plan: { ...run.plan, images: run.plan.images * Math.random() } }, next, {}),
    /Math\.random/,
  ],
  ["13.", "bakes a number in", (run, next) => taught(run, next, growing(counter())), /recorded, the trained model/],
  [
    "13.",
    "reads on the host",
    (run, next) => taught(run, next, { batch: (batch) => (batch.images.dataSync(), batch) }),
    /cannot be recorded/,
  ],
  ["14.", "counts what it has done", (run, next) => taught(run, next, growing(counter())), /resumed, the trained/],
  [
    "14.",
    "tidies up after success alone",
    async (run, next) => {
      const kept = tf.keep(tf.scalar(1));
      const trained = await taught(run, next, {});
      kept.dispose();
      return trained;
    },
    /leaves tensors behind/,
  ],
  [
    "14.",
    "leaves the first model when the second fails",
    async (run, next) => {
      const images = run.plan.images / 2;
      const first = await next({ name: "first", plan: { images } });
      const second = await next({ name: "second", plan: { images } });
      first.model.dispose();
      return second;
    },
    /at step \d+ of 12, it leaves tensors behind/,
  ],
  [
    "15.",
    "labels without end beside a whole training",
    async (run, next) => {
      const trained = await next({ name: "whole" });
      for (const name of ["a", "b", "c"])
        await run.table(name, trained.model, run.data.unlabeled!, ({ outputs }) => ({ outputs }));
      return trained;
    },
    /saw 96\.0 images, and the plan and a batch are 78/,
  ],
];

describe("a broken technique", () => {
  it.each(BROKEN)("fails law %s when it %s", async (law, _, technique, says) => {
    expect(await verdict(lawsOf(technique), law)).toMatch(says);
  });

  it("that acts on whole trainings is judged on them", async () => {
    let seed = 0;
    const teach = (keeps: boolean, plan: (images: number) => number): Technique<P> => ({
      ...tint,
      order: { slot: "teach" },
      create: () => ({
        train: async (run, next) => {
          if (keeps) tf.keep(tf.scalar(1));
          return next({ name: "only", plan: { images: plan(run.plan.images), rates: { default: 0.01 * ++seed } } });
        },
      }),
    });
    const half = (images: number): number => images / 2;
    expect(await verdict(lawsOf(teach(false, half)), "2.")).toMatch(/two trained models/);
    expect(await verdict(lawsOf(teach(true, half)), "3.")).toMatch(/left after a training/);
    expect(await verdict(lawsOf(teach(false, (images) => 3 * images)), "7.")).toMatch(/REG_PLAN_EXCEEDED/);
  });

  it.each(BROKEN_TRAININGS)("fails law %s when its trainings are of one that %s", async (law, _, train, says) => {
    expect(await verdict(lawsOf(training(train)), law)).toMatch(says);
  });
});

describe("a sound technique of whole trainings", () =>
  techniqueLaws(
    training((run, next) => taught(run, next, {})),
    { describe, it },
  ));
