import * as tf from "@tensorflow/tfjs-core";
import { StageState, createRng, createStep, type Optimizer, type Shape, type Weight } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import plugin, { drawLookahead, lookahead } from "../src/index.ts";

const START = [0.5, -1.25, 2];
const MOMENTUM = 0.8;
const gradientAt = (w: number, i: number, t: number): number => Math.sin(3 * w + i) + 0.1 * t;
const rateAt = (t: number): number => 0.05 * (1 - t / 40);

beforeAll(() => wasm.load());
afterEach(() => tf.disposeVariables());

/** SGD with momentum, with Lookahead around it, for so many steps: the fast weights and the slow ones after each. */
function onTensors(k: number, alpha: number, steps: number, rate = rateAt): { fast: number[][]; slow: number[][] } {
  const weight: Weight = { name: "w", variable: tf.variable(tf.tensor1d(START)), part: "backbone", role: "kernel" };
  const moving: Weight = { name: "s", variable: tf.variable(tf.scalar(1)), part: "backbone", role: "statistic" };
  const state = new StageState();
  const { draw, optimizer, average } = lookahead.create({ k, alpha });
  let t = 0;
  const momentum: Optimizer = (_evaluate, _weights, step) => {
    const gradients = [...weight.variable.dataSync()].map((w, i) => gradientAt(w, i, t));
    const velocity = step.state("v", () => tf.zeros([3]));
    velocity.assign(tf.add(tf.mul(velocity, MOMENTUM), tf.tensor1d(gradients)));
    return { loss: tf.scalar(t), by: { w: tf.clone(velocity) } };
  };
  const direct = optimizer!(momentum);
  const [fast, slow]: number[][][] = [[], []];
  for (; t < steps; t++)
    tf.tidy(() => {
      const draws = { lookahead: draw!(createRng(t), {} as Shape) };
      const feed = { index: t, epoch: 0, progress: 0, rates: { default: rate(t) }, seed: Int32Array.of(1, 2), draws };
      const step = createStep(feed, state).of("lookahead");
      const { loss, by } = direct(() => ({ loss: tf.scalar(0), by: {} }), [weight], step);
      expect(loss.dataSync()[0]).toBe(t);
      weight.variable.assign(tf.sub(weight.variable, tf.mul(rate(t), by["w"]!)));
      const kept = average!([weight, moving], step);
      expect(Object.keys(kept)).toEqual(["w"]);
      fast!.push([...weight.variable.dataSync()]);
      slow!.push([...kept["w"]!.dataSync()]);
    });
  state.dispose();
  return { fast: fast!, slow: slow! };
}

/** The same by hand, a number at a time. */
function byHand(k: number, alpha: number, steps: number): { fast: number[][]; slow: number[][] } {
  const [theta, phi, velocity] = [[...START], [...START], START.map(() => 0)];
  const [fast, slow]: number[][][] = [[], []];
  for (let t = 0; t < steps; t++) {
    theta.forEach((w, i) => {
      velocity[i] = MOMENTUM * velocity[i]! + gradientAt(w, i, t);
      theta[i] = w - rateAt(t) * velocity[i]!;
      if ((t + 1) % k === 0) theta[i] = phi[i] = phi[i]! + alpha * (theta[i]! - phi[i]!);
    });
    fast!.push([...theta]);
    slow!.push([...phi]);
  }
  return { fast: fast!, slow: slow! };
}

const close = (got: number[][], expected: number[][]): void =>
  got.forEach((values, t) => values.forEach((value, i) => expect(value).toBeCloseTo(expected[t]![i]!, 5)));

describe("lookahead", () => {
  it.each([
    [2, 0.5],
    [5, 0.8],
  ])("at k = %d and α = %d is algorithm 1, step by step; the slow weights are what is kept", (k, alpha) => {
    const [got, expected] = [onTensors(k, alpha, 12), byHand(k, alpha, 12)];
    close(got.fast, expected.fast);
    close(got.slow, expected.slow);
    // After a sync both are one; before the first the slow ones have not moved.
    close([got.fast[k - 1]!], [got.slow[k - 1]!]);
    expect(got.slow[0]).toEqual([...Float32Array.from(START)]);
  });

  it("moves nothing at rate 0, where no direction leads anywhere", () => {
    const { fast, slow } = onTensors(2, 0.5, 5, (t) => (t < 3 ? 0.05 : 0));
    expect(fast.flat().every(Number.isFinite)).toBe(true);
    expect(fast[4]).toEqual(fast[2]);
    expect(slow[4]).toEqual(slow[2]);
    expect(fast[2]).not.toEqual(slow[2]);
  });

  it("is registered, and feeds k and α", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-lookahead"]);
    expect(drawLookahead(5, 0.5)).toEqual({ k: Float32Array.of(5), alpha: Float32Array.of(0.5) });
  });
});
