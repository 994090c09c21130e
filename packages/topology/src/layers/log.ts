import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { only } from "./kwargs.ts";

/** Logits of probabilities: their softmax is what came in. Below 1e-30 they count as 1e-30. */
export class Log extends tfl.layers.Layer {
  static readonly className = "Regimen>Log";

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.log(tf.maximum(only(inputs), 1e-30)));
  }
}

/** Logits of probabilities that are a yes or a no each: their sigmoid is what came in. Nearer than 1e-7 to 0 or 1 they count as that near. */
export class Logit extends tfl.layers.Layer {
  static readonly className = "Regimen>Logit";

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const p = tf.clipByValue(only(inputs), 1e-7, 1 - 1e-7);
      return tf.sub(tf.log(p), tf.log(tf.sub(1, p)));
    });
  }
}
