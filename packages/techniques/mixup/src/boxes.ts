import { keepLargest } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Batch } from "@regimen/core";

type BoxesOfBatch = NonNullable<Batch["boxes"]>;

/**
 * The boxes of both examples, weights times λ and 1 − λ. Where there are more than the fixed capacity, those of the
 * smallest weight are left out; those that stay keep their order, own boxes first.
 */
export function joinBoxes(
  own: BoxesOfBatch,
  lambda: Tensor1D,
  rest: Tensor1D,
  other: <T extends Tensor>(tensor: T) => T,
): BoxesOfBatch {
  const weights = tf.concat(
    [tf.mul(own.weights, tf.expandDims(lambda, 1)), tf.mul(other(own.weights), tf.expandDims(rest, 1))],
    1,
  ) as Tensor2D;
  const keep = keepLargest(weights, own.weights.shape[1]);
  return {
    at: keep(tf.concat([own.at, other(own.at)], 1) as Tensor3D),
    labels: keep(tf.concat([own.labels, other(own.labels)], 1) as Tensor3D),
    weights: keep(weights),
  };
}
