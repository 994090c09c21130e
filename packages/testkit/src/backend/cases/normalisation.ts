import * as tf from "@tensorflow/tfjs-core";
import { collect, ids } from "../case.ts";

type Four = tf.Tensor4D;
type One = tf.Tensor1D;

/** Normalisation by tfjs' own ops, and what turns scores into losses. */
export const normalisation = collect((add) => {
  add(
    "batchNorm by moments",
    (x: Four, g: One, b: One) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean as One, variance as One, b, g, 1e-3);
    },
    [[4, 5, 5, 3], [3], [3]],
  );
  add(
    "batchNorm as in inference",
    (x: Four, mean: One, variance: One, beta: One, gamma: One) =>
      tf.batchNorm(x, mean, tf.add(tf.square(variance), 0.5) as One, beta, gamma, 1e-3),
    [[2, 3, 3, 4], [4], [4], [4], [4]],
  );
  add(
    "batchNorm of rank 2",
    (x: tf.Tensor2D, mean: One, beta: One, gamma: One) =>
      tf.batchNorm(x, mean, tf.tensor1d([1, 2, 3, 4, 5]), beta, gamma),
    [[6, 5], [5], [5], [5]],
  );
  add(
    "layerNorm",
    (x: tf.Tensor2D, g: One, b: One) => {
      const { mean, variance } = tf.moments(x, [-1], true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), g), b);
    },
    [[4, 6], [6], [6]],
  );
  add(
    "groupNorm",
    (x: Four) => {
      const groups = tf.reshape(x, [2, 4, 4, 2, 3]);
      const { mean, variance } = tf.moments(groups, [1, 2, 4], true);
      return tf.reshape(tf.mul(tf.sub(groups, mean), tf.rsqrt(tf.add(variance, 1e-3))), [2, 4, 4, 6]);
    },
    [[2, 4, 4, 6]],
  );
  add("localResponseNormalization", (x: Four) => tf.localResponseNormalization(x), [[1, 4, 4, 8]]);
  add("softmax", (x) => tf.softmax(x), [[4, 7]]);
  add("softmax of large numbers", (x) => tf.softmax(tf.mul(x, 200)), [[4, 7]]);
  add("logSoftmax", (x) => tf.logSoftmax(x), [[4, 7]]);
  add("logSoftmax of large numbers", (x) => tf.logSoftmax(tf.mul(x, 200)), [[4, 7]]);
  add("dropout by a mask", (x) => tf.mul(x, tf.div(tf.cast(tf.greater(tf.sin(tf.range(0, 7)), 0), "float32"), 0.5)), [
    [4, 7],
  ]);
});

const { losses } = tf;
/** Labels of four examples in seven classes. */
const labels = (): tf.Tensor => tf.cast(tf.oneHot(ids(1, 2, 3, 0), 7), "float32");
const zerosAndOnes = (): tf.Tensor => tf.cast(tf.oneHot(ids(1, 2, 3, 0), 5), "float32");
const pair = [
  [4, 5],
  [4, 5],
];

export const lossFunctions = collect((add) => {
  add("losses.softmaxCrossEntropy", (x) => losses.softmaxCrossEntropy(labels(), x, undefined, 0.1), [[4, 7]]);
  add(
    "losses.softmaxCrossEntropy, weighted",
    (x) => losses.softmaxCrossEntropy(labels(), x, tf.tensor1d([1, 0, 2, 0.5])),
    [[4, 7]],
  );
  add("losses.sigmoidCrossEntropy", (x) => losses.sigmoidCrossEntropy(tf.ones([4, 7]), x), [[4, 7]]);
  add("losses.cosineDistance", (a, b) => losses.cosineDistance(a, b, 1), pair);
  add("losses.huberLoss", (a, b) => losses.huberLoss(a, b), pair);
  add("losses.meanSquaredError", (a, b) => losses.meanSquaredError(a, b), pair);
  add("losses.absoluteDifference", (a, b) => losses.absoluteDifference(a, b), pair);
  add("losses.hingeLoss", (x) => losses.hingeLoss(zerosAndOnes(), x), [[4, 5]]);
  add("losses.logLoss", (x) => losses.logLoss(zerosAndOnes(), tf.add(tf.mul(x, 0.4), 0.5)), [[4, 5]]);
  add(
    "InfoNCE",
    (x: tf.Tensor2D) => {
      const z = tf.div(x, tf.norm(x, 2, 1, true)) as tf.Tensor2D;
      const similar = tf.sub(tf.div(tf.matMul(z, z, false, true), 0.5), tf.mul(tf.eye(6), 1e9));
      return tf.neg(tf.mean(tf.sum(tf.mul(tf.oneHot(ids(3, 4, 5, 0, 1, 2), 6), tf.logSoftmax(similar)), 1)));
    },
    [[6, 4]],
  );
  add(
    "Barlow Twins",
    (a: tf.Tensor2D, b: tf.Tensor2D) => {
      const standard = (x: tf.Tensor2D): tf.Tensor2D => {
        const { mean, variance } = tf.moments(x, 0);
        return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3)));
      };
      const c = tf.div(tf.matMul(standard(a), standard(b), true, false), 6);
      return tf.sum(tf.square(tf.sub(c, tf.eye(4))));
    },
    [
      [6, 4],
      [6, 4],
    ],
  );
});
