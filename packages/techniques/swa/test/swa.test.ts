import { wasm } from "@regimen/backend-wasm";
import { StageState, createRng, createStep, type Shape, type Step, type Weight } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applySwa, drawSwa, holdRate, swa } from "../src/index.ts";

const STEPS = 20;
const rateAt = (t: number): number => 0.5 * (1 - t / STEPS) ** 2;
const valueAt = (t: number): number => Math.cos(3 * t) + t / 7;

beforeAll(() => wasm.load());
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** Calls `work` once a step of a training with share 0.3, its rate falling to 0. */
function training(work: (step: Step, t: number, weights: readonly Weight[]) => void): void {
  const state = new StageState();
  const weights: Weight[] = (["head", "backbone"] as const).map((part) => ({
    name: part,
    variable: tf.tidy(() => tf.variable(tf.tensor1d([0]))),
    part,
    role: "kernel",
  }));
  for (let t = 0; t < STEPS; t++)
    tf.tidy(() => {
      for (const { variable } of weights) variable.assign(tf.tensor1d([valueAt(t)]));
      const rates = { default: rateAt(t), head: 0 };
      const feed = { index: t, progress: t / STEPS, epoch: 0, rates, seed: createRng(1).seed() };
      work(createStep({ ...feed, draws: { swa: drawSwa(0.3) } }, state).of("swa"), t, weights);
    });
  state.dispose();
  tf.dispose(weights.map(({ variable }) => variable));
}

describe("applySwa", () => {
  it("is the weights before the last part, and the mean of the weights of it from there", () => {
    training((step, t, weights) => {
      const own = Array.from({ length: t + 1 }, (_, s) => s).filter((s) => s >= 14);
      const mean = own.length ? own.reduce((sum, s) => sum + valueAt(s), 0) / own.length : valueAt(t);
      const got = applySwa(weights, step)["backbone"]!.dataSync()[0]!;
      if (own.length) expect(got).toBeCloseTo(mean, 5);
      else expect(got).toBe(Math.fround(mean));
    });
  });
});

describe("holdRate", () => {
  it("keeps the rate that there was when averaging began; a rate of 0 stays one", () => {
    training((step, t, weights) => {
      const direction = { loss: tf.scalar(1), by: { backbone: tf.tensor1d([2]), head: tf.tensor1d([3]) } };
      const { by } = holdRate(direction, weights, step);
      const moved = by["backbone"]!.dataSync()[0]! * rateAt(t);
      expect(moved).toBeCloseTo(2 * rateAt(Math.min(t, 13)), 5);
      expect(by["head"]!.dataSync()[0]).toBe(3);
    });
  });
});

describe("the technique", () => {
  it("is registered, and feeds the share", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-swa"]);
    expect(swa.create({ share: 0.1 }).draw!(createRng(1), {} as Shape)).toEqual({ share: Float32Array.of(0.1) });
  });
});
