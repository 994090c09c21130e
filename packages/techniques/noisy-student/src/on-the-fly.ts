import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
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
  return answered(batch, among, { labels });
}

/**
 * The batch with `given` [among, …] in place of what the unlabelled examples among its last ones have, each then of weight 1 and
 * labelled by somebody else.
 */
export function answered(
  batch: Batch,
  among: number,
  given: { readonly labels: Tensor; readonly masks?: Tensor },
): Batch {
  const from = batch.shape.n - among;
  const blank = tf.equal(tf.slice(batch.origin, from, among), ORIGIN.unlabelled);
  const late = <T extends Tensor>(own: T, theirs: Tensor): T => {
    const rest = own.shape.slice(1);
    const zeros = rest.map(() => 0);
    const which = tf.broadcastTo(tf.reshape(blank, [among, ...rest.map(() => 1)]), [among, ...rest]);
    const last = tf.slice(own, [from, ...zeros], [among, ...rest]);
    return tf.concat([tf.slice(own, [0, ...zeros], [from, ...rest]), tf.where(which, theirs, last)]) as T;
  };
  return {
    ...batch,
    ...(given.masks && { masks: late(batch.masks!, given.masks) }),
    labels: late(batch.labels, given.labels),
    weights: late(batch.weights, tf.ones([among])),
    origin: late(batch.origin, tf.fill([among], ORIGIN.added)),
  };
}

const independentLabels = (answers: Tensor2D, hard: boolean): Tensor =>
  hard ? tf.cast(tf.greaterEqual(answers, 0), "float32") : tf.sigmoid(answers);

/** How many of a batch of `n` are unlabelled where there are `ratio` times as many of them as of the others. */
export const unlabelledOf = (n: number, ratio: number): number => Math.max(1, Math.round((n * ratio) / (1 + ratio)));
