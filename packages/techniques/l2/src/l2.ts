import * as tf from "@tensorflow/tfjs-core";
import type { Grads, Step, Technique, Weight } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** λ is fed, so that one recorded step serves every λ. `lambda`: [1]. */
export const drawL2 = (lambda: number) => ({ lambda: Float32Array.of(lambda) });

/**
 * g ← g + λw for kernels: the gradient of the loss with ½ λ‖w‖² added. Biases, normalisation and statistics keep their
 * gradient, and so does a weight that the loss does not reach. `fed`: `lambda` [1].
 */
export function applyL2(gradients: Grads, weights: readonly Weight[], fed: Step["fed"]): Grads {
  const lambda = tf.reshape(fed["lambda"]!, []);
  const penalized = weights.flatMap(({ name, role, variable }) => {
    const own = gradients.by[name];
    return own && role === "kernel" ? [[name, tf.add(own, tf.mul(lambda, variable))] as const] : [];
  });
  return { loss: gradients.loss, by: { ...gradients.by, ...Object.fromEntries(penalized) } };
}

/** The L2 penalty, before any optimizer. */
export const l2: Technique<{ lambda: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "regularization",
  prior: 0.1,
  paper: "Krogh & Hertz 1991, A Simple Weight Decay Can Improve Generalization",
  space: { lambda: { kind: "m", range: [1e-6, 1e-2], scale: "log", default: 5e-4, off: 0 } },
  order: { slot: "gradient", conflicts: ["@regimen/technique-weight-decay"] },
  create: ({ lambda }) => ({
    draw: () => drawL2(lambda),
    optimizer: (inner) => (evaluate, weights, step) =>
      inner((how) => applyL2(evaluate(how), weights, step.fed), weights, step),
  }),
};
