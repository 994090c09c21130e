import type { Technique } from "@regimen/core";
import { PRETRAIN_SPACE, RECIPES, pretrainThenTrain, type Method, type PretrainParams } from "@regimen/self-supervised";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };

/**
 * NT-Xent (Chen et al. 2020, equation 1 and algorithm 1). For each of the 2N projections, brought to length 1, the cross
 * entropy of finding the other view of its image among the 2N − 1 other projections, by cosine similarity over the
 * temperature; the mean over all of them.
 *
 * @param first [N, d]
 * @param second [N, d], row i of the same image as `first`'s
 * @param temperature at least 0.03: exp(−2 / temperature) must not underflow
 */
export function ntXent(first: Tensor2D, second: Tensor2D, temperature: number): Scalar {
  const [n] = first.shape;
  const z = unit(tf.concat([first, second], 0));
  const similarity = tf.div(tf.matMul(z, z, false, true), temperature);
  // A similarity is at most 1, so that this shift keeps exp in bounds, as the largest would, with nothing to look for.
  const shifted = tf.exp(tf.sub(similarity, 1 / temperature));
  const others = tf.sum(tf.mul(shifted, tf.sub(1, tf.eye(2 * n))), 1);
  const [a, b] = tf.split(z, 2, 0) as [Tensor2D, Tensor2D];
  const positive = tf.div(tf.mean(tf.sum(tf.mul(a, b), 1)), temperature);
  return tf.sub(tf.add(tf.mean(tf.log(others)), 1 / temperature), positive);
}

/** Rows of length 1; a row of zeros stays one. */
const unit = (x: Tensor2D): Tensor2D => tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)));

/** What `pretrain` of `@regimen/self-supervised` and `regimen pretrain` do with it. */
export const simclrMethod = (temperature: number): Method => ({
  name: "nt-xent",
  views: RECIPES.simclr,
  projector: [512, 128],
  loss: (first, second) => ntXent(first, second, temperature),
});

/** SimCLR, then the training proper. */
export const simclr: Technique<PretrainParams & { temperature: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "ssl",
  prior: 0.3,
  paper: "Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations, arXiv:2002.05709",
  space: {
    ...PRETRAIN_SPACE,
    temperature: { kind: "value", range: [0.05, 1], scale: "log", default: 0.5 },
  },
  order: { slot: "pretrain", conflicts: ["@regimen/technique-barlow-twins"] },
  create: ({ temperature, ...params }) => ({
    train: (run, next) => pretrainThenTrain(run, next, params, simclrMethod(temperature)),
  }),
};
