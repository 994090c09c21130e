import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Grads, Params, Step, Weight } from "@regimen/contracts";
import { OPTIMIZERS, SCHEDULES } from "@regimen/optim";

beforeAll(() => tf.setBackend("cpu"));
const optimizer = (name: string, params: Params = {}) => OPTIMIZERS.find((one) => one.name === name)!.create(params);
const schedule = (name: string) => SCHEDULES.find((one) => one.name === name)!;

/** Two weights, of which the second is reached at every other step, and gradients that depend on where the weights are. */
const gradientAt = (at: number, weight: number, t: number): number => Math.sin(3 * weight + at) + 0.1 * t - 0.3;
const START = [
  [0.5, -1.25, 2],
  [-0.75, 0.125],
] as const;
const reached = (which: number, t: number): boolean => which === 0 || t % 2 === 0;
const RATE = 0.05;

/** Ten steps on tensors, through the contract: w ← w − rate · direction. */
function onTensors(use: string, params: Params, since = 0): { weights: number[][]; states: string[] } {
  const weights = START.map((values, at): Weight => ({
    name: `w${at}`,
    variable: tf.variable(tf.tensor1d([...values])),
    part: "head",
    role: "kernel",
  }));
  const states = new Map<string, Variable>();
  const direct = optimizer(use, params);
  for (let t = 0; t < 10; t++)
    tf.tidy(() => {
      const step = {
        index: tf.scalar(since + t),
        state: (name: string, initial: () => Tensor) => {
          if (!states.has(name)) states.set(name, tf.variable(initial(), false));
          return states.get(name)!;
        },
      } as Pick<Step, "index" | "state"> as Step;
      const evaluate = (): Grads => ({
        loss: tf.scalar(t),
        by: Object.fromEntries(
          weights.flatMap(({ name, variable }, which) => {
            const values = [...variable.dataSync()].map((weight, at) => gradientAt(at, weight, t));
            return reached(which, t) ? [[name, tf.tensor1d(values)]] : [];
          }),
        ),
      });
      const { loss, by } = direct(evaluate, weights, step);
      expect(loss.dataSync()[0]).toBe(t);
      expect(Object.keys(by)).toEqual(weights.flatMap(({ name }, which) => (reached(which, t) ? [name] : [])));
      for (const { name, variable } of weights) if (by[name]) variable.assign(tf.sub(variable, tf.mul(RATE, by[name])));
    });
  const found = { weights: weights.map(({ variable }) => [...variable.dataSync()]), states: [...states.keys()].sort() };
  tf.dispose([...weights.map(({ variable }) => variable), ...states.values()]);
  return found;
}

/** The same by hand, a number at a time, in double precision. */
function byHand(rule: () => (gradient: number, t: number) => number): number[][] {
  return START.map((values, which) =>
    values.map((start, at) => {
      const direction = rule();
      let weight = start;
      for (let t = 0; t < 10; t++) if (reached(which, t)) weight -= RATE * direction(gradientAt(at, weight, t), t);
      return weight;
    }),
  );
}
const close = (got: number[][], expected: number[][]): void =>
  got.forEach((values, which) =>
    values.forEach((value, at) => expect(Math.abs(value - expected[which]![at]!)).toBeLessThan(1e-6)),
  );

describe("sgd", () => {
  it("without momentum is the gradient, and keeps nothing", () => {
    const { weights, states } = onTensors("sgd", { momentum: 0 });
    close(
      weights,
      byHand(() => (gradient) => gradient),
    );
    expect(states).toEqual([]);
  });

  it("with momentum moves by the velocity", () => {
    const { weights, states } = onTensors("sgd", { momentum: 0.8, nesterov: false });
    const rule = () => {
      let velocity = 0;
      return (gradient: number) => (velocity = 0.8 * velocity + gradient);
    };
    close(weights, byHand(rule));
    expect(states).toEqual(["sgd/w0", "sgd/w1"]);
  });

  it("with Nesterov's momentum, 0.9 unless told, looks one velocity ahead", () => {
    const rule = () => {
      let velocity = 0;
      return (gradient: number) => {
        velocity = 0.9 * velocity + gradient;
        return gradient + 0.9 * velocity;
      };
    };
    close(onTensors("sgd", {}).weights, byHand(rule));
  });
});

describe("adam", () => {
  const rule = (beta1: number, beta2: number, epsilon: number) => () => {
    let [m, v] = [0, 0];
    return (gradient: number, t: number) => {
      m = beta1 * m + (1 - beta1) * gradient;
      v = beta2 * v + (1 - beta2) * gradient ** 2;
      return m / (1 - beta1 ** (t + 1)) / (Math.sqrt(v / (1 - beta2 ** (t + 1))) + epsilon);
    };
  };

  it("is algorithm 1 of its paper, bias correction included", () => {
    const { weights, states } = onTensors("adam", {});
    close(weights, byHand(rule(0.9, 0.999, 1e-7)));
    expect(states.filter((name) => !name.includes("ones"))).toEqual([
      "adam/m/w0",
      "adam/m/w1",
      "adam/v/w0",
      "adam/v/w1",
    ]);
    close(onTensors("adam", { beta1: 0, beta2: 0.9, epsilon: 0.1 }).weights, byHand(rule(0, 0.9, 0.1)));
  });

  it("counts its steps from where its states began, be that in the middle of a training", () => {
    expect(onTensors("adam", {}, 1000)).toEqual(onTensors("adam", {}));
  });
});

describe("schedules", () => {
  const at = (name: string, progress: number, params: Params = {}): number =>
    schedule(name).at(progress, { ...schedule(name).defaults, ...params });

  it("constant stays at the peak", () => expect([0, 0.5, 1].map((p) => at("constant", p))).toEqual([1, 1, 1]));

  it("cosine goes from the peak to nothing along half a cosine", () => {
    for (const [progress, share] of [
      [0, 1],
      [1 / 3, 0.75],
      [0.5, 0.5],
      [2 / 3, 0.25],
      [1, 0],
    ] as const)
      expect(at("cosine", progress)).toBeCloseTo(share, 12);
  });

  it("one-cycle rises from 1/25 to the peak at 30 %, then falls to a ten-thousandth", () => {
    for (const [progress, share] of [
      [0, 0.04],
      [0.15, 0.52],
      [0.3, 1],
      [0.65, 0.50005],
      [1, 1e-4],
    ] as const)
      expect(at("one-cycle", progress)).toBeCloseTo(share, 12);
    // A quarter of the way down: (1 + cos 45°) / 2 of the height.
    expect(at("one-cycle", 0.3 + 0.7 / 4)).toBeCloseTo(1e-4 + 0.9999 * 0.8535533905932737, 12);
    expect(at("one-cycle", 0.1, { warmUp: 0.1 })).toBeCloseTo(1, 12);
    const values = Array.from({ length: 101 }, (_, i) => at("one-cycle", i / 100));
    expect(values.every((value, i) => i === 0 || (i <= 30 ? value > values[i - 1]! : value < values[i - 1]!))).toBe(
      true,
    );
  });

  it("one-cycle without a warm-up begins at the peak, and all of warm-up ends there", () => {
    expect(at("one-cycle", 0, { warmUp: 0 })).toBe(1);
    expect(at("one-cycle", 1, { warmUp: 1 })).toBe(1);
  });

  it("all are between 0 and 1 everywhere", () => {
    for (const { name } of SCHEDULES)
      for (let i = 0; i <= 1000; i++) {
        const share = at(name, i / 1000);
        expect(share >= 0 && share <= 1, `${name} at ${i / 1000} is ${share}`).toBe(true);
      }
  });
});
