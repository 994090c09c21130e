import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { IGNORED, ORIGIN, batchOf, createRegimen, createRng, type Samples, type Technique } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import segmenter from "@regimen/scaffold-segmenter";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { applyPseudoMasks, noisyStudent, pseudoMasks } from "../src/index.ts";

beforeAll(() => wasm.load());

/** Of 1×2 pixels; logits (0, x): class 1 by the sigmoid of the pixel. */
const teacher = {
  forward: (images: Tensor4D) => ({
    features: tf.zeros([1, 1]) as tf.Tensor2D,
    outputs: tf.concat([tf.zerosLike(images), images], 3),
    maps: [],
  }),
};

describe("pseudoMasks", () => {
  it("are the classes of which the teacher is sure, by its softmax", () => {
    // Two classes, logit x against 0: sure of 0.9 from |x| = ln 9 = 2.197 on.
    const logits = tf.tensor4d([0, 2.3, 0, 2.1, 0, -2.3, 0, -0.1], [1, 2, 2, 2]);
    expect([...pseudoMasks(logits, 0.9).dataSync()]).toEqual([1, IGNORED, 0, IGNORED]);
    expect([...pseudoMasks(logits, 0).dataSync()]).toEqual([1, 1, 0, 0]);
  });
});

describe("applyPseudoMasks", () => {
  it("gives unlabelled examples masks, shares, weight 1, and leaves the others as they were", () => {
    const batch = batchOf(
      {
        images: Float32Array.of(5, 5, 1, 1, 4, -4, 0.1, -3),
        labels: Float32Array.of(1, 0, 0.5, 0.5, NaN, NaN, NaN, NaN),
        weights: Float32Array.of(2, 3, 1, 1),
        origin: Float32Array.of(ORIGIN.labelled, ORIGIN.added, ORIGIN.unlabelled, ORIGIN.unlabelled),
        masks: Int32Array.of(0, 0, 0, 1, IGNORED, IGNORED, IGNORED, IGNORED),
      },
      { n: 4, h: 1, w: 2, c: 1, range: [0, 1], classes: 2 },
    );
    const after = applyPseudoMasks(batch, teacher, 3, 0.9);
    expect([...after.masks!.dataSync()]).toEqual([0, 0, 0, 1, 1, 0, IGNORED, 0]);
    expect(after.masks!.dtype).toBe("int32");
    expect([...after.labels.dataSync()]).toEqual([1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0]);
    expect([...after.weights.dataSync()]).toEqual([2, 3, 1, 1]);
    expect([...after.origin.dataSync()]).toEqual([ORIGIN.labelled, ORIGIN.added, ORIGIN.added, ORIGIN.added]);
  });
});

const SIDE = 6;
/** Bright squares on dark ground, under noise. */
function squares(name: string, length: number, masked = true): Samples {
  const rng = createRng(name);
  const at = Array.from({ length }, () => [rng.int(4), rng.int(4)] as const);
  const inside = (row: number, pixel: number): number => {
    const [y, x] = [Math.floor(pixel / SIDE) - at[row]![0], (pixel % SIDE) - at[row]![1]];
    return Number(y >= 0 && y < 3 && x >= 0 && x < 3);
  };
  const of = <T>(rows: ArrayLike<number>, value: (row: number, pixel: number) => T): T[] =>
    Array.from(rows).flatMap((row) => Array.from({ length: SIDE * SIDE }, (_, pixel) => value(row, pixel)));
  return {
    name,
    length,
    format: { h: SIDE, w: SIDE, c: 1, range: [0, 255] },
    classes: ["ground", "square"],
    skipped: [],
    labels: () => (masked ? Float32Array.from({ length: 2 * length }, (_, i) => (i % 2 ? 0.25 : 0.75)) : undefined),
    id: (row) => `${name} ${row}`,
    read: async (rows) => ({
      images: Uint8Array.from(of(rows, (row, pixel) => 60 + 120 * inside(row, pixel) + ((31 * pixel + 7 * row) % 50))),
      ...(masked && { masks: Int32Array.from(of(rows, inside)) }),
    }),
    dispose: () => undefined,
  };
}

describe.each(["offline", "on-the-fly", "one-shot"])("the recipe %s, with masks", (recipe) => {
  it("learns from pixels that nobody labelled", async () => {
    const known: number[] = [];
    const spy: Technique = {
      name: "spy",
      version: "1.0.0",
      group: "test",
      paper: "none",
      space: {},
      order: { slot: "label" },
      create: () => ({
        batch: (batch) => {
          const masks = batch.masks!.arraySync();
          [...batch.origin.dataSync()].forEach((from, row) => {
            if (from === ORIGIN.added) known.push(masks[row]!.flat().filter((pixel) => pixel !== IGNORED).length);
          });
          return batch;
        },
      }),
    };
    const tools = {
      name: "tools",
      version: "1.0.0",
      register: (into: { technique(t: Technique): void }) => into.technique(spy),
    };
    const regimen = await createRegimen({ plugins: [segmenter, plugin, tools as never], backend: "current" });
    const conv = (filters: number, more: object) =>
      tfl.layers.conv2d({ filters, kernelSize: 3, padding: "same", ...more });
    const model = tfl.sequential({
      layers: [conv(4, { activation: "relu", inputShape: [SIDE, SIDE, 1] }), conv(2, { activation: "softmax" })],
    });
    const before = tf.memory().numTensors;
    const { validation, model: made } = await regimen.fit({
      model,
      data: { train: squares("train", 12), validation: squares("held", 12), unlabeled: squares("more", 24, false) },
      task: "semantic_segmentation",
      training: { epochs: 30, batchSize: 12, learningRate: 0.02, optimizer: "adam" },
      policy: {
        steps: [
          { use: noisyStudent.name, with: { recipe, threshold: 0.7 } },
          { use: "spy", with: {} },
        ],
      },
      seed: 2,
    });
    expect(known.length).toBeGreaterThan(20);
    // Many pixels, and not all.
    const share = known.reduce((a, b) => a + b, 0) / known.length / SIDE ** 2;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(1);
    expect(validation!.error).toBeLessThan(0.35);
    made.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
    await regimen.dispose();
  });
});
