import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D } from "@tensorflow/tfjs-core";

/**
 * The discriminator's hinge loss (Lim and Ye 2017; Miyato et al. 2018, equation 17): mean max(0, 1 − real) + mean max(0, 1 + fake).
 *
 * @param real [n], its scores of real images
 * @param fake [m], its scores of generated ones
 */
export const discriminatorLoss = (real: Tensor1D, fake: Tensor1D): Scalar =>
  tf.add(tf.mean(tf.relu(tf.sub(1, real))), tf.mean(tf.relu(tf.add(1, fake))));

/** The generator's (equation 18 there): −mean fake. */
export const generatorLoss = (fake: Tensor1D): Scalar => tf.neg(tf.mean(fake));
