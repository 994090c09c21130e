import * as tf from "@tensorflow/tfjs-core";
import type { Evaluate, Grads, Step, Technique, Weight } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** ρ is fed, so that one recorded step serves every ρ. `rho`: [1]. */
export const drawSam = (rho: number) => ({ rho: Float32Array.of(rho) });

/**
 * The loss at w, and the gradients at w + ρ g / ‖g‖ with ‖g‖ over all weights together (Foret 2021, algorithm 1, p = 2): where
 * the loss is worst nearby. The weights are where they were when it returns. Moving averages move with the first pass alone.
 * `fed`: `rho` [1].
 */
export function sharpened(
  evaluate: Evaluate,
  weights: readonly Weight[],
  fed: Step["fed"],
  ...how: Parameters<Evaluate>
): Grads {
  const { loss, by } = evaluate(...how);
  const reached = weights.flatMap(({ name, variable }) => (by[name] ? [{ variable, gradient: by[name] }] : []));
  if (reached.length === 0) return { loss, by };
  const length = tf.sqrt(tf.addN(reached.map(({ gradient }) => tf.sum(tf.square(gradient)))));
  const scale = tf.divNoNan(tf.reshape(fed["rho"]!, []), length);
  const homes = reached.map(({ variable, gradient }) => {
    const home = tf.clone(variable);
    variable.assign(tf.add(variable, tf.mul(gradient, scale)));
    return [variable, home] as const;
  });
  const worst = evaluate({ statistics: false });
  for (const [variable, home] of homes) variable.assign(home);
  return { loss, by: worst.by };
}

/** Sharpness-aware minimization. */
export const sam: Technique<{ rho: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "optimization",
  prior: 0.1,
  paper: "Foret et al. 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, arXiv:2010.01412",
  space: { rho: { kind: "m", range: [5e-3, 0.5], scale: "log", default: 0.05, off: 0 } },
  // Nearest to the loss: what is accumulated, clipped or penalized is the gradient that it gives.
  order: { slot: "update", after: ["@regimen/technique-accumulation"] },
  cost: () => 2,
  create: ({ rho }) => ({
    draw: () => drawSam(rho),
    optimizer: (inner) => (evaluate, weights, step) =>
      inner((how) => sharpened(evaluate, weights, step.fed, how), weights, step),
  }),
};
