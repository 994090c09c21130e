import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { detectionLoss, focalLoss } from "../src/loss.ts";
import { giouLoss, overlap } from "../src/overlap.ts";
import { overlapOf } from "../src/coco.ts";
import { batchOf } from "./fixtures.ts";

type Golden = Record<"focal" | "giou", Record<string, number[] & number[][]>>;
const golden = JSON.parse(readFileSync(new URL("golden/losses.json", import.meta.url), "utf8")) as Golden;
const expectClose = (got: ArrayLike<number>, wanted: readonly number[], digits = 4) =>
  wanted.forEach((value, i) => expect(got[i], `value ${i}`).toBeCloseTo(value, digits));

beforeAll(() => tf.setBackend("cpu").then(() => undefined));

describe("the losses are torchvision's", () => {
  it("focal: values and gradients, for hard and soft labels", () => {
    const { logits, labels, loss, gradient } = golden.focal;
    const f = tf.valueAndGrad((x) => tf.sum(focalLoss(x, tf.tensor1d(labels!))));
    expectClose(focalLoss(tf.tensor1d(logits!), tf.tensor1d(labels!)).dataSync(), loss!);
    expectClose(f(tf.tensor1d(logits!)).grad.dataSync(), gradient!);
  });

  it("generalized IoU: values and gradients, of boxes that overlap and boxes that do not", () => {
    const { found, wanted, loss, gradient } = golden.giou;
    const f = tf.valueAndGrad((x) => tf.sum(giouLoss(x, tf.tensor2d(wanted!))));
    expectClose(giouLoss(tf.tensor2d(found!), tf.tensor2d(wanted!)).dataSync(), loss!, 5);
    expectClose(f(tf.tensor2d(found!)).grad.dataSync(), (gradient as number[][]).flat(), 5);
  });

  it("a logit of any size gives a finite loss and gradient", () => {
    const x = tf.tensor1d([-1e4, -90, 90, 1e4]);
    for (const label of [0, 1]) {
      const { value, grad } = tf.valueAndGrad((t) => tf.sum(focalLoss(t, tf.fill([4], label))))(x);
      for (const one of [...value.dataSync(), ...grad.dataSync()]) expect(one).toSatisfy(Number.isFinite);
    }
  });
});

it("overlap on the device is overlap on the host", () => {
  const side = fc.double({ min: 0, max: 60, noNaN: true });
  const box = fc.tuple(side, side, side, side).map(([y, x, h, w]) => [y, x, y + h + 0.5, x + w + 0.5]);
  fc.assert(
    fc.property(box, box, (a, b) => {
      const [got] = overlap(tf.tensor1d(a), tf.tensor1d(b)).dataSync();
      expect(got).toBeCloseTo(overlapOf(a, b), 4);
      expect(got).toBeLessThanOrEqual(1.0001);
    }),
    { numRuns: 50 },
  );
});

describe("detectionLoss", () => {
  /** 4 × 6 cells of 8 pixels; every cell says what `cell` gives: logits, then the box in cells. */
  const mapOf = (n: number, cell: (at: number) => number[]) =>
    tf.tensor4d(Array.from({ length: n * 24 }, (_, i) => cell(i)).flat(), [n, 4, 6, 6]);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const focal = (x: number, y: number) => {
    const p = sigmoid(x);
    const pt = y ? p : 1 - p;
    return (y ? 0.25 : 0.75) * (1 - pt) ** 2 * -Math.log(pt);
  };

  it("is focal loss over all cells and 1 − GIoU over those of the object, written out", () => {
    // A box of 8 × 8 in cell (1, 2), with centre in it: no other cell's centre is inside.
    const batch = batchOf([[[8, 16, 16, 24, 1, 1]]]);
    const map = mapOf(1, (i) => [-2, i === 8 ? 0.5 : -3, 0, 0, 0, Math.log(2)]);
    // Predicted there: height 8, width 16 about (12, 20): IoU 1/2, and the box around both is the larger one.
    const classes = 24 * focal(-2, 0) + 23 * focal(-3, 0) + focal(0.5, 1);
    expect(detectionLoss(map, batch).dataSync()[0]).toBeCloseTo(classes + 0.5, 4);
  });

  it("judges neither difficult objects nor crowds, and unlabelled images not at all", () => {
    const map = mapOf(2, () => [1, 1, 0, 0, 0, 0]);
    const ignored = batchOf([[[0, 0, 32, 48, 0, 1, -2]], [[0, 0, 16, 48, 0, 1, -1]]]);
    const [all, half] = detectionLoss(map, ignored).dataSync();
    expect(all).toBe(0);
    expect(half).toBeCloseTo(12 * 2 * focal(1, 0), 4);
    const unlabelled = { ...ignored, origin: tf.zeros([2]) as tf.Tensor1D };
    expect([...detectionLoss(map, { ...batchOf([[], []]), origin: unlabelled.origin }).dataSync()]).toEqual([0, 0]);
  });

  it("padding changes nothing, whatever stands in it", () => {
    const map = mapOf(1, (i) => [Math.sin(i), Math.cos(i), 0.1, -0.1, 0.2, 0.3]);
    const one = detectionLoss(map, batchOf([[[4, 4, 20, 30, 0, 1]]])).dataSync()[0];
    const padded = batchOf([
      [
        [0, 0, 30, 40, 1, 0],
        [4, 4, 20, 30, 0, 1],
        [7, 7, 7, 7, 1, 0],
      ],
    ]);
    expect(detectionLoss(map, padded).dataSync()[0]).toBeCloseTo(one!, 5);
  });

  it("an image without objects is background, and half an object is half of its loss", () => {
    const map = mapOf(1, () => [-2, -2, 0, 0, 0, 0]);
    expect(detectionLoss(map, batchOf([[]])).dataSync()[0]).toBeCloseTo(48 * focal(-2, 0), 4);
    const whole = (weight: number) => detectionLoss(map, batchOf([[[8, 16, 16, 24, 1, weight]]])).dataSync()[0]!;
    const background = 48 * focal(-2, 0) - 2 * focal(-2, 0);
    expect(whole(0.5) - background).toBeCloseTo((whole(1) - background) / 2, 4);
  });

  it("says what is missing where the data has no boxes", () => {
    const { boxes: _, ...bare } = batchOf([[]]);
    expect(() =>
      detectionLoss(
        mapOf(1, () => [0, 0, 0, 0, 0, 0]),
        bare,
      ),
    ).toThrow("REG_DATA_MISMATCH");
  });
});
