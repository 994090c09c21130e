import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import type { Grads, Step, Technique, Weight } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** The share is fed, so that one recorded step serves every share. `share`: [1], 0..1. */
export const drawSwa = (share: number) => ({ share: Float32Array.of(share) });

/** 1 in the last share of the training, else 0. */
const within = (step: Step): tf.Scalar =>
  tf.cast(tf.greaterEqual(step.progress, tf.sub(1, tf.reshape(step.fed["share"]!, []))), "float32");

/**
 * The mean of the weights after each step of the last `share` of a training; before it, the weights themselves (Izmailov 2018,
 * algorithm 1, with a cycle of one step). Moving statistics are averaged likewise. `step.fed`: `share` [1].
 */
export function applySwa(weights: readonly Weight[], step: Step): Readonly<Record<string, Variable>> {
  return tf.tidy(() => {
    const count = step.state("count", () => tf.scalar(0));
    count.assign(tf.add(count, within(step)));
    const part = tf.div(1, tf.maximum(count, 1));
    const averages = weights.map(({ name, variable }) => {
      const average = step.state(`average/${name}`, () => tf.clone(variable));
      average.assign(tf.add(tf.mul(part, variable), tf.mul(tf.sub(1, part), average)));
      return [name, average] as const;
    });
    return Object.fromEntries(averages);
  });
}

/**
 * Keeps the learning rate of the last `share` where it was when that began, whatever the schedule: directions are multiplied
 * by that rate over the scheduled one, which whoever minimizes applies. A rate of 0 stays 0.
 */
export function holdRate(direction: Grads, weights: readonly Weight[], step: Step): Grads {
  const tail = within(step);
  const factors = new Map<string, tf.Tensor>();
  for (const part of new Set(weights.map((weight) => weight.part))) {
    const rate = step.rate(part);
    const held = step.state(`rate/${part}`, () => tf.clone(rate));
    held.assign(tf.add(tf.mul(tail, held), tf.mul(tf.sub(1, tail), rate)));
    factors.set(part, tf.where(tf.greater(rate, 0), tf.div(held, tf.maximum(rate, 1e-30)), tf.onesLike(rate)));
  }
  const moved = weights.flatMap(({ name, part }) => {
    const own = direction.by[name];
    return own ? [[name, tf.mul(own, factors.get(part)!)] as const] : [];
  });
  return { loss: direction.loss, by: { ...direction.by, ...Object.fromEntries(moved) } };
}

/** The weights of the last part of a training, averaged, at a rate that no longer falls. */
export const swa: Technique<{ share: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.15,
  group: "averaging",
  paper: "Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization, arXiv:1803.05407",
  space: { share: { kind: "value", range: [0.05, 0.5], default: 0.25, off: 0 } },
  order: { slot: "average", conflicts: ["@regimen/technique-ema"] },
  create: ({ share }) => ({
    draw: () => drawSwa(share),
    optimizer: (inner) => (evaluate, weights, step) => holdRate(inner(evaluate, weights, step), weights, step),
    average: applySwa,
  }),
};
