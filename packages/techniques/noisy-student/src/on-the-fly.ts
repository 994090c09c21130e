import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { ORIGIN, type Batch, type Predictor } from "@regimen/core";

/**
 * The batch with the teacher's answers as the labels of its unlabelled examples, each of weight 1. The teacher sees the
 * images as they stand, in inference mode. Unlabelled examples are looked for among the last `among` of the batch.
 *
 * @param hard whether a label is the class answered, and not the distribution
 * @param independent whether each class is a yes or no of its own
 */
export function applyPseudoLabels(
  batch: Batch,
  teacher: Pick<Predictor, "forward">,
  among: number,
  hard: boolean,
  independent = false,
): Batch {
  const { n, h, w, c, classes } = batch.shape;
  const from = n - among;
  const { outputs } = teacher.forward(tf.slice(batch.images, [from, 0, 0, 0], [among, h, w, c]) as Tensor4D);
  const answers = outputs as Tensor2D;
  const labels = independent
    ? independentLabels(answers, hard)
    : hard
      ? tf.oneHot(tf.argMax(answers, 1), classes, 1, 0, "float32")
      : tf.softmax(answers);
  const blank = tf.equal(tf.slice(batch.origin, from, among), ORIGIN.unlabelled);
  const rows = tf.broadcastTo(tf.expandDims(blank, 1), [among, classes]);
  const own = tf.slice(batch.labels, [from, 0], [among, classes]);
  const late = (value: Tensor1D, of: number): Tensor1D => {
    const last = tf.slice(value, from, among);
    return tf.concat([tf.slice(value, 0, from), tf.where(blank, tf.fill([among], of), last)]) as Tensor1D;
  };
  return {
    ...batch,
    labels: tf.concat([tf.slice(batch.labels, [0, 0], [from, classes]), tf.where(rows, labels, own)]) as Tensor2D,
    weights: late(batch.weights, 1),
    origin: late(batch.origin, ORIGIN.added),
  };
}

const independentLabels = (answers: Tensor2D, hard: boolean): Tensor =>
  hard ? tf.cast(tf.greaterEqual(answers, 0), "float32") : tf.sigmoid(answers);

/** How many of a batch of `n` are unlabelled where there are `ratio` times as many of them as of the others. */
export const unlabelledOf = (n: number, ratio: number): number => Math.max(1, Math.round((n * ratio) / (1 + ratio)));
