import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs kernel `name` where the current backend has one, else undefined: the caller then composes standard ops.
 * Kernels are registered with tfjs' own `registerKernel`; `kernels.ts` says what each takes and gives.
 */
export function tryKernel(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
): tf.Tensor | tf.Tensor[] | undefined {
  if (tf.getKernel(name, tf.getBackend()) === undefined) return undefined;
  return tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs);
}

/** As `tryKernel`, for kernels with one output. */
export function tryKernelOne<T extends tf.Tensor>(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
): T | undefined {
  const out = tryKernel(name, inputs, attrs);
  return (Array.isArray(out) ? out[0] : out) as T | undefined;
}

/** A function whose value depends on `x` alone as far as gradients go. `forward` may save what `backward` needs. */
export function withGradient<T extends tf.Tensor>(
  x: tf.Tensor,
  forward: (x: tf.Tensor) => { value: T; saved: readonly tf.Tensor[] },
  backward: (dy: T, saved: readonly tf.Tensor[]) => tf.Tensor,
): T {
  return tf.customGrad((x, save) => {
    const { value, saved } = forward(x as tf.Tensor);
    (save as tf.GradSaveFunc)([...saved]);
    return { value, gradFunc: (dy, kept) => backward(dy as T, kept) };
  })(x) as T;
}
