import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Grads, Step, Technique, Weight } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** k and α are fed, so that one recorded step serves all. `k`, `alpha`: [1] each. */
export const drawLookahead = (k: number, alpha: number) => ({ k: Float32Array.of(k), alpha: Float32Array.of(alpha) });

const slowOf = ({ name, variable }: Weight, step: Step): Variable =>
  step.state(`slow/${name}`, () => tf.clone(variable));

/**
 * At every k-th step, φ ← φ + α (θ − φ) and θ ← φ (Zhang 2019, algorithm 1): θ are the weights after the inner optimizer's
 * step, φ the slow weights, which begin where θ begins. The way there is given as a direction, which the rate of the step is
 * divided out of; where that is 0, both stay as they are. `fed`: `k`, `alpha` [1].
 */
export function applyLookahead(direction: Grads, weights: readonly Weight[], step: Step): Grads {
  const [k, alpha] = [tf.reshape(step.fed["k"]!, []), tf.reshape(step.fed["alpha"]!, [])];
  const done = step.state("steps", () => tf.scalar(0));
  const count = tf.add(done, 1);
  const due = tf.greaterEqual(count, k);
  const moved = weights.map((weight) => {
    const [slow, own, rate] = [slowOf(weight, step), direction.by[weight.name], step.rate(weight.part)];
    if (!own) return undefined;
    const fast = tf.sub(weight.variable, tf.mul(rate, own));
    const next = tf.add(slow, tf.mul(alpha, tf.sub(fast, slow)));
    const here = tf.logicalAnd(due, tf.greater(rate, 0));
    slow.assign(tf.where(here, next, slow) as Tensor);
    return [weight.name, tf.where(here, tf.divNoNan(tf.sub(weight.variable, next), rate), own)] as const;
  });
  done.assign(tf.where(due, tf.zerosLike(count), count));
  return { loss: direction.loss, by: Object.fromEntries(moved.filter((one) => one !== undefined)) };
}

/** Lookahead, around any optimizer. */
export const lookahead: Technique<{ k: number; alpha: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "optimization",
  prior: 0.05,
  paper: "Zhang, Lucas, Hinton & Ba 2019, Lookahead Optimizer: k steps forward, 1 step back, arXiv:1907.08610",
  space: {
    k: { kind: "value", range: [2, 20], scale: "integer", default: 5 },
    alpha: { kind: "value", range: [0.1, 0.9], default: 0.5, off: 1 },
  },
  // It looks at where a whole update leads.
  order: { slot: "update", after: ["@regimen/technique-weight-decay"] },
  create: ({ k, alpha }) => ({
    draw: () => drawLookahead(k, alpha),
    optimizer: (inner) => (evaluate, weights, step) => applyLookahead(inner(evaluate, weights, step), weights, step),
    average: (weights, step) =>
      Object.fromEntries(
        weights.flatMap((weight) => (weight.role === "statistic" ? [] : [[weight.name, slowOf(weight, step)]])),
      ),
  }),
};
