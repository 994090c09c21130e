import { wasm } from "@regimen/backend-wasm";
import { StageState, createRng, createStep, type Shape, type Weight } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyEma, drawEma, ema } from "../src/index.ts";

const valuesAt = (t: number): number[] => [Math.sin(t) + t, 1 / (1 + t)];

beforeAll(() => wasm.load());
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe("applyEma", () => {
  it.each([0.9, 0.2])("is the recursion with a decay that rises to %s", (decay) => {
    const state = new StageState();
    const roles = ["kernel", "statistic"] as const;
    const weights = roles.map((role): Weight => ({
      name: role,
      variable: tf.tidy(() => tf.variable(tf.tensor1d([0]))),
      part: "head",
      role,
    }));
    let expected = valuesAt(0);
    for (let t = 0; t < 120; t++) {
      // The decay of TensorFlow's moving averages, on plain numbers.
      const d = Math.min(decay, (1 + t) / (10 + t));
      expected = expected.map((average, i) => d * average + (1 - d) * valuesAt(t)[i]!);
      const got = tf.tidy(() => {
        weights.forEach(({ variable }, i) => variable.assign(tf.tensor1d([valuesAt(t)[i]!])));
        const feed = { progress: 0, epoch: 0, rates: { default: 1 }, seed: createRng(1).seed() };
        // The index says nothing: a fork may begin its average at any step.
        const step = createStep({ ...feed, index: 7000 + t, draws: { ema: drawEma(decay) } }, state).of("ema");
        const averages = applyEma(weights, step);
        return roles.map((role) => averages[role]!.dataSync()[0]!);
      });
      expected.forEach((value, i) =>
        expect(Math.abs(got[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
      );
    }
    weights.forEach(({ variable }, i) => expect(variable.dataSync()[0]).toBeCloseTo(valuesAt(119)[i]!, 4));
    state.dispose();
    tf.dispose(weights.map(({ variable }) => variable));
  });
});

describe("the technique", () => {
  it("is registered, and feeds the decay", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-ema"]);
    expect(ema.create({ decay: 0.99 }).draw!(createRng(1), {} as Shape)).toEqual({ decay: Float32Array.of(0.99) });
  });
});
