import "@tensorflow/tfjs-backend-cpu";
import { IGNORED } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { meanIou, overlapsOf, segmentationLoss } from "../src/index.ts";
import { confusions, flat, truthOf } from "../src/pixels.ts";

beforeAll(() => tf.setBackend("cpu"));

/** The loss of one image, pixel by pixel and in float64. */
function slow(mask: readonly number[], logits: readonly (readonly number[])[]): number {
  const known = mask.flatMap((k, pixel) => (k < logits[0]!.length ? [{ k, pixel }] : []));
  if (!known.length) return 0;
  const p = logits.map((row) => {
    const top = Math.max(...row);
    const powers = row.map((z) => Math.exp(z - top));
    return powers.map((power) => power / powers.reduce((a, b) => a + b));
  });
  const entropy = known.reduce((sum, { k, pixel }) => sum - Math.log(p[pixel]![k]!), 0) / known.length;
  const present = [...new Set(known.map(({ k }) => k))];
  const dice = present.map((c) => {
    let [both, size, said] = [0, 0, 0];
    for (const { k, pixel } of known) {
      said += p[pixel]![c]!;
      if (k === c) [both, size] = [both + p[pixel]![c]!, size + 1];
    }
    return 1 - (2 * both + 1) / (said + size + 1);
  });
  return entropy + dice.reduce((a, b) => a + b) / dice.length;
}

const scenes = fc.record({
  mask: fc.array(fc.constantFrom(0, 1, 2, IGNORED), { minLength: 12, maxLength: 12 }),
  logits: fc.array(fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 }), {
    minLength: 12,
    maxLength: 12,
  }),
});

describe("the loss", () => {
  test("is what its definition says, pixel by pixel", () => {
    fc.assert(
      fc.property(fc.array(scenes, { minLength: 1, maxLength: 3 }), (images) => {
        const n = images.length;
        const found = tf.tidy(() => [
          ...segmentationLoss(
            tf.tensor3d(
              images.flatMap(({ mask }) => mask),
              [n, 3, 4],
              "int32",
            ),
            tf.tensor4d(
              images.flatMap(({ logits }) => logits.flat()),
              [n, 3, 4, 3],
            ),
          ).dataSync(),
        ]);
        images.forEach(({ mask, logits }, i) => expect(found[i]).toBeCloseTo(slow(mask, logits), 4));
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  test("has the gradient of finite differences, and none where nothing is known", () => {
    const mask = [0, 1, 1, IGNORED, 2, 0, 0, 2, 1, 1, IGNORED, 0];
    const at = Float32Array.from({ length: 36 }, (_, i) => Math.sin(i * 1.7));
    const loss = (logits: tf.Tensor, of = mask): tf.Scalar =>
      tf.sum(segmentationLoss(tf.tensor3d(of, [1, 3, 4], "int32"), logits as tf.Tensor4D));
    const gradient = tf
      .grad((logits: tf.Tensor) => loss(logits))(tf.tensor4d(at, [1, 3, 4, 3]))
      .dataSync();
    const rows = (values: Float32Array): number[][] =>
      Array.from({ length: 12 }, (_, pixel) => [...values.subarray(3 * pixel, 3 * pixel + 3)]);
    const moved = (i: number, by: number): number => slow(mask, rows(at.with(i, at[i]! + by)));
    gradient.forEach((slope, i) => expect(slope).toBeCloseTo((moved(i, 1e-3) - moved(i, -1e-3)) / 2e-3, 3));
    expect([...gradient.subarray(9, 12)].every((slope) => Math.abs(slope) < 1e-7)).toBe(true);
    const blank = tf.grad((logits: tf.Tensor) =>
      loss(
        logits,
        mask.map(() => IGNORED),
      ),
    )(tf.tensor4d(at, [1, 3, 4, 3]));
    expect([...blank.dataSync()].every((slope) => slope === 0)).toBe(true);
  });
});

describe("overlaps", () => {
  test("by hand", () => {
    // 5 pixels of class 0, of which one is answered 1; 3 of class 1, of which two are answered 0; none of class 2.
    const counts = [4, 1, 0, 2, 1, 0, 0, 0, 0];
    const [zero, one, two] = overlapsOf(counts);
    expect(zero).toEqual({ support: 5, precision: 4 / 6, recall: 4 / 5, iou: 4 / 7, dice: 8 / 11 });
    expect(one).toEqual({ support: 3, precision: 1 / 2, recall: 1 / 3, iou: 1 / 4, dice: 2 / 5 });
    expect(two).toEqual({ support: 0, precision: null, recall: null, iou: null, dice: null });
    expect(meanIou(counts)).toBeCloseTo((4 / 7 + 1 / 4) / 2, 12);
    expect(meanIou([0, 0, 0, 0])).toBeNaN();
  });

  test("agree with sets of pixels", () => {
    fc.assert(
      fc.property(scenes, ({ mask, logits }) => {
        const counts = tf.tidy(() =>
          confusions(
            truthOf(tf.tensor3d(mask, [1, 3, 4], "int32"), 3),
            flat(tf.tensor4d(logits.flat(), [1, 3, 4, 3])),
          ).dataSync(),
        );
        const answers = logits.map((row) =>
          Math.fround(row[0]!) >= Math.fround(Math.max(row[1]!, row[2]!))
            ? 0
            : Math.fround(row[1]!) >= Math.fround(row[2]!)
              ? 1
              : 2,
        );
        const pixels = mask.flatMap((k, at) => (k === IGNORED ? [] : [at]));
        overlapsOf(counts).forEach(({ iou, dice }, c) => {
          const truth = new Set(pixels.filter((at) => mask[at] === c));
          const said = new Set(pixels.filter((at) => answers[at] === c));
          const both = [...truth].filter((at) => said.has(at)).length;
          const either = new Set([...truth, ...said]).size;
          expect(iou).toBe(either ? both / either : null);
          expect(dice).toBe(either ? (2 * both) / (truth.size + said.size) : null);
        });
      }),
      { numRuns: 60, seed: 2 },
    );
  });
});
