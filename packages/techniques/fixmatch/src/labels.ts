import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";

/**
 * Hard pseudo-labels and which of them to trust: the class of the largest probability, where that is at least `threshold`
 * (Sohn 2020, equation 4). `threshold`: one for all, or [classes], of which that of the answered class counts (Zhang 2021, equation 10).
 *
 * @param probabilities [n, classes]
 * @returns `labels` [n, classes], one-hot; `kept` [n], 1 or 0
 */
export function hardLabels(
  probabilities: Tensor2D,
  threshold: number | Tensor1D,
): { readonly labels: Tensor2D; readonly kept: Tensor1D } {
  const answered = tf.argMax(probabilities, 1) as Tensor1D;
  const least = typeof threshold === "number" ? threshold : tf.gather(threshold, answered);
  const kept = tf.cast(tf.greaterEqual(tf.max(probabilities, 1), least), "float32") as Tensor1D;
  return { labels: tf.oneHot(answered, probabilities.shape[1], 1, 0, "float32") as Tensor2D, kept };
}

/**
 * For each class, the share of examples that are answered with it at a confidence of at least `tau`: [classes]
 * (Zhang 2021, equation 5, divided by the number of examples).
 *
 * @param probabilities [n, classes]
 */
export function confidentShares(probabilities: Tensor2D, tau: number): Tensor1D {
  const { labels, kept } = hardLabels(probabilities, tau);
  return tf.mean(tf.mul(labels, tf.expandDims(kept, 1)), 0) as Tensor1D;
}

/**
 * FlexMatch's thresholds (Zhang 2021, equations 7, 10 and 11, with the convex mapping x / (2 − x)): the less often the
 * model is sure of a class, the lower its threshold; all start at 0, and rise while most examples are not answered surely.
 *
 * @param shares [classes], of `confidentShares`
 * @returns [classes], 0 to `tau`
 */
export function classThresholds(shares: Tensor1D, tau: number): Tensor1D {
  const unsure = tf.sub(1, tf.sum(shares));
  const status = tf.div(shares, tf.maximum(tf.max(shares), unsure));
  return tf.mul(tau, tf.div(status, tf.sub(2, status))) as Tensor1D;
}
