import * as tf from "@tensorflow/tfjs-core";
import { collect, forwardOnly, ids } from "./case.ts";

/** Matrix products, normalisation, losses, gathers and resizing. */
export const layers = collect((add) => {
  add(
    "batchNorm by moments",
    (x: tf.Tensor4D, g: tf.Tensor1D, b: tf.Tensor1D) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, b, g, 1e-3);
    },
    [[4, 5, 5, 3], [3], [3]],
  );
  add(
    "layerNorm",
    (x: tf.Tensor2D, g: tf.Tensor1D, b: tf.Tensor1D) => {
      const { mean, variance } = tf.moments(x, [-1], true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), g), b);
    },
    [[4, 6], [6], [6]],
  );
  add("dense", (x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D) => tf.add(tf.matMul(x, w), b), [[4, 5], [5, 3], [3]]);
  add(
    "fused matMul",
    (x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D) => tf.fused.matMul({ a: x, b: w, bias: b, activation: "relu" }),
    [[4, 5], [5, 3], [3]],
  );
  add(
    "fused conv2d",
    (x: tf.Tensor4D, w: tf.Tensor4D, b: tf.Tensor1D) =>
      tf.fused.conv2d({ x, filter: w, strides: 1, pad: "same", bias: b, activation: "relu" }),
    [[2, 6, 6, 3], [3, 3, 3, 4], [4]],
  );
  add(
    "fused depthwiseConv2d",
    (x: tf.Tensor4D, w: tf.Tensor4D, b: tf.Tensor1D) =>
      tf.fused.depthwiseConv2d({ x, filter: w, strides: 1, pad: "same", bias: b }),
    [[2, 6, 6, 4], [3, 3, 4, 1], [4]],
  );
  add("batched matMul", (a: tf.Tensor3D, b: tf.Tensor3D) => tf.matMul(a, b, false, true), [
    [2, 3, 4],
    [2, 5, 4],
  ]);
  add("transposed matMul", (a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(a, b, true, false), [
    [5, 7],
    [5, 13],
  ]);
  add("twice transposed matMul", (a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(a, b, true, true), [
    [5, 6],
    [11, 5],
  ]);
  add(
    "broadcast matMul",
    (a: tf.Tensor3D, b: tf.Tensor3D) => tf.matMul(a, b, false, true),
    [
      [1, 3, 4],
      [2, 5, 4],
    ],
    forwardOnly,
  );
  add(
    "einsum bij,bjk->bik",
    (a: tf.Tensor3D, b: tf.Tensor3D) => tf.einsum("bij,bjk->bik", a, b),
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    forwardOnly,
  );
  add(
    "einsum ij,ij->i",
    (a: tf.Tensor2D, b: tf.Tensor2D) => tf.einsum("ij,ij->i", a, b),
    [
      [3, 4],
      [3, 4],
    ],
    forwardOnly,
  );
  add(
    "einsum bij,kj->bki",
    (a: tf.Tensor3D, b: tf.Tensor2D) => tf.einsum("bij,kj->bki", a, b),
    [
      [2, 3, 4],
      [5, 4],
    ],
    forwardOnly,
  );
  add("einsum ij->ji", (a: tf.Tensor2D) => tf.einsum("ij->ji", a), [[3, 4]], forwardOnly);

  add("softmax", (x) => tf.softmax(x), [[4, 7]]);
  add("logSoftmax", (x) => tf.logSoftmax(x), [[4, 7]]);
  add("logSumExp", (x) => tf.logSumExp(x, 1), [[4, 7]]);
  add(
    "losses.softmaxCrossEntropy",
    (x) => tf.losses.softmaxCrossEntropy(tf.cast(tf.oneHot(ids(1, 2, 3, 0), 7), "float32"), x, undefined, 0.1),
    [[4, 7]],
  );
  add("losses.sigmoidCrossEntropy", (x) => tf.losses.sigmoidCrossEntropy(tf.ones([4, 7]), x), [[4, 7]]);
  add("losses.cosineDistance", (a, b) => tf.losses.cosineDistance(a, b, 1), [
    [4, 5],
    [4, 5],
  ]);
  add("losses.huberLoss", (a, b) => tf.losses.huberLoss(a, b), [
    [4, 5],
    [4, 5],
  ]);

  add("gather", (x) => tf.gather(x, ids(0, 2, 2, 1)), [[4, 5]]);
  add("gather along axis 1", (x) => tf.gather(x, ids(0, 2, 2, 1), 1), [[4, 5, 3]]);
  add("unsortedSegmentSum", (x) => tf.unsortedSegmentSum(x, ids(0, 2, 2, 1), 3), [[4, 5]]);
  add(
    "mixup",
    (x: tf.Tensor4D, share: tf.Tensor1D) => {
      const by = tf.reshape(share, [4, 1, 1, 1]);
      return tf.add(tf.mul(x, by), tf.mul(tf.gather(x, ids(3, 1, 0, 2)), tf.sub(1, by)));
    },
    [[4, 5, 5, 3], [4]],
  );
  add(
    "where",
    (x, y) =>
      tf.where(
        tf.tensor2d(
          Array.from({ length: 20 }, (_, i) => i % 3),
          [4, 5],
          "bool",
        ),
        x,
        y,
      ),
    [
      [4, 5],
      [4, 5],
    ],
  );
  add("resizeBilinear up", (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [11, 13], false, true), [[2, 6, 6, 3]], {
    cpuWrong: true,
  });
  add("resizeBilinear up, aligned corners", (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [11, 13], true), [
    [2, 6, 6, 3],
  ]);
  add("resizeBilinear down", (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [4, 3]), [[2, 6, 6, 3]]);
  add("resizeNearestNeighbor", (x: tf.Tensor4D) => tf.image.resizeNearestNeighbor(x, [12, 12]), [[2, 6, 6, 3]], {
    cpuWrong: true,
  });
  add(
    "resizeNearestNeighbor down, half-pixel centres",
    (x: tf.Tensor4D) => tf.image.resizeNearestNeighbor(x, [4, 3], false, true),
    [[2, 6, 6, 3]],
    { cpuWrong: true },
  );
});
