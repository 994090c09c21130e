import "@tensorflow/tfjs-backend-cpu";
import type { Forward } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { classifier } from "../src/index.ts";
import { batchOf, format, imagesOf } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu"));

const seenWith = (logits: number[][]): Forward => ({
  features: tf.zeros([logits.length, 1]),
  outputs: tf.tensor2d(logits),
  maps: [],
});
const meterOf = (): ReturnType<typeof classifier.meter> =>
  classifier.meter({ ...format, n: 4, classes: 3 }, "classification");
const add = (meter: ReturnType<typeof meterOf>, logits: number[][], labels: number[][]): void =>
  tf.tidy(() => meter.add(seenWith(logits), batchOf(imagesOf(logits.length), tf.tensor2d(labels))));
/** Logits whose softmax is `p`. */
const logitsOf = (...p: number[]): number[] => p.map((share) => Math.log(share) + 5);

test("error, loss and calibration, by hand, over batches of several sizes", async () => {
  const meter = meterOf();
  add(
    meter,
    [logitsOf(0.7, 0.2, 0.1), logitsOf(0.25, 0.5, 0.25)],
    [
      [1, 0, 0],
      [1, 0, 0],
    ],
  );
  add(meter, [logitsOf(0.05, 0.05, 0.9)], [[0, 0, 1]]);
  const { score, losses, outputs } = await meter.read();
  const expected = [-Math.log(0.7), -Math.log(0.25), -Math.log(0.9)];
  expected.forEach((loss, i) => expect(losses[i]).toBeCloseTo(loss, 5));
  expect(score.loss).toBeCloseTo((expected[0]! + expected[1]! + expected[2]!) / 3, 5);
  expect(score.error).toBeCloseTo(1 / 3, 10);
  // Three bands of one image each: |1 − 0.7|, |0 − 0.5|, |1 − 0.9|.
  expect(score.ece).toBeCloseTo((0.3 + 0.5 + 0.1) / 3, 5);
  [0.7, 0.2, 0.1, 0.25, 0.5, 0.25, 0.05, 0.05, 0.9].forEach((p, i) => expect(outputs[i]).toBeCloseTo(p, 5));
});

test("soft labels cost their own mixture; a tie goes to the lower class on both sides", async () => {
  const meter = meterOf();
  add(
    meter,
    [logitsOf(0.5, 0.3, 0.2), [1, 1, 1]],
    [
      [0.25, 0.75, 0],
      [0.5, 0.5, 0],
    ],
  );
  const { score, losses } = await meter.read();
  expect(losses[0]).toBeCloseTo(-0.25 * Math.log(0.5) - 0.75 * Math.log(0.3), 5);
  expect(score.error).toBe(0.5);
});

test("large logits do not overflow", async () => {
  const meter = meterOf();
  add(meter, [[1000, 0, -1000]], [[0, 1, 0]]);
  const { score, outputs } = await meter.read();
  expect(score.loss).toBeCloseTo(1000, 3);
  expect([...outputs]).toEqual([1, 0, 0]);
});

test("an example without a label has no loss, counts in no score, and keeps its row", async () => {
  const meter = meterOf();
  add(
    meter,
    [logitsOf(0.2, 0.7, 0.1), logitsOf(0.8, 0.1, 0.1)],
    [
      [0, 0, 0],
      [1, 0, 0],
    ],
  );
  const { score, losses, outputs } = await meter.read();
  expect(losses[0]).toBeNaN();
  expect(score.loss).toBeCloseTo(-Math.log(0.8), 5);
  expect(score.error).toBe(0);
  expect(outputs[1]).toBeCloseTo(0.7, 5);
});

test("read disposes of what was collected, and begins anew", async () => {
  const before = tf.memory().numTensors;
  const meter = meterOf();
  add(meter, [[1, 2, 3]], [[1, 0, 0]]);
  expect(tf.memory().numTensors).toBe(before + 1);
  await meter.read();
  expect(tf.memory().numTensors).toBe(before);
  await expect(meter.read()).rejects.toThrow(/REG_DATA_EMPTY/);
});
