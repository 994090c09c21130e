import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { IGNORED, type Batch, type Predictor } from "@regimen/core";
import { answered } from "./on-the-fly.ts";

/**
 * [n, h, w], float32: for each pixel the class that the teacher answers, or IGNORED where its probability is less than `threshold`.
 *
 * @param answers [n, h, w, classes], logits
 */
export function pseudoMasks(answers: Tensor4D, threshold: number): Tensor3D {
  const sure = tf.greaterEqual(tf.max(tf.softmax(answers), 3), threshold);
  const classes = tf.cast(tf.argMax(answers, 3), "float32");
  return tf.where(sure, classes, tf.fill(classes.shape, IGNORED)) as Tensor3D;
}

/**
 * The batch with the teacher's answers as the masks of its unlabelled examples, each of weight 1 and labelled with its classes'
 * shares of the known pixels. The teacher sees the images as they stand, in inference mode, so it must come before anything moves
 * them. Unlabelled examples are looked for among the last `among` of the batch.
 */
export function applyPseudoMasks(
  batch: Batch,
  teacher: Pick<Predictor, "forward">,
  among: number,
  threshold: number,
): Batch {
  const { n, h, w, c, classes } = batch.shape;
  const from = n - among;
  const { outputs } = teacher.forward(tf.slice(batch.images, [from, 0, 0, 0], [among, h, w, c]) as Tensor4D);
  const masks = tf.cast(pseudoMasks(outputs as Tensor4D, threshold), "int32");
  const counts = tf.sum(tf.oneHot(masks, classes, 1, 0, "float32"), [1, 2]) as Tensor2D;
  const labels = tf.div(counts, tf.maximum(tf.sum(counts, 1, true), 1));
  return answered(batch, among, { labels, masks });
}
