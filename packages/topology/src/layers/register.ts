import * as tf from "@tensorflow/tfjs-core";
import { Relu, Swish } from "./activations.ts";
import { batchNormalizationClass } from "./batch-normalization.ts";
import { Dropout } from "./dropout.ts";
import { Log, Logit } from "./log.ts";
import { AlphaDropout, GaussianDropout, GaussianNoise } from "./noise.ts";
import { GlobalAveragePooling2D } from "./pooling.ts";

let done = false;

/** Makes Regimen's layers known to tfjs, once. `modelOf` calls it. */
export function registerLayers(): void {
  if (done) return;
  done = true;
  const layers = [
    Dropout,
    GaussianNoise,
    GaussianDropout,
    AlphaDropout,
    Relu,
    Swish,
    GlobalAveragePooling2D,
    Log,
    Logit,
    batchNormalizationClass(),
  ];
  for (const layer of layers)
    // tfjs asks for a constructor of its widest config type, which no layer of its own has either.
    tf.serialization.registerClass(layer as tf.serialization.SerializableConstructor<tf.serialization.Serializable>);
}
