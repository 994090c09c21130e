import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor, Tensor1D, Variable } from "@tensorflow/tfjs-core";
import { normal, uniform } from "@regimen/ops";
import { RegimenError, salt, type Draw, type Grads, type Optimizer, type Step, type Weight } from "@regimen/contracts";

/** What is fed to one step: numbers on the host, of the same shapes at every step. */
export interface Feed {
  readonly index: number;
  readonly progress: number;
  /** Scheduled learning rates by part; `default` serves the rest. */
  readonly rates: Readonly<Record<string, number>>;
  /** [2], int32 */ readonly seed: Int32Array;
  /** By technique. */ readonly draws: Readonly<Record<string, Draw>>;
}

/** The tensors that live through a stage: states, by "<technique>/<name>", and the sums behind the logs. */
export class StageState {
  readonly states = new Map<string, Variable>();
  readonly #sums = new Map<string, Variable>();
  #steps = 0;

  state(name: string, initial: () => Tensor): Variable {
    let variable = this.states.get(name);
    // Trainable, since a technique may minimize over a state: a projector, a prompt.
    if (!variable) this.states.set(name, (variable = tf.tidy(() => tf.variable(initial()))));
    return variable;
  }

  /** Within the step's tidy; no host read. */
  log(name: string, value: Scalar): void {
    const sum = this.#sums.get(name);
    if (sum) sum.assign(tf.add(sum, value));
    else this.#sums.set(name, tf.variable(value, false));
  }

  stepped(): void {
    this.#steps++;
  }

  /** Means since the last call: the one host read of an interval. */
  async logs(): Promise<Record<string, number>> {
    const steps = Math.max(1, this.#steps);
    const means: Record<string, number> = {};
    for (const [name, sum] of this.#sums) {
      means[name] = (await sum.data())[0]! / steps;
      sum.dispose();
    }
    this.#sums.clear();
    this.#steps = 0;
    return means;
  }

  dispose(): void {
    for (const variable of [...this.states.values(), ...this.#sums.values()]) variable.dispose();
    this.states.clear();
    this.#sums.clear();
  }
}

/** The step as nobody's in particular: what the fit loop, layers and stages use. Call within a tidy. */
export function createStep(feed: Feed, stage: StageState): Step {
  const index = tf.scalar(feed.index);
  const progress = tf.scalar(feed.progress);
  const seed = tf.tensor1d(feed.seed, "int32");
  const rates = Object.fromEntries(Object.entries(feed.rates).map(([part, rate]) => [part, tf.scalar(rate)]));
  const fed = Object.fromEntries(
    Object.entries(feed.draws).map(([technique, draw]) => [technique, tensors(draw)] as const),
  );
  const views = new Map<string, Step>();
  const seeded = (name: string): Tensor1D => tf.add(seed, tf.tensor1d([0, salt(name)], "int32"));

  const view = (scope: string): Step => {
    const scoped = (name: string): string => (scope ? `${scope}/${name}` : name);
    const step: Step = {
      fed: fed[scope] ?? {},
      index,
      progress,
      rate: (part = "default") => rates[part] ?? rates["default"]!,
      uniform: (name, shape) => uniform(seeded(scoped(name)), shape),
      normal: (name, shape) => normal(seeded(scoped(name)), shape),
      state: (name, initial) => stage.state(scoped(name), initial),
      of: (name) => {
        if (!views.has(name)) views.set(name, view(name));
        return views.get(name)!;
      },
      gradients,
      minimize: (loss, weights, optimizer) => minimize(loss, weights, optimizer, step),
      log: (name, value) => stage.log(scoped(name), value),
    };
    return step;
  };
  return view("");
}

const tensors = (draw: Draw): Record<string, Tensor1D> =>
  Object.fromEntries(
    Object.entries(draw).map(([name, values]) => [
      name,
      tf.tensor1d(values, values instanceof Int32Array ? "int32" : "float32"),
    ]),
  );

function gradients(loss: () => Scalar, weights: readonly Weight[]): Grads {
  const open = weights.filter((weight) => weight.role !== "statistic");
  const found = tf.variableGrads(
    loss,
    open.map((weight) => weight.variable),
  );
  const reached = found.grads as Partial<NamedTensorMap>;
  const by = open.flatMap((weight) => {
    const gradient = reached[weight.variable.name];
    return gradient ? [[weight.name, gradient] as const] : [];
  });
  return { loss: found.value, by: Object.fromEntries(by) };
}

function minimize(loss: () => Scalar, weights: readonly Weight[], optimizer: Optimizer, step: Step): Scalar {
  const open = weights.filter((weight) => weight.role !== "statistic");
  const direction = optimizer(() => gradients(loss, open), open, step);
  for (const weight of open) {
    const move = direction.by[weight.name];
    if (!move) continue;
    if (!tf.util.arraysEqual(move.shape, weight.variable.shape))
      throw new RegimenError(
        "REG_HOOK",
        `an optimizer gave a direction of shape [${move.shape}] for ${weight.name}, which has [${weight.variable.shape}]`,
      );
    weight.variable.assign(tf.sub(weight.variable, tf.mul(step.rate(weight.part), move)));
  }
  return direction.loss;
}
