import type { Forward, ImageFormat, Mode, Objective, ScaffoldModel, Topology, Weight } from "@regimen/core";
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

/** Owns the training model: `dispose` frees its weights. */
export class ClassifierModel implements ScaffoldModel {
  readonly format: ImageFormat;
  readonly weights: readonly Weight[];
  readonly parameters: number;
  readonly facts: readonly string[];
  readonly #built: LayersModel;
  readonly #plain: Topology;
  readonly #regularized: boolean;

  constructor(parts: ClassifierParts) {
    this.format = parts.format;
    this.facts = parts.facts;
    this.#built = parts.built;
    this.#plain = parts.plain;
    this.weights = weightsOf(parts.built, { headFrom: parts.features });
    this.parameters = parts.built.countParams();
    this.#regularized = parts.built.layers.some((layer) => layer.losses.length > 0);
  }

  forward(images: tf.Tensor4D, mode: Mode = { training: false }): Forward {
    return tf.tidy(() => {
      const answer = this.#built.apply(images, { ...mode }) as tf.Tensor | [tf.Tensor, tf.Tensor];
      const [features, logits] = Array.isArray(answer) ? answer : [answer, answer];
      return { features: pooled(features), outputs: logits, maps: [] };
    });
  }

  /** Softmax cross entropy [n], with the penalties of the user's own kernel regularizers where there are any. */
  readonly loss: Objective = (seen, batch) => {
    const entropies = softmaxCrossEntropy(batch.labels, seen.outputs as tf.Tensor2D);
    return this.#regularized ? tf.add(entropies, tf.addN(this.#built.calculateLosses())) : entropies;
  };

  decode(seen: Forward): { readonly probabilities: tf.Tensor2D } {
    return { probabilities: tf.softmax(seen.outputs as tf.Tensor2D) };
  }

  async plain(): Promise<LayersModel> {
    const plain = await modelOf(this.#plain);
    copyWeights(this.#built, plain);
    return plain;
  }

  dispose(): void {
    this.#built.dispose();
  }
}

/** [n, d] of what a head reads: feature maps, before a convolutional head, are averaged over all positions. */
function pooled(features: tf.Tensor): tf.Tensor2D {
  const positions = features.shape.slice(1, -1).map((_, i) => i + 1);
  return (positions.length ? tf.mean(features, positions) : features) as tf.Tensor2D;
}
