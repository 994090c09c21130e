import { imageMeans } from "@regimen/ops";
import type * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { only } from "./kwargs.ts";

/** [n, h, w, c] → [n, c], with a gradient that makes no tensor on the host. */
export class GlobalAveragePooling2D extends tfl.layers.Layer {
  static readonly className = "Regimen>GlobalAveragePooling2D";

  override computeOutputShape(shape: tfl.Shape): tfl.Shape {
    return [shape[0]!, shape[3]!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return imageMeans(only(inputs) as tf.Tensor4D);
  }
}
