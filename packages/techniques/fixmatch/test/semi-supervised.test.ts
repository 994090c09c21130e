import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import {
  ORIGIN,
  StageState,
  batchOf,
  createRng,
  createStep,
  type Forward,
  type Objective,
  type Shape,
  type Step,
} from "@regimen/core";
import { softmaxCrossEntropy } from "@regimen/ops";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { applyLoss, applyViews, drawViews, rampUp, viewsWithout, type How } from "../src/index.ts";

beforeAll(() => wasm.load());
let state: StageState;
beforeEach(() => {
  tf.engine().startScope();
  state = new StageState();
});
afterEach(() => {
  state.dispose();
  tf.engine().endScope();
});

const shape: Shape = { n: 7, h: 1, w: 1, c: 1, range: [0, 1], classes: 3 };
const [LABELLED, UNLABELLED] = [3, 4];
/** At strength 0 and on one pixel, both views are the image. */
const still = viewsWithout([], 0);
const pixels = [0.1, 0.2, 0.3, 1, -2, 3, 0.25];
const weights = [1, 2, 0.5];
/** What a network with its head in plain sight answers. */
const logitsOf = (x: number, k: number): number[] => [k * x, 1 - x, k - 2 * x * x];
const teacher = (images: Tensor4D): Tensor2D => tf.tensor2d([...images.dataSync()].map((x) => softmax(logitsOf(x, 2))));
const softmax = (row: readonly number[]): number[] => {
  const powers = row.map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
};
const crossEntropy = (labels: readonly number[], logits: readonly number[]): number =>
  softmax(logits).reduce((sum, p, k) => sum - labels[k]! * Math.log(p), 0);

const how = (more: Partial<How>): How => ({
  recipe: "fixmatch",
  tau: 0.8,
  weight: 1,
  among: UNLABELLED,
  shown: 0.5,
  begin: 0,
  ...more,
});
const raw = () =>
  batchOf(
    {
      images: Float32Array.from(pixels),
      labels: Float32Array.from([[1, 0, 0], [0, 0.4, 0.6], [0, 0, 1], ...Array(4).fill([NaN, NaN, NaN])].flat()),
      weights: Float32Array.of(...weights, 1, 1, 1, 1),
      origin: Float32Array.from([1, 1, 1, 0, 0, 0, 0]),
    },
    shape,
  );
const own = "own";
function stepAt(progress = 0.5): Step {
  const draws = { [own]: drawViews(still, createRng(1), { ...shape, n: UNLABELLED }) };
  return createStep({ index: 0, progress, rates: { default: 1 }, seed: createRng(1).seed(), draws }, state).of(own);
}
const inner: Objective = (seen, batch) => softmaxCrossEntropy(batch.labels, seen.outputs as Tensor2D) as Tensor1D;
/** The student's logits: another network. */
const studentLogits = pixels.map((x) => logitsOf(x, -1));

function lossOf(more: Partial<How>, progress?: number): number {
  const step = stepAt(progress);
  const batch = applyViews(raw(), step, how(more), still, teacher);
  const seen = { outputs: tf.tensor2d(studentLogits) } as unknown as Forward;
  return applyLoss(inner, how(more).recipe)(seen, batch, step).dataSync()[0]!;
}
const labelledLoss = (): number => {
  const labels = [
    [1, 0, 0],
    [0, 0.4, 0.6],
    [0, 0, 1],
  ];
  const sum = labels.reduce((all, row, at) => all + weights[at]! * crossEntropy(row, studentLogits[at]!), 0);
  return sum / weights.reduce((a, b) => a + b);
};
const answers = pixels.slice(LABELLED).map((x) => softmax(logitsOf(x, 2)));

describe("FixMatch's loss", () => {
  it.each([
    [0.8, 1],
    [0.5, 1],
    [0.5, 3],
    [0.999, 1],
    [0, 2],
  ])("at a threshold of %s and a weight of %s is equations 3 and 4, in a loop", (tau, weight) => {
    let sum = 0;
    answers.forEach((p, at) => {
      const confidence = Math.max(...p);
      if (confidence < tau) return;
      sum += crossEntropy(
        p.map((value) => Number(value === confidence)),
        studentLogits[LABELLED + at]!,
      );
    });
    // The mean is over all unlabelled examples, and not over those that are trusted.
    expect(lossOf({ tau, weight })).toBeCloseTo(labelledLoss() + (weight * sum) / UNLABELLED, 4);
  });

  it("trusts some of this example's answers and not others", () => {
    const sure = answers.map((p) => Math.max(...p)).filter((confidence) => confidence >= 0.8).length;
    expect(sure).toBeGreaterThan(0);
    expect(sure).toBeLessThan(UNLABELLED);
  });

  it("leaves a loss that is one number as it is, and all of a batch without unlabelled examples", () => {
    const step = stepAt();
    const one = tf.scalar(3);
    const seen = { outputs: tf.tensor2d(studentLogits) } as unknown as Forward;
    expect(applyLoss(() => one, "fixmatch")(seen, applyViews(raw(), step, how({}), still, teacher), step)).toBe(one);
    expect(applyLoss(inner, "fixmatch")(seen, raw(), step).shape).toEqual([7]);
  });
});

describe("FlexMatch's loss", () => {
  it("trusts by class, from what the batches before it were sure of", () => {
    const [tau, shown] = [0.8, 0.5];
    const shares = [0, 0, 0];
    for (let round = 0; round < 4; round++) {
      const unsure = 1 - shares.reduce((a, b) => a + b);
      const thresholds = shares.map((share) => {
        const status = share / Math.max(...shares, unsure);
        return tau * (status / (2 - status));
      });
      let sum = 0;
      const sure = [0, 0, 0];
      answers.forEach((p, at) => {
        const name = p.indexOf(Math.max(...p));
        if (p[name]! >= tau) sure[name]! += 1 / UNLABELLED;
        if (p[name]! < thresholds[name]!) return;
        sum += crossEntropy(
          p.map((_, k) => Number(k === name)),
          studentLogits[LABELLED + at]!,
        );
      });
      expect(lossOf({ recipe: "flexmatch", tau, shown })).toBeCloseTo(labelledLoss() + sum / UNLABELLED, 4);
      sure.forEach((share, k) => (shares[k]! += shown * (share - shares[k]!)));
    }
  });
});

describe("Mean Teacher's loss", () => {
  it("is the squared distance of the two distributions, for all, at a weight that rises", () => {
    const distances = answers.map((p, at) => {
      const q = softmax(studentLogits[LABELLED + at]!);
      return p.reduce((sum, value, k) => sum + (value - q[k]!) ** 2, 0);
    });
    const mean = distances.reduce((a, b) => a + b) / UNLABELLED;
    for (const [progress, ramp] of [
      [0, Math.exp(-5)],
      [1 / 6, Math.exp(-5 / 4)],
      [0.4, 1],
      [0.9, 1],
    ] as const)
      expect(lossOf({ recipe: "mean-teacher", weight: 2 }, progress)).toBeCloseTo(labelledLoss() + 2 * ramp * mean, 4);
  });

  it("rises from where the unlabelled images came in", () => {
    const at = (progress: number): number => rampUp(tf.scalar(progress), 0.4).dataSync()[0]!;
    expect(at(0.4)).toBeCloseTo(Math.exp(-5), 6);
    expect(at(0.5)).toBeCloseTo(Math.exp(-5 / 4), 5);
    expect(at(0.6)).toBe(1);
  });
});

describe("applyViews", () => {
  it("touches unlabelled examples alone, in images, labels and pending maps, and remembers the labelled ones' weights", () => {
    const views = viewsWithout([], 0.5);
    const big: Shape = { ...shape, h: 16, w: 16 };
    const rng = createRng(2);
    const batch = batchOf(
      {
        images: Float32Array.from({ length: 7 * 256 }, () => rng.uniform()),
        labels: Float32Array.from(
          [[1, 0, 0], [0, 0.4, 0.6], [0, 0, 1], [0, 1, 0], ...Array(3).fill([NaN, NaN, NaN])].flat(),
        ),
        weights: Float32Array.of(...weights, 0.7, 1, 1, 1),
        // Among the last four is one that another technique brought.
        origin: Float32Array.from([1, 1, 1, ORIGIN.added, 0, 0, 0]),
      },
      big,
    );
    const draws = { [own]: drawViews(views, createRng(3), { ...big, n: UNLABELLED }) };
    const step = createStep({ index: 0, progress: 0, rates: { default: 1 }, seed: createRng(1).seed(), draws }, state);
    const seen: Tensor4D[] = [];
    const after = applyViews(batch, step.of(own), how({}), views, (images) => {
      seen.push(images);
      return tf.tensor2d([...Array(4)].map((_, at) => (at % 2 ? [0.9, 0.05, 0.05] : [0.3, 0.3, 0.4])));
    });
    expect(seen[0]!.shape).toEqual([UNLABELLED, 16, 16, 1]);
    for (const key of ["images", "labels", "warp", "colour", "weights"] as const) {
      const [old, now] = [batch[key], after[key]];
      expect(now.shape).toEqual(old.shape);
      expect(tf.slice(now, 0, 4).dataSync()).toEqual(tf.slice(old, 0, 4).dataSync());
    }
    expect(tf.slice(after.labels, 4).arraySync()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
    // Labelled weights are 4.2 in sum; of four, each that is trusted counts a quarter.
    [4.2 / 4, 0, 4.2 / 4].forEach((weight, at) => expect(after.weights.dataSync()[4 + at]).toBeCloseTo(weight, 5));
    expect(tf.slice(after.images, 4).dataSync()).not.toEqual(tf.slice(batch.images, 4).dataSync());
    expect(tf.slice(after.warp, 4).dataSync()).not.toEqual(tf.slice(batch.warp, 4).dataSync());
  });
});
