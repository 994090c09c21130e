import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { CHANNELS } from "./layers/linear.ts";
import { rounded, type Weights } from "./precision.ts";
import { endOf } from "./read.ts";

/**
 * Puts into a model the weights that `toOnnx` and `toSavedModel` with these `weights` would store, so that tfjs answers as
 * the exported model does. Errors: REG_MODEL_UNSUPPORTED for a weight that is beyond float16.
 */
export function roundWeights(model: tfl.LayersModel, weights: Weights): void {
  for (const layer of model.layers) {
    if (layer instanceof tfl.LayersModel) {
      roundWeights(layer, weights);
      continue;
    }
    for (const weight of layer.weights) {
      const channels = CHANNELS[layer.getClassName()]?.[endOf(weight.originalName)];
      if (!channels) continue;
      const value = weight.read();
      const kernel = {
        name: weight.originalName,
        values: value.dataSync() as Float32Array,
        shape: value.shape,
        channels,
      };
      const made = tf.tensor(rounded(kernel, weights), value.shape, "float32");
      weight.write(made);
      made.dispose();
    }
  }
}
