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
