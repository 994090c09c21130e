import { ORIGIN, type Batch, type Forward, type ImageFormat, type Mode, type ScaffoldModel } from "@regimen/core";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "@regimen/ops";
import { handingBack, weightsOf, type Training } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";

/** The answer owns the training model: its `dispose` frees the weights. A plain object, so that a spread keeps its methods. */
export function classifierModel(training: Training, format: ImageFormat, several: boolean): ScaffoldModel {
  const { built, features, facts } = training;
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
        return { features: pooled(seen), outputs: paired(logits as tf.Tensor2D, several), maps: [] };
      });
    },

    /** Cross entropy [n], of a softmax or (`several`) of sigmoids, with the penalties of the user's own kernel regularizers where there are any. */
    loss(seen, batch) {
      const logits = seen.outputs as tf.Tensor2D;
      const entropies = several
        ? (tf.mul(labelled(batch), sigmoidCrossEntropy(batch.labels, logits)) as tf.Tensor1D)
        : softmaxCrossEntropy(batch.labels, logits);
      return regularized ? tf.add(entropies, tf.addN(built.calculateLosses())) : entropies;
    },

    decode(seen) {
      const logits = seen.outputs as tf.Tensor2D;
      return { probabilities: several ? tf.sigmoid(logits) : tf.softmax(logits) };
    },

    ...handingBack(training),
  };
}

/** [n, d] of what a head reads: feature maps, before a convolutional head, are averaged over all positions. */
function pooled(features: tf.Tensor): tf.Tensor2D {
  const positions = features.shape.slice(1, -1).map((_, i) => i + 1);
  return (positions.length ? tf.mean(features, positions) : features) as tf.Tensor2D;
}

/** One value z for two classes that exclude each other is the softmax of 0 and z. */
const paired = (logits: tf.Tensor2D, several: boolean): tf.Tensor2D =>
  !several && logits.shape[1] === 1 ? tf.concat([tf.zerosLike(logits), logits], 1) : logits;

/** [n], 0 or 1. A row of zeros is "none of the classes", unless its origin says that it has no label. */
export const labelled = ({ labels, origin }: Pick<Batch, "labels" | "origin">): tf.Tensor1D =>
  tf.cast(
    tf.logicalOr(tf.notEqual(origin, ORIGIN.unlabelled), tf.any(tf.greater(labels, 0), 1)),
    "float32",
  ) as tf.Tensor1D;
