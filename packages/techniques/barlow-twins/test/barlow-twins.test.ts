import { wasm } from "@regimen/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import golden from "./golden/barlow.json" with { type: "json" };
import { barlowLoss } from "../src/index.ts";

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const lossAt = (first: number[][], second: number[][], lambda: number): number =>
  tf.tidy(() => barlowLoss(tf.tensor2d(first), tf.tensor2d(second), lambda).dataSync()[0]!);

describe("barlowLoss", () => {
  it.each(golden)("is the paper's, by PyTorch term by term, at λ $lambda", (of) => {
    expect(lossAt(of.first, of.second, of.lambda) / of.loss).toBeCloseTo(1, 4);
    const gradients = tf.grads((a, b) => barlowLoss(a as Tensor2D, b as Tensor2D, of.lambda))([
      tf.tensor2d(of.first),
      tf.tensor2d(of.second),
    ]);
    gradients.forEach((gradient, side) => {
      const want = of.gradients[side]!.flat();
      const size = Math.max(...want.map(Math.abs), 1e-3);
      [...gradient.dataSync()].forEach((slope, at) => expect(slope / size).toBeCloseTo(want[at]! / size, 2));
    });
  });

  it("has the slopes that small steps show", () => {
    const { first, second, lambda } = golden[0]!;
    const [gradient] = tf.grads((a) => barlowLoss(a as Tensor2D, tf.tensor2d(second), lambda))([tf.tensor2d(first)]);
    const slopes = gradient!.arraySync() as number[][];
    const step = 1e-2;
    for (const [row, column] of [
      [0, 0],
      [3, 1],
      [5, 3],
    ] as const) {
      const moved = (by: number): number[][] =>
        first.map((values, r) => values.map((value, c) => (r === row && c === column ? value + by : value)));
      const slope = (lossAt(moved(step), second, lambda) - lossAt(moved(-step), second, lambda)) / (2 * step);
      expect(slopes[row]![column]).toBeCloseTo(slope, 2);
    }
  });

  it("is near 0 for equal views whose features are uncorrelated, and λ for each pair that is one feature twice", () => {
    const orthogonal = [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ];
    expect(lossAt(orthogonal, orthogonal, 1)).toBeCloseTo(0, 4);
    const twice = orthogonal.map(([a]) => [a!, a!]);
    expect(lossAt(twice, twice, 0.3)).toBeCloseTo(2 * 0.3, 3);
  });

  it("does not care about the features' scale and offset", () => {
    const { first, second, lambda, loss } = golden[0]!;
    const other = first.map((row) => row.map((value, i) => value * (i + 2) - 5 * i));
    expect(lossAt(other, second, lambda)).toBeCloseTo(loss, 3);
  });
});
