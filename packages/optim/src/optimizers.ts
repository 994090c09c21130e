import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { NamedOptimizer, NamedSchedule, Optimizer, Step, Weight } from "@regimen/contracts";

/** Maps every gradient to a direction, with state by the weight's own name (an index would shift where a gradient is missing). */
function elementwise(
  begin: (weights: readonly Weight[], step: Step) => (gradient: Tensor, weight: Weight) => Tensor,
): Optimizer {
  return (evaluate, weights, step) => {
    const { loss, by } = evaluate();
    const direct = begin(weights, step);
    const directions = weights.flatMap((weight) => {
      const gradient = by[weight.name];
      return gradient ? [[weight.name, direct(gradient, weight)] as const] : [];
    });
    return { loss, by: Object.fromEntries(directions) };
  };
}
function moving(state: Variable, decay: number, value: Tensor): Tensor {
  const next = tf.add(tf.mul(state, decay), value);
  state.assign(next);
  return next;
}

/** SGD with momentum: v ← μ v + g; direction v, or g + μ v with Nesterov's (Sutskever 2013, as in Keras and PyTorch). */
const sgd: NamedOptimizer = {
  name: "sgd",
  defaults: { momentum: 0.9, nesterov: true },
  create: (params) => {
    const { momentum, nesterov } = { ...sgd.defaults, ...params };
    return elementwise((_weights, step) => (gradient, weight) => {
      if (momentum === 0) return gradient;
      const velocity = moving(
        step.state(`sgd/${weight.name}`, () => tf.zerosLike(gradient)),
        momentum as number,
        gradient,
      );
      return nesterov ? tf.add(gradient, tf.mul(velocity, momentum as number)) : velocity;
    });
  },
};

/** Adam (Kingma and Ba 2015, algorithm 1, bias correction included). */
const adam: NamedOptimizer = {
  name: "adam",
  defaults: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  create: (params) => {
    const { beta1, beta2, epsilon } = { ...adam.defaults, ...params } as Record<string, number>;
    return elementwise((weights, step) => {
      // 1 − βᵗ as the same moving average of ones: exact where βᵗ is near 1, and t counts from where the states began.
      const ones = (name: string, beta: number): Tensor =>
        moving(
          step.state(`adam/${name}/${weights[0]!.name}`, () => tf.scalar(0)),
          beta,
          tf.scalar(1 - beta),
        );
      const [first, second] = [ones("m-of-ones", beta1!), ones("v-of-ones", beta2!)];
      return (gradient, weight) => {
        const zeros = () => tf.zerosLike(gradient);
        const m = moving(step.state(`adam/m/${weight.name}`, zeros), beta1!, tf.mul(gradient, 1 - beta1!));
        const v = moving(step.state(`adam/v/${weight.name}`, zeros), beta2!, tf.mul(tf.square(gradient), 1 - beta2!));
        return tf.div(tf.div(m, first), tf.add(tf.sqrt(tf.div(v, second)), epsilon!));
      };
    });
  },
};
export const OPTIMIZERS: readonly NamedOptimizer[] = [sgd, adam];

const constant: NamedSchedule = { name: "constant", defaults: {}, at: () => 1 };

/** Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, without restarts). */
const cosine: NamedSchedule = {
  name: "cosine",
  defaults: {},
  at: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

/** Up for the first `warmUp` of the run from 1/25 of the peak, then down to 1e-4 of it, both along a cosine (Smith 2018). */
const oneCycle: NamedSchedule = {
  name: "one-cycle",
  defaults: { warmUp: 0.3 },
  at: (progress, params) => {
    const warmUp = (params["warmUp"] ?? oneCycle.defaults["warmUp"]) as number;
    const between = (from: number, to: number, t: number) => to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2;
    return warmUp > 0 && progress <= warmUp
      ? between(1 / 25, 1, progress / warmUp)
      : between(1, 1e-4, (progress - warmUp) / (1 - warmUp));
  },
};
export const SCHEDULES: readonly NamedSchedule[] = [constant, cosine, oneCycle];
