import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "./kernels.ts";
import { tryKernel } from "./kernel.ts";

/** `y` is shaped as x; the statistics are [c] and carry no gradient. The caller disposes of all three, or runs in a tidy. */
export type BatchNormalized = { readonly y: tf.Tensor; readonly mean: tf.Tensor1D; readonly variance: tf.Tensor1D };

/**
 * Batch normalisation as in training (Ioffe and Szegedy 2015): y = (x − mean) / √(variance + epsilon) · gamma + beta, with
 * the batch's own biased statistics over all axes but the last. Stable where |mean| is much larger than the deviation.
 * Gradients reach x, gamma and beta through y.
 *
 * @param x [..., c]
 * @param gamma [c]; null: 1
 * @param beta [c]; null: 0
 */
export function batchNormTrain(
  x: tf.Tensor,
  gamma: tf.Tensor1D | null,
  beta: tf.Tensor1D | null,
  epsilon: number,
): BatchNormalized {
  const channels = x.shape[x.rank - 1]!;
  return tf.tidy(() => {
    // A customGrad hands out one tensor; the statistics leave it by hand, unknown to the tape.
    const statistics: tf.Tensor[] = [];
    const y = tf.customGrad((x, gamma, beta, save) => {
      const [y, mean, variance, ...extra] = forward(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, epsilon);
      statistics.push(tf.keep(mean!), tf.keep(variance!));
      (save as tf.GradSaveFunc)([x as tf.Tensor, gamma as tf.Tensor, mean!, variance!, ...extra]);
      return { value: y!, gradFunc: (dy, saved) => backward(dy, saved, epsilon) };
    })(x, gamma ?? tf.ones([channels]), beta ?? tf.zeros([channels]));
    const [mean, variance] = statistics.map((kept) => {
      const tracked = tf.clone(kept) as tf.Tensor1D;
      kept.dispose();
      return tracked;
    });
    return { y, mean: mean!, variance: variance! };
  });
}

function forward(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor[] {
  const outputs = tryKernel(KERNELS.batchNorm, { x, gamma, beta }, { epsilon });
  if (outputs !== undefined) return outputs as tf.Tensor[];
  const axes = allButLast(x);
  const mean = tf.mean(x, axes);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), axes);
  return [tf.add(tf.mul(centred, tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)))), beta), mean, variance];
}

function backward(dy: tf.Tensor, saved: readonly tf.Tensor[], epsilon: number): tf.Tensor[] {
  const [x, gamma, mean, variance, ...extra] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
  const more = Object.fromEntries(extra.map((tensor, i) => [`extra${i}`, tensor]));
  const outputs = tryKernel(KERNELS.batchNormGrad, { dy, x, gamma, mean, variance, ...more }, { epsilon });
  if (outputs !== undefined) return outputs as tf.Tensor[];
  const axes = allButLast(x);
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const normalized = tf.mul(tf.sub(x, mean), inverse);
  const scaled = tf.mul(dy, normalized);
  const centredGradient = tf.sub(tf.sub(dy, tf.mean(dy, axes)), tf.mul(normalized, tf.mean(scaled, axes)));
  return [tf.mul(centredGradient, tf.mul(gamma, inverse)), tf.sum(scaled, axes), tf.sum(dy, axes)];
}

function allButLast(x: tf.Tensor): number[] {
  return x.shape.slice(0, -1).map((_, axis) => axis);
}
