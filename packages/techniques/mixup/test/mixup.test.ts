import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { createRng, type Batch, type Shape, type Step } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyMixup, drawMixup, mixup } from "../src/index.ts";

const shape: Shape = { n: 4, h: 3, w: 2, c: 2, range: [0, 255], classes: 3 };
const [N, PIXELS, K, BOXES] = [4, 12, 3, 3];

/** Plain arrays, so that the transcriptions below can read them. */
const images = Array.from({ length: N }, (_, i) =>
  Array.from({ length: PIXELS }, (_, p) => ((i * 53 + p * 31) % 256) - 0.5),
);
const labels = [
  [1, 0, 0],
  [0, 0.25, 0.75],
  [0, 0, 0], // no label
  [0, 1, 0],
];
const weights = [1, 2, 0, 1];
const masks = Array.from({ length: N }, (_, i) => [i, i + 1, i, 0, 2 * i, 1]);
const boxWeights = [
  [1, 1, 0],
  [0, 0, 0],
  [1, 0, 0],
  [0.5, 1, 1],
];
const boxAt = Array.from({ length: N }, (_, i) =>
  Array.from({ length: BOXES }, (_, b) => [i / 4, b / 4, i / 4 + 1, b / 4 + 1]),
);
const boxLabels = Array.from({ length: N }, (_, i) =>
  Array.from({ length: BOXES }, (_, b) => [+(i === b), 0, +(i !== b)]),
);
const lambda = [0.75, 0.3, 0.5, 1];
const partner = [2, 3, 1, 0];

function batchOf(): Batch {
  return {
    shape,
    images: tf.tensor4d(images.flat(), [N, 3, 2, 2]),
    labels: tf.tensor2d(labels),
    weights: tf.tensor1d(weights),
    origin: tf.tensor1d([1, 1, 0, 2]),
    masks: tf.tensor3d(masks.flat(), [N, 3, 2], "int32"),
    boxes: {
      at: tf.tensor3d(boxAt.flat(2), [N, BOXES, 4]),
      labels: tf.tensor3d(boxLabels.flat(2), [N, BOXES, K]),
      weights: tf.tensor2d(boxWeights),
    },
    warp: tf.zeros<tf.Rank.R2>([N, 8]) as Tensor2D,
    colour: tf.zeros<tf.Rank.R3>([N, 2, 3]) as Tensor3D,
    also: {},
  };
}
const fedOf = (draw: { lambda: ArrayLike<number>; partner: ArrayLike<number> }): Step["fed"] => ({
  lambda: tf.tensor1d(Float32Array.from(draw.lambda)),
  partner: tf.tensor1d(Int32Array.from(draw.partner), "int32"),
});
const rows = (tensor: tf.Tensor): number[][] => tf.reshape(tensor, [tensor.shape[0]!, -1]).arraySync() as number[][];
const near = (got: number[], want: number[]) => {
  expect(got.length).toBe(want.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 4));
};

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("drawMixup", () => {
  const draws = (alpha: number, n = 20_000) => [...drawMixup(createRng(3), { n }, alpha).lambda];
  const moments = (x: number[]) => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    return [mean, x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length] as const;
  };

  it.each([0.01, 0.2, 1])("has the mean ½ and the variance 1 / (4 (2α + 1)) of Beta(α, α), α = %s", (alpha) => {
    const [mean, variance] = moments(draws(alpha));
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.015);
    expect(Math.abs(variance / (1 / (4 * (2 * alpha + 1))) - 1)).toBeLessThan(0.03);
  });

  it("is uniform at α = 1, by its deciles", () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const value of draws(1)) counts[Math.min(9, Math.floor(value * 10))]!++;
    const chi2 = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chi2).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001
  });

  it("pairs by a permutation, every partner equally likely", () => {
    const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
    const rng = createRng(11);
    for (let k = 0; k < 5000; k++) {
      const { partner } = drawMixup(rng, { n: 5 }, 0.2);
      expect([...partner].sort()).toEqual([0, 1, 2, 3, 4]);
      partner.forEach((j, i) => counts[i]![j]!++);
    }
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(130); // 4.6 standard deviations
  });

  it("draws λ = 1 at α = 0, and numbers within [0, 1] at the smallest α", () => {
    expect(draws(0, 5)).toEqual([1, 1, 1, 1, 1]);
    for (const value of draws(1e-6, 200)) expect(value >= 0 && value <= 1).toBe(true);
  });
});

describe("applyMixup", () => {
  it("is x̃ = λxᵢ + (1 − λ)xⱼ for images, with the dominant's mask, int32", () => {
    const out = applyMixup(batchOf(), fedOf({ lambda, partner }));
    images.forEach((own, i) => {
      const theirs = images[partner[i]!]!;
      near(
        rows(out.images)[i]!,
        own.map((x, p) => lambda[i]! * x + (1 - lambda[i]!) * theirs[p]!),
      );
    });
    expect(out.masks!.dtype).toBe("int32");
    expect(rows(out.masks!)).toEqual(masks.map((own, i) => (lambda[i]! >= 0.5 ? own : masks[partner[i]!]!)));
  });

  it("gives every label the weighted loss that the mix of the two losses would have", () => {
    const out = applyMixup(batchOf(), fedOf({ lambda, partner }));
    const logProbabilities = [-0.3, -1.7, -2.2];
    const loss = (label: number[], weight: number) =>
      -weight * label.reduce((sum, y, k) => sum + y * logProbabilities[k]!, 0);
    const mixed = rows(out.labels);
    const [w] = tf.reshape(out.weights, [1, -1]).arraySync() as number[][];
    labels.forEach((own, i) => {
      const j = partner[i]!;
      const want = lambda[i]! * loss(own, weights[i]!) + (1 - lambda[i]!) * loss(labels[j]!, weights[j]!);
      expect(loss(mixed[i]!, w![i]!)).toBeCloseTo(want, 5);
    });
    near(mixed[0]!, [1, 0, 0]); // its partner has no label: the label stays, the weight shrinks
    expect(w![0]).toBeCloseTo(0.75, 6);
    near(mixed[2]!, [0, 0.25, 0.75]); // without a label of its own, it takes the partner's, at half the partner's weight of 2
    expect(w![2]).toBeCloseTo(1, 6);
  });

  it("with equal weights, is ỹ = λyᵢ + (1 − λ)yⱼ, and labels stay distributions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: N, maxLength: N }),
        fc.integer({ min: 0, max: 999 }),
        (shares, seed) =>
          tf.tidy(() => {
            const pairs = createRng(seed).permutation(N);
            const y = [
              [1, 0, 0],
              [0, 0.25, 0.75],
              [0, 0, 1],
              [0, 1, 0],
            ];
            const batch = { ...batchOf(), labels: tf.tensor2d(y), weights: tf.ones([N]) as tf.Tensor1D };
            const out = applyMixup(batch, fedOf({ lambda: shares, partner: pairs }));
            rows(out.labels).forEach((row, i) => {
              near(
                row,
                y[i]!.map((own, k) => shares[i]! * own + (1 - shares[i]!) * y[pairs[i]!]![k]!),
              );
              expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
            });
          }),
      ),
      { numRuns: 30 },
    );
  });

  it("joins the boxes of both within the capacity, the heaviest first, and leaves those of λ = 1 as they were", () => {
    const { boxes } = applyMixup(batchOf(), fedOf({ lambda, partner }));
    const at = boxes!.at.arraySync();
    const kept = boxes!.weights.arraySync();
    const classes = boxes!.labels.arraySync();
    boxWeights.forEach((own, i) => {
      const j = partner[i]!;
      const all = [
        ...own.map((weight, b) => ({ weight: weight * lambda[i]!, at: boxAt[i]![b]!, label: boxLabels[i]![b]! })),
        ...boxWeights[j]!.map((weight, b) => ({
          weight: weight * (1 - lambda[i]!),
          at: boxAt[j]![b]!,
          label: boxLabels[j]![b]!,
        })),
      ];
      const want = all
        .map((box, order) => ({ ...box, order }))
        .sort((a, b) => b.weight - a.weight || a.order - b.order)
        .slice(0, BOXES)
        .sort((a, b) => a.order - b.order);
      near(
        kept[i]!,
        want.map((box) => box.weight),
      );
      expect(at[i]).toEqual(want.map((box) => box.at));
      expect(classes[i]).toEqual(want.map((box) => box.label));
    });
    expect(at[0]!.slice(0, 2)).toEqual(boxAt[0]!.slice(0, 2));
    expect([at[3], kept[3]]).toEqual([boxAt[3], boxWeights[3]]);
  });

  it("leaves a batch as it was at λ = 1, to the bit, whatever the partner holds", () => {
    const odd = tf.tensor4d([-0, Infinity, ...images.flat().slice(2)], [N, 3, 2, 2]) as Tensor4D;
    const before = { ...batchOf(), images: odd };
    const after = applyMixup(before, fedOf(drawMixup(createRng(1), { n: N }, 0)));
    for (const key of ["images", "labels", "weights", "masks"] as const) {
      expect(after[key]!.dtype).toBe(before[key]!.dtype);
      expect(after[key]!.dataSync()).toEqual(before[key]!.dataSync());
    }
    for (const key of ["at", "labels", "weights"] as const)
      expect(after.boxes![key].dataSync()).toEqual(before.boxes![key].dataSync());
  });

  it("hands the origin and the pending maps on untouched", () => {
    const before = batchOf();
    const after = applyMixup(before, fedOf({ lambda, partner }));
    for (const key of ["origin", "warp", "colour", "also"] as const) expect(after[key]).toBe(before[key]);
  });
});

describe("the technique", () => {
  it("is registered, and its hooks are the two functions", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-mixup"]);
    const hooks = mixup.create({ alpha: 0.2, rr: 1 });
    expect(hooks.draw!(createRng(5), shape)).toEqual(drawMixup(createRng(5), shape, 0.2));
    const step = { fed: fedOf({ lambda, partner }) } as unknown as Step;
    expect(rows(hooks.batch!(batchOf(), step).images)).toEqual(rows(applyMixup(batchOf(), step.fed).images));
  });
});
