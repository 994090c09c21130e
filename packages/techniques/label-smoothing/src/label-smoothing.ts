import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { ORIGIN, type Batch, type Step, type Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** ε is fed, so that one recorded step serves every ε. `epsilon`: [1], 0..1. */
export const drawLabelSmoothing = (epsilon: number) => ({ epsilon: Float32Array.of(epsilon) });

/**
 * y ← y(1 − ε) + ε / K, for labels that are distributions over K classes (Szegedy 2016, section 7). What is spread out is
 * ε of each row's own sum, so a row of zeros (no label) stays one. `fed`: `epsilon` [1]. ε = 0 changes nothing, to the bit.
 */
export function applyLabelSmoothing(batch: Batch, fed: Step["fed"]): Batch {
  const epsilon = fed["epsilon"]!;
  const spread = tf.div(tf.mul(tf.sum(batch.labels, 1, true), epsilon), batch.shape.classes);
  return { ...batch, labels: tf.add(tf.mul(batch.labels, tf.sub(1, epsilon)), spread) as Tensor2D };
}

/**
 * y ← y(1 − ε) + ε / 2, for labels of which each class is a yes or a no of its own: smoothing over those two answers.
 * A row of zeros is "none of the classes", unless its origin says that it has no label: then it stays. `fed`: `epsilon` [1].
 */
export function applyLabelSmoothingMultilabel(batch: Batch, fed: Step["fed"]): Batch {
  const epsilon = fed["epsilon"]!;
  const known = tf.notEqual(batch.origin, ORIGIN.unlabelled);
  // Mixing may have given an unlabelled example a label.
  const labelled = tf.logicalOr(known, tf.any(tf.greater(batch.labels, 0), 1));
  const half = tf.mul(tf.cast(tf.expandDims(labelled, 1), "float32"), tf.div(epsilon, 2));
  return { ...batch, labels: tf.add(tf.mul(batch.labels, tf.sub(1, epsilon)), half) as Tensor2D };
}

const shared = {
  version: manifest.version,
  group: "regularization",
  prior: 0.3,
  paper: "Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, arXiv:1512.00567, section 7",
  space: { epsilon: { kind: "m", range: [0, 0.3], default: 0.1, off: 0 } },
  order: { slot: "label" },
} as const;

/** Label smoothing for softmax classifiers. */
export const labelSmoothing: Technique<{ epsilon: number }> = {
  ...shared,
  name: manifest.name,
  tasks: ["binary_classification", "classification"],
  create: ({ epsilon }) => ({
    draw: () => drawLabelSmoothing(epsilon),
    batch: (batch, step) => applyLabelSmoothing(batch, step.fed),
  }),
};

/** Label smoothing for sigmoid classifiers. */
export const labelSmoothingMultilabel: Technique<{ epsilon: number }> = {
  ...shared,
  name: `${manifest.name}/multilabel`,
  tasks: ["multilabel_classification"],
  create: ({ epsilon }) => ({
    draw: () => drawLabelSmoothing(epsilon),
    batch: (batch, step) => applyLabelSmoothingMultilabel(batch, step.fed),
  }),
};
