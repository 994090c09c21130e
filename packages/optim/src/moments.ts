import type { Step, Weight } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { decayed, moving, named, norm, scaledWhere } from "./named.ts";

type Moments = { readonly beta1: number; readonly beta2: number; readonly epsilon: number };
const moments = (epsilon: number) =>
  ({
    beta1: { kind: "value", range: [0, 0.9999], default: 0.9 },
    beta2: { kind: "value", range: [0, 0.99999], default: 0.999 },
    epsilon: { kind: "value", range: [1e-12, 1], scale: "log", default: epsilon },
  }) as const;

/** m̂ / (√v̂ + ε): Kingma and Ba 2015, algorithm 1. */
function standardized(by: string, { beta1, beta2, epsilon }: Moments, weights: readonly Weight[], step: Step) {
  // 1 − βᵗ as the same moving average of ones: exact where βᵗ is near 1, and t counts from where the states began.
  const ones = (name: string, beta: number): Tensor =>
    moving(
      step.state(`${by}/${name}/${weights[0]!.name}`, () => tf.scalar(0)),
      beta,
      tf.scalar(1 - beta),
    );
  const [first, second] = [ones("m-of-ones", beta1), ones("v-of-ones", beta2)];
  return (gradient: Tensor, { name }: Weight): Tensor => {
    const zeros = () => tf.zerosLike(gradient);
    const m = moving(step.state(`${by}/m/${name}`, zeros), beta1, tf.mul(gradient, 1 - beta1));
    const v = moving(step.state(`${by}/v/${name}`, zeros), beta2, tf.mul(tf.square(gradient), 1 - beta2));
    return tf.div(tf.div(m, first), tf.add(tf.sqrt(tf.div(v, second)), epsilon));
  };
}

/** Adam (Kingma and Ba 2015), bias correction included. */
export const adam = named<Moments>("adam", moments(1e-7), (params, weights, step) =>
  standardized("adam", params, weights, step),
);

/**
 * LAMB (You 2020, version 5 on arXiv): u = m̂ / (√v̂ + ε) + λw, scaled for each kernel by ‖w‖ / ‖u‖, or 1 where a norm is 0.
 * Biases and normalisation are neither decayed nor scaled. No clipping of its own: that is a technique.
 */
export const lamb = named<Moments & { readonly lambda: number }>(
  "lamb",
  { ...moments(1e-6), lambda: { kind: "value", range: [0, 0.5], default: 0 } },
  ({ lambda, ...params }, weights, step) => {
    const direct = standardized("lamb", params, weights, step);
    return (gradient, weight) => {
      const u = direct(gradient, weight);
      if (weight.role !== "kernel") return u;
      const whole = decayed(u, lambda, weight);
      const [w, size] = [norm(weight.variable), norm(whole)];
      return scaledWhere(whole, tf.div(w, size), w, size);
    };
  },
);
