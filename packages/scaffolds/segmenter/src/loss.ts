import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { crossEntropies, flat, truthOf } from "./pixels.ts";

/** Added to both sides of the Dice quotient, in pixels: a class of a few pixels does not decide alone. */
const SMOOTH = 1;

/**
 * Cross entropy plus Dice loss of each image: [n] (Isensee et al. 2021, nnU-Net, section "Training"; the soft Dice of
 * Milletari et al. 2016, with plain sums below the line, and per image).
 *
 * Cross entropy is the mean over pixels; Dice loss is 1 − (2 Σ p t + 1) / (Σ p + Σ t + 1), averaged over the classes that the
 * image's mask has. Ignored pixels count in neither; an image of nothing else costs 0, and no gradient comes from it.
 *
 * @param masks [n, h, w], class numbers; others (IGNORED) are ignored
 * @param logits [n, h, w, classes]
 */
export function segmentationLoss(masks: Tensor3D, logits: Tensor4D): Tensor1D {
  const truth = truthOf(masks, logits.shape[3]);
  const logProbabilities = flat(tf.logSoftmax(logits));
  return tf.add(crossEntropies(truth, logProbabilities), diceLosses(truth, tf.exp(logProbabilities)));
}

function diceLosses(truth: Tensor3D, probabilities: Tensor3D): Tensor1D {
  const known = tf.sum(truth, 2, true);
  const size = tf.sum(truth, 1);
  const both = tf.sum(tf.mul(truth, probabilities), 1);
  const either = tf.add(tf.sum(tf.mul(known, probabilities), 1), size);
  const dice = tf.div(tf.add(tf.mul(both, 2), SMOOTH), tf.add(either, SMOOTH));
  const there = tf.cast(tf.greater(size, 0), "float32");
  const losses = tf.mul(there, tf.sub(1, dice));
  return tf.div(tf.sum(losses, 1), tf.maximum(tf.sum(there, 1), 1)) as Tensor1D;
}
