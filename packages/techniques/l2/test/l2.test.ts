import * as tf from "@tensorflow/tfjs-core";
import { createRng, type Grads, type Optimizer, type Shape, type Step, type Weight } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyL2, drawL2, l2 } from "../src/index.ts";

const values = { kernel: [0.5, -2, 3], bias: [1, 2], gamma: [4], unreached: [7, 8] };
const roles = { kernel: "kernel", bias: "bias", gamma: "norm", unreached: "kernel" } as const;
const gradients = { kernel: [0.1, 0.2, -0.3], bias: [0.5, 0.5], gamma: [-1] };
type Name = keyof typeof values;

const weightsOf = (): Weight[] =>
  (Object.keys(values) as Name[]).map((name) => ({
    name,
    variable: tf.variable(tf.tensor1d(values[name])),
    part: "backbone",
    role: roles[name],
  }));
const gradsOf = (): Grads => ({
  loss: tf.scalar(1),
  by: Object.fromEntries(Object.entries(gradients).map(([name, value]) => [name, tf.tensor1d(value)])),
});
const stepOf = (lambda: number) => ({ fed: { lambda: tf.tensor1d(drawL2(lambda).lambda) } }) as unknown as Step;

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => {
  tf.disposeVariables();
  tf.engine().endScope();
});

describe("applyL2", () => {
  it("is the gradient of the loss with ½ λ‖w‖² added, for kernels alone", () => {
    const weights = weightsOf();
    const { by } = applyL2(gradsOf(), weights, stepOf(0.3).fed);
    // By central differences of the penalty.
    const penalty = (kernel: readonly number[]) => (0.3 / 2) * kernel.reduce((sum, w) => sum + w * w, 0);
    values.kernel.forEach((w, i) => {
      const [up, down] = [1e-4, -1e-4].map((e) => penalty(values.kernel.with(i, w + e)));
      expect(by["kernel"]!.dataSync()[i]).toBeCloseTo(gradients.kernel[i]! + (up! - down!) / 2e-4, 5);
    });
    expect([...by["bias"]!.dataSync()]).toEqual(gradients.bias);
    expect([...by["gamma"]!.dataSync()]).toEqual(gradients.gamma);
    expect(by).not.toHaveProperty("unreached");
  });

  it("changes nothing at λ = 0, to the bit, and hands the loss on", () => {
    const before = gradsOf();
    const after = applyL2(before, weightsOf(), stepOf(0).fed);
    for (const [name, tensor] of Object.entries(before.by))
      expect(after.by[name]!.dataSync()).toEqual(tensor.dataSync());
    expect(after.loss).toBe(before.loss);
  });
});

describe("the technique", () => {
  it("acts before the optimizer: what divides by the gradient divides the penalty too", () => {
    // The direction of signs, in which decoupled decay would still show.
    const signs: Optimizer = (evaluate) => {
      const { loss, by } = evaluate();
      return { loss, by: Object.fromEntries(Object.entries(by).map(([name, g]) => [name, tf.sign(g)])) };
    };
    const { by } = l2.create({ lambda: 0.2 }).optimizer!(signs)(gradsOf, weightsOf(), stepOf(0.2));
    // 0.1 + 0.2 · 0.5, 0.2 − 0.2 · 2, −0.3 + 0.2 · 3
    expect([...by["kernel"]!.dataSync()]).toEqual([1, -1, 1]);
  });

  it("hands on how the loss is to be evaluated", () => {
    const seen: unknown[] = [];
    const inner: Optimizer = (evaluate) => evaluate({ statistics: false });
    l2.create({ lambda: 0.1 }).optimizer!(inner)((how) => (seen.push(how), gradsOf()), weightsOf(), stepOf(0.1));
    expect(seen).toEqual([{ statistics: false }]);
  });

  it("is registered, and feeds λ", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-l2"]);
    expect(l2.create({ lambda: 0.002 }).draw!(createRng(1), {} as Shape)).toEqual({ lambda: Float32Array.of(0.002) });
  });
});
