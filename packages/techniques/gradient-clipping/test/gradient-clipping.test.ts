import * as tf from "@tensorflow/tfjs-core";
import { createRng, type Grads, type Optimizer, type Shape, type Step } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyGradientClipping, drawGradientClipping, gradientClipping } from "../src/index.ts";

type Values = Readonly<Record<string, readonly number[]>>;
const gradsOf = (values: Values): Grads => ({
  loss: tf.scalar(2),
  by: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.tensor1d([...value])])),
});
const fedOf = (norm: number): Step["fed"] => ({ norm: tf.tensor1d(drawGradientClipping(norm).norm) });
const read = ({ by }: Grads): number[] => Object.values(by).flatMap((tensor) => [...tensor.dataSync()]);
const lengthOf = (values: readonly number[]): number => Math.hypot(...values);

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("applyGradientClipping", () => {
  it("keeps the direction, and makes the length the limit where it is more", () => {
    const rng = createRng(5);
    for (let trial = 0; trial < 20; trial++) {
      const draw = (n: number): number[] => Array.from({ length: n }, () => 3 * rng.normal());
      const [values, limit] = [{ a: draw(7), b: draw(3) }, 0.1 + 12 * rng.uniform()];
      const before = [...values.a, ...values.b];
      const after = read(applyGradientClipping(gradsOf(values), fedOf(limit)));
      expect(lengthOf(after)).toBeCloseTo(Math.min(limit, lengthOf(before)), 4);
      const shares = after.map((value, i) => value / before[i]!);
      shares.forEach((share) => expect(share).toBeCloseTo(shares[0]!, 5));
    }
  });

  it("changes nothing below the limit, to the bit, and hands the loss on", () => {
    const before = gradsOf({ a: [0.1, -0.7], b: [0.3] });
    const after = applyGradientClipping(before, fedOf(0.8));
    expect(read(after)).toEqual(read(before));
    expect(after.loss).toBe(before.loss);
  });

  it("leaves gradients of nothing at nothing", () => {
    expect(read(applyGradientClipping(gradsOf({ a: [0, 0] }), fedOf(1)))).toEqual([0, 0]);
    expect(applyGradientClipping(gradsOf({}), fedOf(1)).by).toEqual({});
  });
});

describe("the technique", () => {
  it("acts before the optimizer, and hands on how the loss is to be evaluated", () => {
    const seen: unknown[] = [];
    const inner: Optimizer = (evaluate) => {
      const { loss, by } = evaluate({ statistics: false });
      return { loss, by: { a: tf.mul(by["a"]!, 10) } };
    };
    const step = { fed: fedOf(1) } as unknown as Step;
    const optimizer = gradientClipping.create({ norm: 1 }).optimizer!(inner);
    const { by } = optimizer((how) => (seen.push(how), gradsOf({ a: [3, -4] })), [], step);
    expect(by["a"]!.dataSync()[0]).toBeCloseTo(6, 5);
    expect(by["a"]!.dataSync()[1]).toBeCloseTo(-8, 5);
    expect(seen).toEqual([{ statistics: false }]);
  });

  it("is registered, and feeds its limit", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-gradient-clipping"]);
    const { draw } = gradientClipping.create({ norm: 0.5 });
    expect(draw!(createRng(1), {} as Shape)).toEqual({ norm: Float32Array.of(0.5) });
  });
});
