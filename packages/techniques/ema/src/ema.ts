import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import type { Step, Technique, Weight } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** The decay is fed, so that one recorded step serves every decay. `decay`: [1], 0..1. */
export const drawEma = (decay: number) => ({ decay: Float32Array.of(decay) });

/**
 * average ← d_t · average + (1 − d_t) · weight with d_t = min(decay, (1 + t) / (10 + t)), t counting from 0 where the average
 * began, with the weights as they then were. Moving statistics are averaged likewise. `step.fed`: `decay` [1].
 */
export function applyEma(weights: readonly Weight[], step: Step): Readonly<Record<string, Variable>> {
  return tf.tidy(() => {
    const t = step.state("t", () => tf.scalar(0));
    const decay = tf.minimum(tf.reshape(step.fed["decay"]!, []), tf.div(tf.add(t, 1), tf.add(t, 10)));
    t.assign(tf.add(t, 1));
    const averages = weights.map(({ name, variable }) => {
      const average = step.state(`average/${name}`, () => tf.clone(variable));
      average.assign(tf.add(tf.mul(decay, average), tf.mul(tf.sub(1, decay), variable)));
      return [name, average] as const;
    });
    return Object.fromEntries(averages);
  });
}

/** What is validated and kept is a moving average of the weights. */
export const ema: Technique<{ decay: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.3,
  group: "averaging",
  paper:
    "Polyak & Juditsky 1992, Acceleration of Stochastic Approximation by Averaging, SIAM J. Control Optim. 30, 838-855",
  space: { decay: { kind: "value", range: [0.9, 0.9999], default: 0.999, off: 0 } },
  order: { slot: "average", conflicts: ["@regimen/technique-swa"] },
  create: ({ decay }) => ({
    draw: () => drawEma(decay),
    average: applyEma,
  }),
};
