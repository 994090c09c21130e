import type { Forward, ImageFormat, Mode, ScaffoldModel, Topology } from "@regimen/core";
import { softmaxCrossEntropy } from "@regimen/ops";
import { copyWeights, modelOf, weightsOf } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

export type ClassifierParts = {
  /** Outputs: features and logits, or one that is both. */ readonly built: LayersModel;
  /** The layer that the head reads. */ readonly features: string;
  /** What is handed back. */ readonly plain: Topology;
  readonly format: ImageFormat;
  readonly facts: readonly string[];
};

/** The answer owns the training model: its `dispose` frees the weights. A plain object, so that a spread keeps its methods. */
export function classifierModel({ built, features, plain, format, facts }: ClassifierParts): ScaffoldModel {
  const regularized = built.layers.some((layer) => layer.losses.length > 0);
  return {
    format,
    facts,
    weights: weightsOf(built, { headFrom: features }),
    parameters: built.countParams(),

    forward(images: tf.Tensor4D, mode: Mode = { training: false }): Forward {
      return tf.tidy(() => {
        const answer = built.apply(images, { ...mode }) as tf.Tensor | [tf.Tensor, tf.Tensor];
        const [seen, logits] = Array.isArray(answer) ? answer : [answer, answer];
        return { features: pooled(seen), outputs: logits, maps: [] };
      });
    },

    /** Softmax cross entropy [n], with the penalties of the user's own kernel regularizers where there are any. */
    loss(seen, batch) {
      const entropies = softmaxCrossEntropy(batch.labels, seen.outputs as tf.Tensor2D);
      return regularized ? tf.add(entropies, tf.addN(built.calculateLosses())) : entropies;
    },

    decode(seen) {
      return { probabilities: tf.softmax(seen.outputs as tf.Tensor2D) };
    },

    async plain() {
      const model = await modelOf(plain);
      copyWeights(built, model);
      return model;
    },

    dispose() {
      built.dispose();
    },
  };
}

/** [n, d] of what a head reads: feature maps, before a convolutional head, are averaged over all positions. */
function pooled(features: tf.Tensor): tf.Tensor2D {
  const positions = features.shape.slice(1, -1).map((_, i) => i + 1);
  return (positions.length ? tf.mean(features, positions) : features) as tf.Tensor2D;
}
