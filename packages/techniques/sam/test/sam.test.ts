import * as tf from "@tensorflow/tfjs-core";
import { createRng, type Evaluate, type Grads, type Shape, type Step, type Weight } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { drawSam, sam, sharpened } from "../src/index.ts";

const START = { a: [0.3, -1.2, 2], b: [0.7] };
const weightsOf = (): Weight[] =>
  Object.entries(START).map(([name, values]) => ({
    name,
    variable: tf.variable(tf.tensor1d(values)),
    part: "backbone",
    role: "kernel",
  }));
const fedOf = (rho: number): Step["fed"] => ({ rho: tf.tensor1d(drawSam(rho).rho) });
const read = ({ by }: Grads): number[] => Object.values(by).flatMap((tensor) => [...tensor.dataSync()]);

/** Σ sin(2 wᵢ) + ¼ (Σ wᵢ)²: its gradient depends on all of them. */
const lossAt = (w: readonly number[]): number =>
  w.reduce((sum, one) => sum + Math.sin(2 * one), 0) + w.reduce((sum, one) => sum + one, 0) ** 2 / 4;
const gradientAt = (w: readonly number[]): number[] =>
  w.map((one) => 2 * Math.cos(2 * one) + w.reduce((sum, other) => sum + other, 0) / 2);
const evaluating =
  (weights: readonly Weight[], seen: unknown[] = []): Evaluate =>
  (how) => {
    seen.push(how);
    const w = weights.flatMap(({ variable }) => [...variable.dataSync()]);
    const all = gradientAt(w);
    let at = 0;
    const by = weights.map(({ name, variable }) => [name, tf.tensor1d(all.slice(at, (at += variable.size)))] as const);
    return { loss: tf.scalar(lossAt(w)), by: Object.fromEntries(by) };
  };

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => {
  tf.disposeVariables();
  tf.engine().endScope();
});

describe("sharpened", () => {
  it("gives the gradient where the loss is worst nearby, and the loss where the weights are", () => {
    const weights = weightsOf();
    const found = sharpened(evaluating(weights), weights, fedOf(0.2));
    const w = [...START.a, ...START.b];
    const g = gradientAt(w);
    const worst = gradientAt(w.map((one, i) => one + (0.2 * g[i]!) / Math.hypot(...g)));
    read(found).forEach((value, i) => expect(value).toBeCloseTo(worst[i]!, 4));
    expect(found.loss.dataSync()[0]).toBeCloseTo(lossAt(w), 5);
  });

  it("puts the weights back, to the bit", () => {
    const weights = weightsOf();
    const before = weights.map(({ variable }) => variable.dataSync().slice());
    sharpened(evaluating(weights), weights, fedOf(0.5));
    weights.forEach(({ variable }, at) => expect(variable.dataSync()).toEqual(before[at]));
  });

  it("lets moving statistics move in the first pass alone", () => {
    const [weights, seen]: [Weight[], unknown[]] = [weightsOf(), []];
    sharpened(evaluating(weights, seen), weights, fedOf(0.1));
    sharpened(evaluating(weights, seen), weights, fedOf(0.1), { statistics: false });
    expect(seen).toEqual([undefined, { statistics: false }, { statistics: false }, { statistics: false }]);
  });

  it("at ρ = 0, and where the gradient is 0, is the plain gradient to the bit", () => {
    const weights = weightsOf();
    expect(read(sharpened(evaluating(weights), weights, fedOf(0)))).toEqual(read(evaluating(weights)()));
    const flat: Evaluate = () => ({ loss: tf.scalar(1), by: { a: tf.zeros([3]) } });
    expect(read(sharpened(flat, weights, fedOf(0.1)))).toEqual([0, 0, 0]);
  });

  it("does not move a weight that the loss does not reach", () => {
    const weights = weightsOf();
    const away: number[] = [];
    const half: Evaluate = (how) => {
      if (how) away.push(...weights[1]!.variable.dataSync());
      return { loss: tf.scalar(1), by: { a: tf.ones([3]) } };
    };
    expect(Object.keys(sharpened(half, weights, fedOf(0.1)).by)).toEqual(["a"]);
    expect(away).toEqual([...Float32Array.from(START.b)]);
  });
});

describe("the technique", () => {
  it("is registered, costs two passes, and feeds ρ", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-sam"]);
    expect(sam.cost!({ rho: 0.1 })).toBe(2);
    expect(sam.create({ rho: 0.1 }).draw!(createRng(1), {} as Shape)).toEqual({ rho: Float32Array.of(0.1) });
  });
});
