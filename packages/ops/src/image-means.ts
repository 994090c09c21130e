import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./kernel.ts";

/**
 * Each channel's mean over the image: [n, h, w, c] → [n, c]. tfjs' own gradient of a mean multiplies by a tensor of ones as
 * large as its input, made on the host; this one spreads what comes.
 */
export function imageMeans(x: tf.Tensor4D): tf.Tensor2D {
  const [n, h, w, c] = x.shape;
  return withGradient<tf.Tensor2D>(
    x,
    (x) => ({ value: tf.mean(x, [1, 2]), saved: [] }),
    (dy) => tf.tidy(() => tf.tile(tf.reshape(tf.div(dy, h * w), [n, 1, 1, c]), [1, h, w, 1])),
  );
}
