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

/**
 * The mean over classes of −labels ln σ(logits) − (1 − labels) ln(1 − σ(logits)) for each example: [n]. Stable for logits of
 * any size; labels may be soft. The gradient, (σ(logits) − labels) / classes, reaches the logits only.
 *
 * @param labels [n, classes], 0..1, each class a yes or no of its own
 * @param logits [n, classes]
 */
export function sigmoidCrossEntropy(labels: tf.Tensor2D, logits: tf.Tensor2D): tf.Tensor1D {
  tf.util.assertShapesMatch(labels.shape, logits.shape, "sigmoidCrossEntropy: ");
  return withGradient<tf.Tensor1D>(
    logits,
    (logits) => {
      // max(z, 0) − z y + ln(1 + exp(−|z|))
      const rest = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
      const each = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), rest);
      return { value: tf.mean(each, 1) as tf.Tensor1D, saved: [labels, logits] };
    },
    (dy, [labels, logits]) =>
      tf.mul(tf.expandDims(tf.div(dy, logits!.shape[1]!), 1), tf.sub(tf.sigmoid(logits!), labels!)),
  );
}
