import * as tf from "@tensorflow/tfjs-core";
import type { Grads, Step, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** The limit is fed, so that one recorded step serves every limit. `norm`: [1]. */
export const drawGradientClipping = (norm: number) => ({ norm: Float32Array.of(norm) });

/**
 * g ← g · c / max(‖g‖, c), with ‖g‖ over all weights together (Pascanu 2013, algorithm 1): the direction stays, its length is
 * at most c. `fed`: `norm` [1], c above 0.
 */
export function applyGradientClipping({ loss, by }: Grads, fed: Step["fed"]): Grads {
  const gradients = Object.entries(by);
  if (gradients.length === 0) return { loss, by };
  const limit = tf.reshape(fed["norm"]!, []);
  const length = tf.sqrt(tf.addN(gradients.map(([, gradient]) => tf.sum(tf.square(gradient)))));
  const share = tf.div(limit, tf.maximum(length, limit));
  return { loss, by: Object.fromEntries(gradients.map(([name, gradient]) => [name, tf.mul(gradient, share)])) };
}

/** Gradient clipping by global norm. */
export const gradientClipping: Technique<{ norm: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "optimization",
  prior: 0.1,
  paper: "Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks, arXiv:1211.5063",
  space: { norm: { kind: "value", range: [0.01, 100], scale: "log", default: 1, off: 0 } },
  // What the penalty adds is no part of the gradient that is clipped.
  order: { slot: "gradient", after: ["@regimen/technique-l2"] },
  create: ({ norm }) => ({
    draw: () => drawGradientClipping(norm),
    optimizer: (inner) => (evaluate, weights, step) =>
      inner((how) => applyGradientClipping(evaluate(how), step.fed), weights, step),
  }),
};
