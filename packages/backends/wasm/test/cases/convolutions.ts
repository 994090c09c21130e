import * as tf from "@tensorflow/tfjs-core";
import { collect } from "./case.ts";

/** Convolutions and pooling. */
export const convolutions = collect((add) => {
  for (const channels of [1, 3, 4, 8, 10, 16]) {
    for (const out of [1, 5, 8, 12]) {
      add(`conv2d 3×3 ${channels}→${out}`, (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, "same"), [
        [2, 5, 6, channels],
        [3, 3, channels, out],
      ]);
    }
  }
  add("conv2d stride 2 same, even", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 2, "same"), [
    [2, 8, 8, 4],
    [3, 3, 4, 6],
  ]);
  add("conv2d stride 2 same, odd", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 2, "same"), [
    [2, 7, 9, 4],
    [3, 3, 4, 8],
  ]);
  add("conv2d 1×1 stride 2", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 2, "same"), [
    [2, 8, 8, 4],
    [1, 1, 4, 6],
  ]);
  add("conv2d 7×7 stride 2 valid", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 2, "valid"), [
    [2, 17, 17, 3],
    [7, 7, 3, 4],
  ]);
  add("conv2d 2×3, strides 3 and 2", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, [3, 2], "valid"), [
    [2, 10, 9, 3],
    [2, 3, 3, 4],
  ]);
  add(
    "conv2d explicit padding",
    (x: tf.Tensor4D, w: tf.Tensor4D) =>
      tf.conv2d(x, w, 1, [
        [0, 0],
        [2, 1],
        [0, 3],
        [0, 0],
      ]),
    [
      [1, 5, 6, 3],
      [3, 3, 3, 4],
    ],
  );
  add(
    "conv2d dilation 2",
    (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, "same", "NHWC", 2),
    [
      [2, 9, 9, 3],
      [3, 3, 3, 4],
    ],
    { cpuWrong: true },
  );
  add(
    "conv2d dilation 2 and 3",
    (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, "valid", "NHWC", [2, 3]),
    [
      [1, 9, 10, 5],
      [3, 3, 5, 4],
    ],
    { cpuWrong: true },
  );
  add("conv2d many blocks", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, "same"), [
    [3, 40, 40, 16],
    [3, 3, 16, 8],
  ]);
  add(
    "conv2dTranspose stride 2",
    (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2dTranspose(x, w, [2, 8, 8, 3], 2, "same"),
    [
      [2, 4, 4, 5],
      [4, 4, 3, 5],
    ],
  );
  add("conv1d", (x: tf.Tensor3D, w: tf.Tensor3D) => tf.conv1d(x, w, 1, "same"), [
    [2, 10, 3],
    [3, 3, 4],
  ]);
  for (const channels of [3, 4, 10]) {
    add(
      `depthwise 3×3, ${channels} channels`,
      (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 1, "same"),
      [
        [2, 6, 5, channels],
        [3, 3, channels, 1],
      ],
    );
  }
  add("depthwise 5×5 stride 2", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 2, "same"), [
    [2, 9, 9, 4],
    [5, 5, 4, 1],
  ]);
  add("depthwise 2×4 valid", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 1, "valid"), [
    [2, 6, 7, 4],
    [2, 4, 4, 1],
  ]);
  add("depthwise multiplier 3", (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 1, "same"), [
    [2, 5, 5, 4],
    [3, 3, 4, 3],
  ]);
  add(
    "depthwise dilation 2",
    (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 1, "same", "NHWC", 2),
    [
      [2, 9, 9, 4],
      [3, 3, 4, 1],
    ],
    { cpuWrong: true },
  );
  add("separableConv2d", (x: tf.Tensor4D, d: tf.Tensor4D, p: tf.Tensor4D) => tf.separableConv2d(x, d, p, 1, "same"), [
    [2, 8, 8, 4],
    [3, 3, 4, 1],
    [1, 1, 4, 6],
  ]);
  add("conv3d", (x: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3d(x, w, 1, "same"), [
    [1, 4, 4, 4, 2],
    [2, 2, 2, 2, 3],
  ]);
  add("conv3d stride 2", (x: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3d(x, w, 2, "valid"), [
    [2, 5, 5, 4, 2],
    [2, 2, 2, 2, 3],
  ]);

  for (const channels of [3, 4]) {
    add(`maxPool 2×2, ${channels} channels`, (x: tf.Tensor4D) => tf.maxPool(x, 2, 2, "valid"), [[2, 8, 8, channels]]);
    add(`maxPool 3×3 stride 2 same, ${channels} channels`, (x: tf.Tensor4D) => tf.maxPool(x, 3, 2, "same"), [
      [2, 8, 8, channels],
    ]);
    add(`maxPool of negatives, ${channels} channels`, (x: tf.Tensor4D) => tf.maxPool(tf.sub(x, 3), 2, 2, "valid"), [
      [2, 4, 4, channels],
    ]);
    add(`avgPool 2×2, ${channels} channels`, (x: tf.Tensor4D) => tf.avgPool(x, 2, 2, "valid"), [[2, 8, 8, channels]]);
    add(
      `avgPool 3×3 stride 2 same, ${channels} channels`,
      (x: tf.Tensor4D) => tf.avgPool(x, 3, 2, "same"),
      [[2, 8, 8, channels]],
      { cpuWrong: true },
    );
    add(
      `avgPool 3×3 same, ${channels} channels`,
      (x: tf.Tensor4D) => tf.avgPool(x, 3, 1, "same"),
      [[2, 5, 5, channels]],
      {
        cpuWrong: true,
      },
    );
  }
});
