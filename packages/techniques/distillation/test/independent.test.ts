import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { distillationLoss, softTargets } from "../src/index.ts";

beforeAll(() => tf.setBackend("cpu"));

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const [T, rows, k] = [3, 2, 3];
const logits = (shift: number): number[] => Array.from({ length: rows * k }, (_, i) => 2 * Math.sin(i * 1.3 + shift));
const tensor = (values: readonly number[]): Tensor2D => tf.tensor2d([...values], [rows, k]);

test("independent labels: the mean of sigmoids, and T² times the mean divergence of yeses and noes", () => {
  const [a, b, student] = [logits(0), logits(1), logits(2)];
  const targets = softTargets([tensor(a), tensor(b)], T, true);
  const expected = a.map((z, i) => (sigmoid(z / T) + sigmoid(b[i]! / T)) / 2);
  [...targets.dataSync()].forEach((p, i) => expect(p).toBeCloseTo(expected[i]!, 6));
  const divergence = (row: number): number =>
    Array.from({ length: k }, (_, c) => row * k + c).reduce((sum, i) => {
      const [p, q] = [expected[i]!, sigmoid(student[i]! / T)];
      return sum + p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
    }, 0);
  const losses = distillationLoss(targets, tensor(student), T, true).dataSync();
  losses.forEach((loss, row) => expect(loss).toBeCloseTo((T * T * divergence(row)) / k, 5));
  expect(distillationLoss(softTargets([tensor(a)], T, true), tensor(a), T, true).dataSync()[0]).toBeCloseTo(0, 6);
});
