import { relu, swish } from "@regimen/ops";
import type * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { only } from "./kwargs.ts";

/** max(x, 0), with the backend's own kernel for the gradient where it has one. */
export class Relu extends tfl.layers.Layer {
  static readonly className = "Regimen>Relu";

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return relu(only(inputs));
  }
}

/** x · σ(x), in fewer operations than tfjs' own, and the backend's own kernels where it has them. */
export class Swish extends tfl.layers.Layer {
  static readonly className = "Regimen>Swish";

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return swish(only(inputs));
  }
}
