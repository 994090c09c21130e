import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./kernel.ts";

/**
 * Σ_k labels_k · (ln Σ_j exp(logits_j) − logits_k) for each example: [n]. Stable for logits of any size. Labels may be
 * soft and need not sum to 1 (a row of zeros costs nothing). The gradient, softmax · Σ labels − labels, reaches the
 * logits only.
 *
 * @param labels [n, classes]
 * @param logits [n, classes]
 */
export function softmaxCrossEntropy(labels: tf.Tensor2D, logits: tf.Tensor2D): tf.Tensor1D {
  tf.util.assertShapesMatch(labels.shape, logits.shape, "softmaxCrossEntropy: ");
  return withGradient<tf.Tensor1D>(
    logits,
    (logits) => {
      const logProbabilities = tf.logSoftmax(logits);
      return {
        value: tf.neg(tf.sum(tf.mul(labels, logProbabilities), 1)) as tf.Tensor1D,
        saved: [labels, logProbabilities],
      };
    },
    (dy, [labels, logProbabilities]) =>
      tf.mul(tf.expandDims(dy, 1), tf.sub(tf.mul(tf.exp(logProbabilities!), tf.sum(labels!, 1, true)), labels!)),
  );
}
