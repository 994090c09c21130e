import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { Scaffold } from "@regimen/core";
import { classifier } from "@regimen/scaffold-classifier";
import manifest from "../package.json" with { type: "json" };

/** How fast the weight of an example falls as it is learnt (Lin et al. 2017, section 3.2). */
const GAMMA = 2;

/** (1 − p)^γ for each example, p the probability of its label. `labels`, `logits`: [n, classes]; the answer: [n]. */
export function focus(labels: Tensor2D, logits: Tensor2D): Tensor1D {
  const p = tf.sum(tf.mul(labels, tf.softmax(logits)), 1);
  return tf.pow(tf.sub(1, p), GAMMA) as Tensor1D;
}

/**
 * A classifier with the focal loss: examples that are known already count for little. All else (how a model is made
 * trainable and given back plain, decoding, metrics) is the classifier's.
 */
export const __IDENT__: Scaffold = {
  ...classifier,
  name: "__SHORT__",
  version: manifest.version,

  async wrap(model, how) {
    const wrapped = await classifier.wrap(model, how);
    return {
      ...wrapped,
      loss(seen, batch, step) {
        return tf.mul(focus(batch.labels, seen.outputs as Tensor2D), wrapped.loss(seen, batch, step)) as Tensor1D;
      },
    };
  },
};
