// Optimizers, alone and with techniques around them, against what PyTorch and timm come to: golden/optimizers.py.
import { readFileSync } from "node:fs";
import cpu from "@regimen/backend-cpu";
import {
  StageState,
  composePolicy,
  createRegimen,
  createRng,
  createStep,
  drawFor,
  namedParams,
  optimizerOf,
  parseNamed,
  type Fragment,
  type Grads,
  type Regimen,
  type Shape,
  type Weight,
} from "@regimen/core";
import accumulation from "@regimen/technique-accumulation";
import gradientClipping from "@regimen/technique-gradient-clipping";
import l2 from "@regimen/technique-l2";
import lookahead from "@regimen/technique-lookahead";
import sam from "@regimen/technique-sam";
import weightDecay from "@regimen/technique-weight-decay";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

type Values = Readonly<Record<string, readonly number[]>>;
type Case = {
  readonly name: string;
  readonly optimizer: string;
  readonly rate: number;
  readonly steps: Fragment["steps"];
  /** Weights by name, after so many steps. */ readonly after: Readonly<Record<string, Values>>;
};
const golden = JSON.parse(readFileSync(new URL("golden/optimizers.json", import.meta.url), "utf8")) as {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly kernels: readonly string[];
  readonly cases: readonly Case[];
};
const STEPS = 20;

let regimen: Regimen;
const plugins = [cpu, accumulation, gradientClipping, l2, lookahead, sam, weightDecay];
beforeAll(async () => void (regimen = await createRegimen({ backend: "cpu", plugins })));
afterAll(() => regimen.dispose());

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const weightsOf = (): Weight[] =>
  Object.entries(golden.shapes).map(([name, shape], j) => ({
    name,
    variable: tf.variable(
      tf.tensor(
        Array.from({ length: sizeOf(shape) }, (_, i) => Math.cos(i + 7 * j)),
        [...shape],
      ),
    ),
    part: "default",
    role: golden.kernels.includes(name) ? "kernel" : "bias",
  }));
const gradientsOf = (weights: readonly Weight[], t: number): Grads => ({
  loss: tf.scalar(t),
  by: Object.fromEntries(
    weights.map(({ name, variable }, j) => {
      const values = [...variable.dataSync()].map((w, i) => Math.sin(3 * w + i + j) + Math.cos(t) / 2);
      return [name, tf.tensor(values, variable.shape)];
    }),
  ),
});

/** The weights after each of twenty steps. */
function trained({ optimizer, rate, steps }: Case): Values[] {
  const { techniques, optimizers } = regimen.registered;
  const { members } = composePolicy({ steps }, techniques, { task: "classification", facts: [] });
  const { use, with: params } = parseNamed(optimizer);
  const base = optimizers.find(({ name }) => name === use)!;
  const direct = optimizerOf(members, base.create(namedParams(base, params)));
  const [weights, state] = [weightsOf(), new StageState()];
  const seen = Array.from({ length: STEPS }, (_, t) => {
    tf.tidy(() => {
      const draws = drawFor(members, createRng(t), {} as Shape);
      const rates = { default: rate * (1 - t / 40) };
      const at = { index: t, epoch: 0, progress: t / STEPS, rates, seed: Int32Array.of(1, 2), draws };
      const step = createStep(at, state);
      const { by } = direct(() => gradientsOf(weights, t), weights, step);
      for (const { name, variable } of weights) variable.assign(tf.sub(variable, tf.mul(step.rate(), by[name]!)));
    });
    return Object.fromEntries(weights.map(({ name, variable }) => [name, [...variable.dataSync()]]));
  });
  state.dispose();
  tf.dispose(weights.map(({ variable }) => variable));
  return seen;
}

describe("over twenty steps, to 1e-5 as in PyTorch and timm", () => {
  it.each(golden.cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const seen = trained(one);
    expect(Object.keys(one.after)).toEqual(["1", "10", "20"]);
    for (const [after, expected] of Object.entries(one.after))
      for (const [name, values] of Object.entries(expected))
        values.forEach((value, i) =>
          expect(Math.abs(seen[Number(after) - 1]![name]![i]! - value), `${name}[${i}] after ${after}`).toBeLessThan(
            1e-5,
          ),
        );
    // No case is near another by chance: the weights have moved.
    expect(Math.abs(seen.at(-1)!["kernel"]![0]! - 1)).toBeGreaterThan(1e-3);
  });
});
