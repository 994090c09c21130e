import * as tf from "@tensorflow/tfjs-core";
import { createRng, type Optimizer, type Shape, type Step, type Weight } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyWeightDecay, drawWeightDecay, weightDecay } from "../src/index.ts";

const values = {
  kernel: [0.5, -2, 3],
  bias: [1, 2],
  gamma: [4],
  unreached: [7, 8],
};
const roles = { kernel: "kernel", bias: "bias", gamma: "norm", unreached: "kernel" } as const;
const direction = { kernel: [0.1, 0.2, -0.3], bias: [0.5, 0.5], gamma: [-1] };
type Name = keyof typeof values;

const weightsOf = (): Weight[] =>
  (Object.keys(values) as Name[]).map((name) => ({
    name,
    variable: tf.variable(tf.tensor1d(values[name])),
    part: "backbone",
    role: roles[name],
  }));
const gradsOf = () => ({
  loss: tf.scalar(1),
  by: Object.fromEntries(Object.entries(direction).map(([name, value]) => [name, tf.tensor1d(value)])),
});
const stepOf = (lambda: number) =>
  ({ fed: { lambda: tf.tensor1d(drawWeightDecay(lambda).lambda) } }) as unknown as Step;

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => {
  tf.disposeVariables();
  tf.engine().endScope();
});

describe("applyWeightDecay", () => {
  it("adds λw to kernels alone", () => {
    const by = applyWeightDecay(gradsOf(), weightsOf(), stepOf(0.01).fed).by;
    const read = (name: string) => [...by[name]!.dataSync()];
    [0.105, 0.18, -0.27].forEach((want, i) => expect(read("kernel")[i]).toBeCloseTo(want, 6));
    expect(read("bias")).toEqual(direction.bias);
    expect(read("gamma")).toEqual(direction.gamma);
    expect(by).not.toHaveProperty("unreached");
  });

  it("changes nothing at λ = 0, to the bit, and hands the loss on", () => {
    const before = gradsOf();
    const after = applyWeightDecay(before, weightsOf(), stepOf(0).fed);
    expect(Object.keys(after.by)).toEqual(Object.keys(before.by));
    for (const [name, tensor] of Object.entries(before.by))
      expect(after.by[name]!.dataSync()).toEqual(tensor.dataSync());
    expect(after.loss).toBe(before.loss);
  });
});

describe("around Adam", () => {
  // Both on plain numbers: PyTorch's AdamW shrinks the weight first, then moves it by Adam's direction.
  const [beta1, beta2, tiny] = [0.9, 0.999, 1e-7];
  const gradientAt = (t: number) => Math.sin(3 * t) + 0.2;
  const rateAt = (t: number) => 0.05 * (1 - t / 10);
  class Moments {
    m = 0;
    v = 0;
    direction(g: number, t: number): number {
      this.m = beta1 * this.m + (1 - beta1) * g;
      this.v = beta2 * this.v + (1 - beta2) * g * g;
      return this.m / (1 - beta1 ** t) / (Math.sqrt(this.v / (1 - beta2 ** t)) + tiny);
    }
  }

  it("is PyTorch's AdamW, and Loshchilov and Hutter's with λ times the peak rate", () => {
    const lambda = 0.3;
    const peak = 0.05;
    let torch = 2;
    let paper = 2;
    const moments = [new Moments(), new Moments(), new Moments()] as const;
    const [weight] = [
      { name: "w", variable: tf.variable(tf.tensor1d([2])), part: "backbone", role: "kernel" } as Weight,
    ];
    let t = 0;
    const inner: Optimizer = () => ({
      loss: tf.scalar(0),
      by: { w: tf.tensor1d([moments[2].direction(gradientAt(t), t)]) },
    });
    const optimizer = weightDecay.create({ lambda }).optimizer!(inner);
    for (t = 1; t <= 8; t++) {
      const lr = rateAt(t);
      torch *= 1 - lr * lambda;
      torch -= lr * moments[0].direction(gradientAt(t), t);
      const eta = lr / peak;
      paper -= eta * (peak * moments[1].direction(gradientAt(t), t) + peak * lambda * paper);
      const { by } = optimizer(() => ({ loss: tf.scalar(0), by: {} }), [weight], stepOf(lambda));
      weight.variable.assign(tf.sub(weight.variable, tf.mul(lr, by["w"]!)));
    }
    expect(weight.variable.dataSync()[0]).toBeCloseTo(torch, 5);
    expect(weight.variable.dataSync()[0]).toBeCloseTo(paper, 5);
    expect(torch).not.toBeCloseTo(2, 1);
  });
});

describe("the technique", () => {
  it("is registered, and feeds λ", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-weight-decay"]);
    const hooks = weightDecay.create({ lambda: 0.002 });
    expect(hooks.draw!(createRng(1), {} as Shape)).toEqual({ lambda: Float32Array.of(0.002) });
  });
});
