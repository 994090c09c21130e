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
  const keep = largest(weights, own.weights.shape[1]);
  return {
    at: keep(tf.concat([own.at, other(own.at)], 1) as Tensor3D),
    labels: keep(tf.concat([own.labels, other(own.labels)], 1) as Tensor3D),
    weights: keep(weights),
  };
}

/** Keeps the `capacity` largest along the second axis, in the order they had. */
function largest(size: Tensor2D, capacity: number): <T extends Tensor>(tensor: T) => T {
  const [n, all] = size.shape;
  const found = tf.cast(tf.topk(size, capacity).indices, "float32");
  const ascending = tf.neg(tf.topk(tf.neg(found), capacity).values);
  // Numbered through all examples: with batch dimensions, tfjs' gather for WebAssembly reads past its tensors.
  const at = tf.add(ascending, tf.mul(tf.reshape(tf.range(0, n), [n, 1]), all));
  const flat = tf.cast(tf.reshape(at, [n * capacity]), "int32") as Tensor1D;
  return (tensor) => {
    const inner = tensor.shape.slice(2);
    const kept = tf.gather(tf.reshape(tensor, [n * all, ...inner]), flat);
    return tf.reshape(kept, [n, capacity, ...inner]) as typeof tensor;
  };
}
