import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";

/**
 * Labels [n, classes] and loss weights [n] of examples mixed with their partners (`other` picks a tensor's rows for them).
 * The weighted loss of the mix is the mix of the weighted losses: w' = λw + (1 − λ)w°, and the label's share is λw / w'.
 * With equal weights that is mixup's and CutMix's own λ; a partner without label (weight 0) adds nothing and takes weight
 * away. `rest` is 1 − λ.
 */
export function mixLabels(
  { labels, weights }: { readonly labels: Tensor2D; readonly weights: Tensor1D },
  lambda: Tensor1D,
  rest: Tensor1D,
  other: <T extends Tensor>(tensor: T) => T,
): { readonly labels: Tensor2D; readonly weights: Tensor1D } {
  const own = tf.mul(weights, lambda);
  const mixed = tf.add(own, tf.mul(other(weights), rest)) as Tensor1D;
  const weighty = tf.greater(mixed, 0);
  const share = tf.expandDims(tf.where(weighty, tf.div(own, tf.where(weighty, mixed, tf.onesLike(mixed))), lambda), 1);
  return {
    labels: tf.add(tf.mul(labels, share), tf.mul(other(labels), tf.sub(1, share))) as Tensor2D,
    weights: mixed,
  };
}

/** For tensors [n, all, …]: keeps the `capacity` of largest `size` [n, all] in each row, in the order they had. */
export function keepLargest(size: Tensor2D, capacity: number): <T extends Tensor>(tensor: T) => T {
  const [n, all] = size.shape;
  const found = tf.cast(tf.topk(size, capacity).indices, "float32");
  const ascending = tf.neg(tf.topk(tf.neg(found), capacity).values);
  // Numbered through all rows: with batch dimensions, tfjs' own gather for WebAssembly reads past its tensors.
  const at = tf.add(ascending, tf.mul(tf.reshape(tf.range(0, n), [n, 1]), all));
  const flat = tf.cast(tf.reshape(at, [n * capacity]), "int32") as Tensor1D;
  return (tensor) => {
    const inner = tensor.shape.slice(2);
    const kept = tf.gather(tf.reshape(tensor, [n * all, ...inner]), flat);
    return tf.reshape(kept, [n, capacity, ...inner]) as typeof tensor;
  };
}
