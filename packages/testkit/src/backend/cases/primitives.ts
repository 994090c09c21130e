import {
  identityWarp,
  affineWarp,
  batchNormTrain,
  colour,
  composeColour,
  composeWarp,
  imageMeans,
  keepLargest,
  mixLabels,
  normal,
  relu,
  softmaxCrossEntropy,
  swish,
  uniform,
  warp,
  warpBoxes,
  type WarpOptions,
} from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import { collect, noGradient, table } from "../case.ts";

type Four = tf.Tensor4D;
type Two = tf.Tensor2D;
type One = tf.Tensor1D;

/** Rotated, far off, as it is, in perspective, beside the picture. */
const MAPS = [
  [1.1, 0.13, -1.37, -0.12, 0.93, 0.51, 0, 0],
  [0.7, -0.71, 3.2, 0.69, 0.7, -2.3, 0, 0],
  [1, 0, 0, 0, 1, 0, 0, 0],
  [0.9, 0.1, 0.3, 0.05, 1.2, -0.4, 0.021, -0.013],
  [1, 0, -40.3, 0, 1, 33.6, 0, 0],
];
const maps = (): Two => table(MAPS, "float32");

/** The primitives of `@regimen/ops`: what a backend has kernels of its own for, and what is composed. */
export const primitives = collect((add) => {
  for (const shape of [
    [6, 5, 4, 3],
    [3, 4, 2, 1],
    [2, 9, 8, 16],
    [4, 2, 2, 40],
    [30, 7],
    [3, 4, 8],
    [300, 4],
  ]) {
    const c = shape.at(-1)!;
    add(`batchNormTrain [${shape.join(", ")}]`, (x, gamma: One, beta: One) => batchNormTrain(x, gamma, beta, 1e-3).y, [
      shape,
      [c],
      [c],
    ]);
    add(
      `batchNormTrain's statistics [${shape.join(", ")}]`,
      (x) => {
        const { mean, variance } = batchNormTrain(x, null, null, 1e-3);
        return tf.stack([mean, variance]);
      },
      [shape],
      noGradient,
    );
  }
  add("batchNormTrain far from zero", (x) => batchNormTrain(tf.add(x, 50), null, null, 1e-3).y, [[60, 4]], noGradient);
  add("relu primitive", (x) => relu(x), [[2, 3, 3, 5]]);
  add("relu primitive of a sum", (x, y) => relu(tf.add(x, y)), [[2, 3, 3, 4], [4]]);
  add("swish primitive", (x) => swish(tf.mul(x, 4)), [[2, 3, 3, 4]]);
  add("swish primitive, odd size", (x) => swish(x), [[3, 5]]);
  add("imageMeans", (x: Four) => imageMeans(x), [[3, 4, 5, 7]]);
  add("softmaxCrossEntropy", (x: Two) => softmaxCrossEntropy(soft(), x), [[4, 3]]);
  add("softmaxCrossEntropy of large logits", (x: Two) => softmaxCrossEntropy(soft(), tf.mul(x, 200)), [[4, 3]]);

  for (const how of [
    { interpolation: "bilinear", fill: "reflect" },
    { interpolation: "bilinear", fill: "constant", value: 0.7 },
    { interpolation: "nearest", fill: "reflect" },
    { interpolation: "nearest", fill: "constant" },
  ] satisfies WarpOptions[]) {
    for (const c of how.fill === "reflect" ? [1, 3, 6] : [3]) {
      add(`warp, ${how.interpolation}, ${how.fill}, ${c} channels`, (x: Four) => warp(x, maps(), how), [[5, 5, 6, c]]);
    }
  }
  add("composeWarp", (x: Two) => composeWarp(tf.add(x, identityWarp(5)), maps()), [[5, 8]], noGradient);
  add(
    "affineWarp",
    (angle: One, scaleX: One, shearX: One, shiftY: One) =>
      affineWarp({ h: 6, w: 9 }, { angle, scaleX: tf.add(scaleX, 2), shearX, shiftY }),
    [[4], [4], [4], [4]],
    noGradient,
  );
  add(
    "warpBoxes",
    (corner: tf.Tensor3D, weights: Two) => {
      const at = tf.concat([tf.add(corner, 1), tf.add(corner, 4)], 2) as tf.Tensor3D;
      const warped = warpBoxes(at, weights, maps(), { h: 7, w: 9 });
      return tf.concat([tf.reshape(warped.at, [5, 12]), warped.weights], 1);
    },
    [
      [5, 3, 2],
      [5, 3],
    ],
    noGradient,
  );

  for (const count of [1, 6, 1003]) {
    const seed = (): One => tf.tensor1d([123456789, -987654321], "int32");
    add(`uniform [${count}]`, () => uniform(seed(), [count]), [], noGradient);
    add(`normal [${count}]`, () => normal(seed(), [count]), [], noGradient);
  }
  add("uniform []", () => uniform(tf.tensor1d([1, 2], "int32"), []), [], noGradient);

  for (const range of [
    [0, 255],
    [-1, 1],
  ] as const) {
    add(
      `colour in ${range.join(" to ")}`,
      (x: Four, change: tf.Tensor3D) => colour(tf.mul(x, range[1]), colours(change), range),
      [
        [3, 4, 5, 3],
        [3, 3, 4],
      ],
      noGradient,
    );
  }
  add("colour's gradient", (x: Four) => colour(x, colours(tf.fill([3, 3, 4], 0.2)), [-1, 1]), [[3, 4, 5, 3]]);
  add("colour's gradient, one channel", (x: Four) => colour(x, tf.tensor3d([[[1.3, 0.1]]]), [-1, 1]), [[1, 4, 5, 1]]);
  add(
    "composeColour",
    (a: tf.Tensor3D, b: tf.Tensor3D) => composeColour(a, b),
    [
      [3, 3, 4],
      [3, 3, 4],
    ],
    noGradient,
  );

  add(
    "mixLabels",
    (labels: Two, weights: One, lambda: One) => {
      const mixed = mixLabels({ labels, weights: tf.relu(weights) }, lambda, tf.sub(1, lambda), (t) =>
        tf.reverse(t, 0),
      );
      return tf.concat([mixed.labels, tf.expandDims(mixed.weights, 1)], 1);
    },
    [[4, 3], [4], [4]],
    noGradient,
  );
  add(
    "keepLargest",
    (size: Two, x: tf.Tensor3D) => keepLargest(size, 2)(x),
    [
      [3, 5],
      [3, 5, 4],
    ],
    noGradient,
  );
});

const soft = (): Two => table([[1, 0, 0], [0.2, 0.3, 0.5], [0, 0, 0], [0, 0.9, 0.1]], "float32"); // prettier-ignore

/** Maps of which the first changes nothing. */
const colours = (change: tf.Tensor): tf.Tensor3D => {
  const identity = tf.concat([tf.eye(3), tf.zeros([3, 1])], 1);
  return tf.add(identity, tf.mul(change, tf.tensor3d([0, 0.5, 1], [3, 1, 1])));
};
