import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  completeParams,
  defaultsOf,
  mergeFragments,
  type Grads,
  type Params,
  type Step,
  type Weight,
} from "@regimen/contracts";
import { OPTIMIZERS, PRESETS } from "@regimen/optim";

beforeAll(() => tf.setBackend("cpu"));
const optimizer = (name: string, params: Params = {}) => OPTIMIZERS.find((one) => one.name === name)!.create(params);

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

describe("rmsprop", () => {
  const rule =
    (rho: number, momentum = 0, epsilon = 1e-7) =>
    () => {
      let [v, m] = [0, 0];
      return (gradient: number) => {
        v = rho * v + (1 - rho) * gradient ** 2;
        return (m = momentum * m + gradient / (Math.sqrt(v) + epsilon));
      };
    };

  it("divides by the root of the mean square, 0.9 unless told", () => {
    const { weights, states } = onTensors("rmsprop", {});
    close(weights, byHand(rule(0.9)));
    expect(states).toEqual(["rmsprop/v/w0", "rmsprop/v/w1"]);
  });

  it("with momentum moves by the velocity of that", () =>
    close(onTensors("rmsprop", { rho: 0.5, momentum: 0.7, epsilon: 0.01 }).weights, byHand(rule(0.5, 0.7, 0.01))));
});

describe("layer-wise rates", () => {
  /** The direction of a first step, without momentum. */
  function first(use: string, role: Weight["role"], weight: number[], gradient: number[], params: Params): number[] {
    return tf.tidy(() => {
      const variable = tf.variable(tf.tensor1d(weight));
      const state = (_: string, initial: () => Tensor) => tf.variable(initial(), false);
      const step = { state } as unknown as Step;
      const evaluate = (): Grads => ({ loss: tf.scalar(0), by: { w: tf.tensor1d(gradient) } });
      const { by } = optimizer(use, params)(evaluate, [{ name: "w", variable, part: "head", role }], step);
      return [...by["w"]!.dataSync()];
    });
  }
  const near = (got: number[], expected: number[]): void =>
    expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6));

  it("lars moves a kernel by a share of its own length, whatever the gradient's", () => {
    const lars = { momentum: 0, eta: 0.01 };
    near(first("lars", "kernel", [3, 4], [0, 2], lars), [0, 0.05]);
    near(first("lars", "kernel", [3, 4], [0, 2e4], lars), [0, 0.05]);
    // η‖w‖ (g + λw) / (‖g‖ + λ‖w‖)
    near(first("lars", "kernel", [3, 4], [0, 2], { ...lars, lambda: 0.1 }), [(0.05 * 0.3) / 2.5, (0.05 * 2.4) / 2.5]);
  });

  it("lamb gives a kernel a direction of its own length", () => {
    // After one step m̂ / √v̂ is the sign.
    near(first("lamb", "kernel", [3, 4], [-2, 1e-3], { epsilon: 1e-12 }), [-5 / Math.SQRT2, 5 / Math.SQRT2]);
    const [u, v] = [-1 + 0.3, 1 + 0.4];
    const scale = 5 / Math.hypot(u, v);
    near(first("lamb", "kernel", [3, 4], [-2, 1e-3], { epsilon: 1e-12, lambda: 0.1 }), [u * scale, v * scale]);
  });

  it("leave biases and normalisation alone", () => {
    for (const role of ["bias", "norm"] as const) {
      near(first("lars", role, [3, 4], [0, 2], { momentum: 0, lambda: 0.1 }), [0, 2]);
      near(first("lamb", role, [3, 4], [-2, 2], { epsilon: 1e-12, lambda: 0.1 }), [-1, 1]);
    }
  });

  it("do not scale where a norm is 0", () => {
    near(first("lars", "kernel", [0, 0], [0, 2], { momentum: 0 }), [0, 2]);
    near(first("lars", "kernel", [3, 4], [0, 0], { momentum: 0, epsilon: 0 }), [0, 0]);
    near(first("lamb", "kernel", [0, 0], [-2, 2], { epsilon: 1e-12 }), [-1, 1]);
    near(first("lamb", "kernel", [3, 4], [0, 0], {}), [0, 0]);
  });
});

describe("presets", () => {
  it("are an optimizer and decoupled decay; a policy that decays already keeps its own", () => {
    const use = "@regimen/technique-weight-decay";
    expect(PRESETS.adamw).toEqual({
      train: { optimizer: "adam", learningRate: 0.001 },
      steps: [{ use, with: { lambda: 0.01 } }],
    });
    const own = { steps: [{ use, with: { lambda: 0.002 } }], train: { schedule: "cosine" } };
    expect(mergeFragments(PRESETS.sgdw, own)).toEqual({
      steps: own.steps,
      train: { optimizer: "sgd", schedule: "cosine" },
    });
  });

  it("name optimizers that there are", () => {
    for (const { train } of Object.values(PRESETS))
      expect(OPTIMIZERS.map(({ name }) => name)).toContain(train.optimizer);
  });
});

describe("every optimizer", () => {
  it("has defaults within their ranges", () => {
    for (const one of OPTIMIZERS) expect(completeParams(one, defaultsOf(one.space))).toEqual(defaultsOf(one.space));
  });
});
