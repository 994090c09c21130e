import type { Forward, ImageFormat, Mode, ScaffoldModel } from "@regimen/core";
import { handingBack, weightsOf, type Training } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { segmentationLoss } from "./loss.ts";
import { logitsOf, masksOf } from "./pixels.ts";

/** The answer owns the training model: its `dispose` frees the weights. A plain object, so that a spread keeps its methods. */
export function segmenterModel(training: Training, format: ImageFormat): ScaffoldModel {
  const { built, features, facts } = training;
  const regularized = built.layers.some((layer) => layer.losses.length > 0);
  return {
    format,
    facts,
    weights: weightsOf(built, { headFrom: features }),
    parameters: built.countParams(),

    forward(images: Tensor4D, mode: Mode = { training: false }): Forward {
      return tf.tidy(() => {
        const answer = built.apply(images, { ...mode }) as Tensor4D | [Tensor4D, Tensor4D];
        const [seen, answers] = Array.isArray(answer) ? answer : [answer, answer];
        return { features: tf.mean(seen, [1, 2]) as Tensor2D, outputs: logitsOf(answers), maps: [] };
      });
    },

    /** Cross entropy and Dice [n], with the penalties of the user's own kernel regularizers where there are any. */
    loss(seen, batch) {
      const losses = segmentationLoss(masksOf(batch), seen.outputs as Tensor4D);
      return regularized ? tf.add(losses, tf.addN(built.calculateLosses())) : losses;
    },

    /** `probabilities` [n, h, w, classes]; `classes` [n, h, w], int32: the likeliest of each pixel. */
    decode(seen) {
      const outputs = seen.outputs as Tensor4D;
      return { probabilities: tf.softmax(outputs), classes: tf.argMax(outputs, 3) };
    },

    ...handingBack(training),
  };
}
