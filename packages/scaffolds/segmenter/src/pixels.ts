import { RegimenError, type Batch } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** Logits [n, h, w, classes] of what a model answers; one value z for two classes stands for 0 and z. */
export const logitsOf = (answers: Tensor4D): Tensor4D =>
  answers.shape[3] === 1 ? tf.concat([tf.zerosLike(answers), answers], 3) : answers;

/** The likeliest class of each pixel, [n, h, w]: of one value a pixel, from half a probability or from a `logits` of 0 on the second. */
export function chosen(answers: Tensor4D, logits: boolean): Tensor3D {
  return tf.tidy(() => {
    const single = answers.shape[3] === 1 && !logits ? tf.sub(answers, 0.5) : answers;
    return tf.argMax(logitsOf(single as Tensor4D), 3) as Tensor3D;
  });
}

/** The truth of each pixel as 0 and 1 by class, [n, h · w, classes]: all 0 where a pixel is ignored. */
export function truthOf(masks: Tensor3D, classes: number): Tensor3D {
  const [n, h, w] = masks.shape;
  const numbers = tf.reshape(tf.cast(masks, "int32"), [n, h * w, 1]);
  return tf.cast(tf.equal(numbers, tf.range(0, classes, 1, "int32")), "float32") as Tensor3D;
}

/** Errors: REG_DATA_MISMATCH. */
export function masksOf({ masks }: Pick<Batch, "masks">): Tensor3D {
  if (masks) return masks;
  throw new RegimenError(
    "REG_DATA_MISMATCH",
    "segmentation got images without masks; expected a mask for each: use a reader of masks (folder-pairs, coco-masks)",
  );
}

/** [n, h, w, k] as [n, h · w, k]. */
export function flat(values: Tensor): Tensor3D {
  const [n, h, w, k] = values.shape as [number, number, number, number];
  return tf.reshape(values, [n, h * w, k]);
}

/** Of each image how many of its pixels of class i (rows) were answered as class j (columns): [n, classes, classes]. */
export function confusions(truth: Tensor3D, scores: Tensor3D): Tensor3D {
  const k = truth.shape[2];
  const answered = tf.cast(
    tf.equal(tf.expandDims(tf.argMax(scores, 2), 2), tf.range(0, k, 1, "int32")),
    "float32",
  ) as Tensor3D;
  return tf.matMul(truth, answered, true, false);
}

/** Each image's mean over the pixels that are not ignored of −ln p of their class; 0 where all are: [n]. */
export function crossEntropies(truth: Tensor3D, logProbabilities: Tensor3D): tf.Tensor1D {
  const known = tf.sum(truth, [1, 2]);
  const sums = tf.neg(tf.sum(tf.mul(truth, logProbabilities), [1, 2]));
  return tf.div(sums, tf.maximum(known, 1)) as tf.Tensor1D;
}
