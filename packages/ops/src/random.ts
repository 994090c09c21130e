import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "./kernels.ts";
import { tryKernelOne } from "./kernel.ts";
import { philoxNormal, philoxUniform } from "./philox.ts";

/**
 * Numbers in [0, 1), float32. Stateless: the same seed and shape give the same numbers on the same backend; they differ
 * from those of `normal` with the same seed.
 *
 * The portable version reads the seed on the host (`dataSync`), so a step that uses it cannot be captured or run on a
 * backend without synchronous reads; a backend avoids that with the kernel `RegimenUniform`. The portable version and
 * `@regimen/backend-wasm` give the same numbers, TensorFlow its own.
 *
 * @param seed [2], int32
 */
export function uniform(seed: tf.Tensor1D, shape: readonly number[]): tf.Tensor {
  return draw(KERNELS.uniform, philoxUniform, seed, shape);
}

/** Standard normal numbers, float32; otherwise as `uniform`. */
export function normal(seed: tf.Tensor1D, shape: readonly number[]): tf.Tensor {
  return draw(KERNELS.normal, philoxNormal, seed, shape);
}

function draw(
  kernel: string,
  portable: (seed: ArrayLike<number>, count: number) => Float32Array,
  seed: tf.Tensor1D,
  shape: readonly number[],
): tf.Tensor {
  tf.util.assert(
    seed.size === 2 && seed.dtype === "int32",
    () => `The seed is ${seed.dtype} [${seed.shape.join(", ")}]; expected two int32 words.`,
  );
  return (
    tryKernelOne(kernel, { seed }, { shape: [...shape] }) ??
    tf.tensor(portable(seed.dataSync(), tf.util.sizeFromShape([...shape])), [...shape], "float32")
  );
}
