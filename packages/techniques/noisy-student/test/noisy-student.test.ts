import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import {
  ORIGIN,
  batchOf,
  createRegimen,
  createRng,
  type Params,
  type Plugin,
  type Samples,
  type Shape,
  type Technique,
  type Weight,
} from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import classifier from "@regimen/scaffold-classifier";
import { madeUpSamples } from "@regimen/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { applyPseudoLabels, noisyStudent } from "../src/index.ts";

beforeAll(() => wasm.load());

describe("applyPseudoLabels", () => {
  const shape: Shape = { n: 4, h: 1, w: 1, c: 1, range: [0, 1], classes: 2 };
  /** Logits (0, x): the answer is a plain sigmoid of the pixel. */
  const teacher = {
    forward: (images: Tensor4D) => {
      const x = tf.reshape(images, [-1, 1]);
      return { features: x as tf.Tensor2D, outputs: tf.concat([tf.zerosLike(x), x], 1), maps: [] };
    },
  };
  const label = (among: number, hard: boolean) =>
    tf.tidy(() => {
      const batch = batchOf(
        {
          images: Float32Array.of(5, 1, 2, -3),
          labels: Float32Array.of(1, 0, 0.25, 0.75, NaN, NaN, NaN, NaN),
          weights: Float32Array.of(2, 3, 1, 1),
          origin: Float32Array.of(ORIGIN.labelled, ORIGIN.added, ORIGIN.unlabelled, ORIGIN.unlabelled),
        },
        shape,
      );
      const after = applyPseudoLabels(batch, teacher, among, hard);
      expect(after.images).toBe(batch.images);
      return {
        labels: [...after.labels.dataSync()],
        weights: [...after.weights.dataSync()],
        origin: [...after.origin.dataSync()],
      };
    });
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

  it("gives unlabelled examples the teacher's distribution, weight 1, and leaves the others as they were", () => {
    // One of the last three came with a label.
    const { labels, weights, origin } = label(3, false);
    const expected = [1, 0, 0.25, 0.75, sigmoid(-2), sigmoid(2), sigmoid(3), sigmoid(-3)];
    labels.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
    expect(weights).toEqual([2, 3, 1, 1]);
    expect(origin).toEqual([ORIGIN.labelled, ORIGIN.added, ORIGIN.added, ORIGIN.added]);
  });

  it("gives one class where labels are to be hard", () => {
    expect(label(2, true).labels.slice(4)).toEqual([0, 1, 1, 0]);
  });
});

const CLASSES = 3;
/** Images of one pixel each for every class, under noise; every fourth is unlike its class. */
function samples(name: string, length: number, labelled = true): Samples {
  const rng = createRng(name);
  const images = Float32Array.from({ length: length * 16 }, (_, at) => {
    const row = Math.floor(at / 16);
    return 80 * (row % CLASSES) + 60 * rng.uniform();
  });
  const labels = new Float32Array(length * CLASSES);
  for (let row = 0; row < length; row++) labels[row * CLASSES + (row % CLASSES)] = 1;
  const format = { h: 4, w: 4, c: 1, range: [0, 255] } as const;
  return madeUpSamples({
    name,
    format,
    classes: ["dark", "grey", "bright"],
    images,
    ...(labelled && { labels }),
  });
}

type Seen = { added: number; labels: number[]; rates: number[]; width: number; first?: number[]; last?: number[] };
const valuesOf = (weights: readonly Weight[]): number[] => weights.flatMap(({ variable }) => [...variable.dataSync()]);
/** Says of each training what it did; the one of number `spoiled` climbs where it should descend. */
const spy = (log: Seen[], spoiled?: number): Technique => ({
  name: "spy",
  version: "1.0.0",
  group: "test",
  paper: "none",
  space: {},
  order: { slot: "label" },
  create: () => ({
    sample: (inner) => {
      log.push({ added: 0, labels: [], rates: [], width: 0 });
      return inner;
    },
    batch: (batch) => {
      const seen = log.at(-1)!;
      const labels = batch.labels.arraySync();
      [...batch.origin.dataSync()].forEach((from, row) => {
        if (from !== ORIGIN.added) return;
        seen.added++;
        seen.labels.push(Math.max(...labels[row]!));
      });
      return batch;
    },
    optimizer: (inner) => (evaluate, weights, step) => {
      const seen = log.at(-1)!;
      seen.first ??= valuesOf(weights);
      seen.width = weights.find(({ name }) => name.startsWith("hidden"))!.variable.shape[1]!;
      seen.rates.push(step.rate().dataSync()[0]!);
      const direction = inner(evaluate, weights, step);
      if (log.length - 1 !== spoiled) return direction;
      const by = Object.entries(direction.by).map(([name, move]) => [name, tf.mul(-20, move)] as const);
      return { ...direction, by: Object.fromEntries(by) };
    },
    average: (weights) => {
      log.at(-1)!.last = valuesOf(weights);
      return {};
    },
  }),
});

const build = (width: number): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [4, 4, 1], name: "flat" }),
      tfl.layers.dense({
        units: 4 * width,
        activation: "relu",
        name: "hidden",
        kernelInitializer: tfl.initializers.heNormal({ seed: 3 }),
      }),
      tfl.layers.dense({
        units: CLASSES,
        activation: "softmax",
        name: "head",
        kernelInitializer: tfl.initializers.heNormal({ seed: 4 }),
      }),
    ],
  });

const IMAGES = 240;
async function fit(params: Params, spoiled?: number) {
  const seen: Seen[] = [];
  const tools: Plugin = {
    name: "tools",
    version: "1.0.0",
    register: (into) => {
      into.technique(spy(seen, spoiled));
      into.architecture({
        name: "dense",
        about: "two layers",
        widens: true,
        build: ({ with: { width = 1 } }) => build(Number(width)),
      });
    },
  };
  const regimen = await createRegimen({ plugins: [classifier, plugin, tools], backend: "current" });
  const before = tf.memory().numTensors;
  const result = await regimen.fit({
    model: { architecture: "dense" },
    data: {
      train: samples("train", 24),
      validation: samples("validation", 12),
      unlabeled: samples("unlabeled", 60, false),
    },
    training: { epochs: 10, batchSize: 12, learningRate: 0.05, optimizer: "sgd" },
    policy: {
      steps: [
        { use: noisyStudent.name, with: params },
        { use: "spy", with: {} },
      ],
    },
    seed: 3,
  });
  const weights = result.model.getWeights().flatMap((weight) => [...weight.dataSync()]);
  result.model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  await regimen.dispose();
  return { ...result, seen, weights };
}

describe("the technique", () => {
  it("is registered", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-noisy-student"]);
  });

  it("pays teacher, labels and student from one plan", async () => {
    const { cost, seen } = await fit({ ratio: 2 });
    // A student of 120 images would see 80 of the 60 unlabelled ones: all are labelled, at a third of an image each.
    const each = (IMAGES - 60 / 3) / 2;
    expect(seen.map(({ rates }) => rates.length)).toEqual([Math.round(each / 12), Math.round(each / 12)]);
    expect(cost.trained).toBe(24 * Math.round(each / 12));
    // Validation aside (12 images after each epoch and training).
    expect(cost.inferred % 12).toBe(0);
    expect(seen.map(({ added }) => added)).toEqual([0, 8 * Math.round(each / 12)]);
  });

  it("labels no more than its student will see", async () => {
    const { cost, seen } = await fit({ ratio: 0.5, iterations: 2 });
    // 80 images a training, a third of them unlabelled: 27 labels; twice.
    const each = (IMAGES - (2 * 27) / 3) / 3;
    expect(cost.trained).toBe(3 * 12 * Math.round(each / 12));
    expect(seen.map(({ added }) => added)).toEqual([0, 4 * Math.round(each / 12), 4 * Math.round(each / 12)]);
  });

  it("has soft labels unless they are to be hard", async () => {
    const [soft, hard] = [await fit({}), await fit({ hard: true })];
    expect(soft.seen[1]!.labels.some((label) => label < 0.999)).toBe(true);
    expect(hard.seen[1]!.labels.every((label) => label === 1)).toBe(true);
  });

  it("labels within the step where it is told to, and counts the teacher's pass", async () => {
    const { cost, seen } = await fit({ recipe: "on-the-fly", ratio: 2 });
    // Two thirds of each batch go forward once more, at a third of an image.
    expect(seen.map(({ rates }) => rates.length)).toEqual([10, Math.round(10 / (1 + 2 / 9))]);
    expect(seen[1]!.added).toBe(8 * seen[1]!.rates.length);
    expect(seen[1]!.labels.every((label) => label >= 1 / 3 && label < 1)).toBe(true);
    expect(cost.trained).toBeCloseTo(120 + 12 * (1 + 2 / 9) * seen[1]!.rates.length, 6);
  });

  it("is one training in its one-shot recipe: the second half goes on where the first ended, schedule and all", async () => {
    const { seen } = await fit({ recipe: "one-shot" });
    const [teacher, student] = seen as [Seen, Seen];
    // 60 labels cost 20 images of 240.
    expect([teacher.rates.length, student.rates.length]).toEqual([9, 9]);
    expect(student.first).toEqual(teacher.last);
    expect(teacher.added).toBe(0);
    expect(student.added).toBe(8 * 9);
    // One-cycle: up in the first half, down in the second.
    expect(student.rates[0]).toBeGreaterThan(teacher.rates[0]!);
    expect(student.rates[8]).toBeLessThan(student.rates[0]! / 5);
  });

  it("has a student as wide as asked, which pays for its width", async () => {
    const { seen, cost } = await fit({ width: 2, recipe: "on-the-fly", start: "teacher" });
    expect(seen.map(({ width }) => width)).toEqual([4, 8]);
    expect(seen[1]!.rates.length).toBe(Math.round(10 / (4 + 2 / 9)));
    expect(cost.trained).toBeCloseTo(120 + 12 * (4 + 2 / 9) * seen[1]!.rates.length, 6);
  });

  it("begins a student from its teacher's weights or from new ones, with a schedule of its own", async () => {
    for (const start of ["teacher", "fresh"]) {
      const [teacher, student] = (await fit({ start })).seen as [Seen, Seen];
      expect(student.first).toEqual(start === "teacher" ? teacher.last : teacher.first);
      expect(student.rates).toEqual(teacher.rates);
    }
  });

  it("hands on the last student, or an earlier model where that is the better", async () => {
    const [well, spoiled] = [await fit({}), await fit({}, 1)];
    expect(well.weights).toEqual(well.seen[1]!.last);
    expect(spoiled.weights).toEqual(spoiled.seen[0]!.last);
  });
});
