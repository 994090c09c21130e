import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "./kernels.ts";
import { tryKernelOne, withGradient } from "./kernel.ts";

/** x · σ(x), also called SiLU (Ramachandran et al. 2017). The gradient is σ(x) · (1 + x · (1 − σ(x))). */
export function swish<T extends tf.Tensor>(x: T): T {
  return withGradient<T>(
    x,
    (x) => {
      const value = tryKernelOne<T>(KERNELS.swish, { x }, {}) ?? (tf.mul(x, tf.sigmoid(x)) as T);
      // Not σ(x): to compute it again is cheaper than to hold one more map of each layer until the gradient comes.
      return { value, saved: [x, value] };
    },
    (dy, saved) => {
      const [x, y] = saved as readonly [tf.Tensor, tf.Tensor];
      return tryKernelOne(KERNELS.swishGrad, { dy, x }, {}) ?? gradient(dy, x, y);
    },
  );
}

/** With y = x · σ, the derivative is σ + y · (1 − σ): an operation less. */
function gradient(dy: tf.Tensor, x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const sigma = tf.sigmoid(x);
    return tf.mul(dy, tf.add(sigma, tf.mul(y, tf.sub(1, sigma))));
  });
}
