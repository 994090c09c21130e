import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { ORIGIN, createRng, type Batch, type Shape, type Step } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, {
  applyLabelSmoothing,
  applyLabelSmoothingMultilabel,
  drawLabelSmoothing,
  labelSmoothing,
  labelSmoothingMultilabel,
} from "../src/index.ts";

const shape: Shape = { n: 4, h: 1, w: 1, c: 1, range: [0, 1], classes: 4 };
const { labelled, unlabelled, added } = ORIGIN;

function batchOf(labels: number[][], origin: number[]): Batch {
  return {
    shape,
    images: tf.zeros([4, 1, 1, 1]) as Tensor4D,
    labels: tf.tensor2d(labels),
    weights: tf.tensor1d([1, 1, 0, 1]),
    origin: tf.tensor1d(origin),
    warp: tf.zeros([4, 8]) as Tensor2D,
    colour: tf.zeros([4, 1, 2]) as Tensor3D,
    also: {},
  };
}
const fedOf = (epsilon: number): Step["fed"] => ({ epsilon: tf.tensor1d(drawLabelSmoothing(epsilon).epsilon) });
const near = (got: Tensor2D, want: number[][]) =>
  got.arraySync().forEach((row, i) => row.forEach((value, k) => expect(value).toBeCloseTo(want[i]![k]!, 6)));

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("applyLabelSmoothing", () => {
  const labels = [
    [1, 0, 0, 0],
    [0.3, 0.7, 0, 0], // mixed
    [0, 0, 0, 0], // no label
    [0, 0, 0.25, 0.75],
  ];
  const batch = () => batchOf(labels, [labelled, labelled, unlabelled, added]);

  it("gives the hand-worked rows of ε = 0.1 over four classes", () => {
    near(applyLabelSmoothing(batch(), fedOf(0.1)).labels, [
      [0.925, 0.025, 0.025, 0.025],
      [0.295, 0.655, 0.025, 0.025],
      [0, 0, 0, 0],
      [0.025, 0.025, 0.25, 0.7],
    ]);
  });

  it("is the mean of the label and the uniform distribution, so rows stay distributions", () => {
    for (const epsilon of [0.01, 0.3]) {
      const got = applyLabelSmoothing(batch(), fedOf(epsilon)).labels;
      const uniform = [0.25, 0.25, 0.25, 0.25];
      const want = labels.map((row, i) => (i === 2 ? row : row.map((y, k) => y + epsilon * (uniform[k]! - y))));
      near(got, want);
      got.arraySync().forEach((row, i) => expect(row.reduce((a, b) => a + b)).toBeCloseTo(i === 2 ? 0 : 1, 6));
    }
  });

  it("changes nothing at ε = 0, to the bit, and only the labels otherwise", () => {
    const before = batch();
    expect(applyLabelSmoothing(before, fedOf(0)).labels.dataSync()).toEqual(before.labels.dataSync());
    const { labels: _, ...rest } = applyLabelSmoothing(before, fedOf(0.1));
    for (const [key, value] of Object.entries(rest)) expect(value).toBe(before[key as keyof Batch]);
  });
});

describe("applyLabelSmoothingMultilabel", () => {
  const labels = [
    [1, 0, 1, 0],
    [0, 0, 0, 0], // none of the classes
    [0, 0, 0, 0], // no label
    [0, 0.5, 0, 0], // no label of its own, half of a partner's
  ];
  const batch = () => batchOf(labels, [labelled, added, unlabelled, unlabelled]);

  it("gives the hand-worked rows of ε = 0.1: each class is a yes or a no", () => {
    near(applyLabelSmoothingMultilabel(batch(), fedOf(0.1)).labels, [
      [0.95, 0.05, 0.95, 0.05],
      [0.05, 0.05, 0.05, 0.05],
      [0, 0, 0, 0],
      [0.05, 0.5, 0.05, 0.05],
    ]);
  });

  it("changes nothing at ε = 0, to the bit", () => {
    const before = batch();
    expect(applyLabelSmoothingMultilabel(before, fedOf(0)).labels.dataSync()).toEqual(before.labels.dataSync());
  });
});

describe("the techniques", () => {
  it("are registered, share no task, and their hooks are the functions", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-label-smoothing", "@regimen/technique-label-smoothing/multilabel"]);
    expect(labelSmoothing.tasks!.filter((task) => labelSmoothingMultilabel.tasks!.includes(task))).toEqual([]);
    const step = { fed: fedOf(0.2) } as unknown as Step;
    const batch = batchOf(
      [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1],
        [0, 1, 1, 0],
      ],
      [1, 1, 1, 1],
    );
    for (const [technique, apply] of [
      [labelSmoothing, applyLabelSmoothing],
      [labelSmoothingMultilabel, applyLabelSmoothingMultilabel],
    ] as const) {
      const hooks = technique.create({ epsilon: 0.2 });
      expect(hooks.draw!(createRng(1), shape)).toEqual({ epsilon: Float32Array.of(0.2) });
      expect(hooks.batch!(batch, step).labels.dataSync()).toEqual(apply(batch, step.fed).labels.dataSync());
    }
  });
});
