import * as tf from "@tensorflow/tfjs-core";
import type { Grads, Step, Technique, Weight } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** λ is fed, so that one recorded step serves every λ. `lambda`: [1]. */
export const drawWeightDecay = (lambda: number) => ({ lambda: Float32Array.of(lambda) });

/**
 * u ← u + λw for kernels (Loshchilov & Hutter 2019, algorithms 1 and 2); biases, normalisation and statistics keep their
 * direction, and so does a weight that the loss does not reach. Whoever minimizes multiplies by the scheduled rate:
 * w ← w − lr_t (u + λw). `fed`: `lambda` [1].
 */
export function applyWeightDecay(direction: Grads, weights: readonly Weight[], fed: Step["fed"]): Grads {
  const lambda = tf.reshape(fed["lambda"]!, []);
  const decayed = weights.flatMap(({ name, role, variable }) => {
    const own = direction.by[name];
    return own && role === "kernel" ? [[name, tf.add(own, tf.mul(lambda, variable))] as const] : [];
  });
  return { loss: direction.loss, by: { ...direction.by, ...Object.fromEntries(decayed) } };
}

/** Decoupled weight decay, around any optimizer. */
export const weightDecay: Technique<{ lambda: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "regularization",
  prior: 0.5,
  paper: "Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, arXiv:1711.05101",
  space: { lambda: { kind: "m", range: [1e-5, 1e-1], scale: "log", default: 5e-3, off: 0 } },
  order: { slot: "update" },
  create: ({ lambda }) => ({
    draw: () => drawWeightDecay(lambda),
    optimizer: (inner) => (evaluate, weights, step) =>
      applyWeightDecay(inner(evaluate, weights, step), weights, step.fed),
  }),
};
