import { wasm } from "@regimen/backend-wasm";
import { StageState, createRng, createStep } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients
import { beforeAll, expect, it } from "vitest";
import { projector } from "../src/index.ts";

beforeAll(() => wasm.load());

it("is dense, batch normalisation, relu, dense; its weights are states that a step trains", () => {
  const state = new StageState();
  const x = [
    [1, 2, 3],
    [-1, 0.5, 4],
    [0, 1, -2],
    [2, 2, 2],
  ];
  tf.tidy(() => {
    const feed = { index: 0, progress: 0, epoch: 0, rates: { default: 0.1 }, seed: Int32Array.of(1, 2), draws: {} };
    const step = createStep(feed, state);
    const head = projector(step, createRng(7), [3, 4, 2]);
    expect(head.weights.map(({ name, part, role }) => [name, part, role])).toEqual([
      ["projector/0/kernel", "projector", "kernel"],
      ["projector/0/gamma", "projector", "norm"],
      ["projector/0/beta", "projector", "norm"],
      ["projector/1/kernel", "projector", "kernel"],
    ]);
    const [first, , , last] = head.weights.map(({ variable }) => variable.arraySync() as number[][]);
    const times = (a: number[][], b: number[][]) =>
      a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
    const hidden = times(x, first!);
    const normal = hidden.map((row) =>
      row.map((value, j) => {
        const column = hidden.map((other) => other[j]!);
        const mean = column.reduce((a, b) => a + b) / column.length;
        const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length;
        return Math.max(0, (value - mean) / Math.sqrt(variance + 1e-5));
      }),
    );
    const want = times(normal, last!).flat();
    const got = head.apply(tf.tensor2d(x)).dataSync();
    got.forEach((value, at) => expect(value).toBeCloseTo(want[at]!, 4));
    const loss = () => tf.mean(tf.square(head.apply(tf.tensor2d(x) as Tensor2D))) as Scalar;
    const before = loss().dataSync()[0]!;
    step.minimize(loss, head.weights, (evaluate) => evaluate());
    expect(loss().dataSync()[0]!).toBeLessThan(before);
    // The same state, not new weights.
    expect(projector(step, createRng(8), [3, 4, 2]).weights[0]!.variable).toBe(head.weights[0]!.variable);
  });
  state.dispose();
});
