import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "./kernels.ts";
import { tryKernelOne, withGradient } from "./kernel.ts";

/** max(x, 0). The gradient at 0 is 0. */
export function relu<T extends tf.Tensor>(x: T): T {
  if (tf.getKernel(KERNELS.reluGrad, tf.getBackend()) === undefined) return tf.relu(x);
  return withGradient<T>(
    x,
    (x) => {
      const value = tf.relu(x) as T;
      return { value, saved: [value] };
    },
    (dy, [y]) => tryKernelOne(KERNELS.reluGrad, { dy, y: y! }, {})!,
  );
}
