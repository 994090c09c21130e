import type { Forward, ImageFormat, Mode, ScaffoldModel } from "@regimen/core";
import { handingBack, weightsOf, type Training } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { detect } from "./detections.ts";
import { detectionLoss } from "./loss.ts";

/** The answer owns the training model: its `dispose` frees the weights. */
export function detectorModel(training: Training, format: ImageFormat): ScaffoldModel {
  const { built, features, facts } = training;
  const regularized = built.layers.some((layer) => layer.losses.length > 0);
  return {
    format,
    facts,
    weights: weightsOf(built, { headFrom: features }),
    parameters: built.countParams(),

    forward(images: Tensor4D, mode: Mode = { training: false }): Forward {
      return tf.tidy(() => {
        const [seen, map] = built.apply(images, { ...mode }) as [Tensor4D, Tensor4D];
        return { features: tf.mean(seen, [1, 2]) as Tensor2D, outputs: map, maps: [seen] };
      });
    },

    loss(seen, batch) {
      const losses = detectionLoss(seen.outputs as Tensor4D, batch);
      return regularized ? tf.add(losses, tf.addN(built.calculateLosses())) : losses;
    },

    decode(seen) {
      return { ...detect(seen.outputs as Tensor4D, format) };
    },

    ...handingBack(training),
  };
}
