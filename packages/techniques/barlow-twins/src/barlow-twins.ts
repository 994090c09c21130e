import type { Technique } from "@regimen/core";
import { batchNormTrain } from "@regimen/ops";
import { PRETRAIN_SPACE, RECIPES, pretrainThenTrain, type Method, type PretrainParams } from "@regimen/self-supervised";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };

const EPSILON = 1e-5;

/**
 * The Barlow Twins loss (Zbontar et al. 2021, equations 1 and 2, algorithm 1): with both projections batch-normalised
 * (without scale and offset) and C = z₁ᵀz₂ / N, the sum of (1 − C_ii)² plus λ times the sum of the other C_ij².
 *
 * @param first [N, d]
 * @param second [N, d], row i of the same image as `first`'s
 */
export function barlowLoss(first: Tensor2D, second: Tensor2D, lambda: number): Scalar {
  const [n, d] = first.shape;
  const a = batchNormTrain(first, null, null, EPSILON).y as Tensor2D;
  const b = batchNormTrain(second, null, null, EPSILON).y as Tensor2D;
  const same = tf.sum(tf.square(tf.sub(1, tf.mean(tf.mul(a, b), 0))));
  const across = tf.mul(tf.div(tf.matMul(a, b, true, false), n), tf.sub(1, tf.eye(d)));
  return tf.add(same, tf.mul(tf.sum(tf.square(across)), lambda));
}

/** What `pretrain` of `@regimen/self-supervised` and `regimen pretrain` do with it. */
export const barlowTwinsMethod = (lambda: number): Method => ({
  name: "barlow",
  views: RECIPES.barlowTwins,
  projector: [512, 512, 512],
  loss: (first, second) => barlowLoss(first, second, lambda),
});

/** Barlow Twins, then the training proper. */
export const barlowTwins: Technique<PretrainParams & { lambda: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "ssl",
  prior: 0.2,
  paper: "Zbontar et al. 2021, Barlow Twins: Self-Supervised Learning via Redundancy Reduction, arXiv:2103.03230",
  space: {
    ...PRETRAIN_SPACE,
    lambda: { kind: "value", range: [5e-4, 0.05], scale: "log", default: 5e-3 },
  },
  order: { slot: "pretrain", conflicts: ["@regimen/technique-simclr"] },
  create: ({ lambda, ...params }) => ({
    train: (run, next) => pretrainThenTrain(run, next, params, barlowTwinsMethod(lambda)),
  }),
};
