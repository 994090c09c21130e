import { wasm } from "@regimen/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import golden from "./golden/nt-xent.json" with { type: "json" };
import { ntXent } from "../src/index.ts";

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const lossAt = (first: number[][], second: number[][], temperature: number): number =>
  tf.tidy(() => ntXent(tf.tensor2d(first), tf.tensor2d(second), temperature).dataSync()[0]!);

describe("ntXent", () => {
  it.each(golden)("is the paper's, by PyTorch term by term, at temperature $temperature", (of) => {
    expect(lossAt(of.first, of.second, of.temperature)).toBeCloseTo(of.loss, 4);
    const gradients = tf.grads((a, b) => ntXent(a as Tensor2D, b as Tensor2D, of.temperature))([
      tf.tensor2d(of.first),
      tf.tensor2d(of.second),
    ]);
    gradients.forEach((gradient, side) => {
      const want = of.gradients[side]!.flat();
      const size = Math.max(...want.map(Math.abs));
      [...gradient.dataSync()].forEach((slope, at) => expect(slope / size).toBeCloseTo(want[at]! / size, 3));
    });
  });

  it("has the slopes that small steps show", () => {
    const { first, second, temperature } = golden[0]!;
    const [gradient] = tf.grads((a) => ntXent(a as Tensor2D, tf.tensor2d(second), temperature))([tf.tensor2d(first)]);
    const slopes = gradient!.arraySync() as number[][];
    const step = 1e-2;
    for (const [row, column] of [
      [0, 0],
      [2, 1],
      [4, 2],
    ] as const) {
      const moved = (by: number): number[][] =>
        first.map((values, r) => values.map((value, c) => (r === row && c === column ? value + by : value)));
      const slope = (lossAt(moved(step), second, temperature) - lossAt(moved(-step), second, temperature)) / (2 * step);
      expect(slopes[row]![column]).toBeCloseTo(slope, 3);
    }
  });

  it("is log(2N − 1) where all projections are alike, and near 0 where each pair stands alone", () => {
    const alike = [
      [1, 2],
      [1, 2],
      [1, 2],
    ];
    expect(lossAt(alike, alike, 0.5)).toBeCloseTo(Math.log(5), 5);
    const apart = [
      [1, 0],
      [-1, 0],
    ];
    expect(lossAt(apart, apart, 0.05)).toBeCloseTo(0, 5);
  });

  it("does not care about lengths, nor which view comes first", () => {
    const { first, second, temperature, loss } = golden[1]!;
    const longer = first.map((row, i) => row.map((value) => value * (i + 1)));
    expect(lossAt(longer, second, temperature)).toBeCloseTo(loss, 4);
    expect(lossAt(second, first, temperature)).toBeCloseTo(loss, 4);
  });

  it("stays finite for a row of zeros and at the smallest temperature", () => {
    const [zeros, opposite] = [
      [
        [0, 0],
        [1, 0],
      ],
      [
        [0, 0],
        [-1, 0],
      ],
    ];
    expect(Number.isFinite(lossAt(zeros!, opposite!, 0.05))).toBe(true);
    const [gradient] = tf.grads((a) => ntXent(a as Tensor2D, tf.tensor2d(opposite!), 0.05))([tf.tensor2d(zeros!)]);
    expect([...gradient!.dataSync()].every(Number.isFinite)).toBe(true);
  });
});
