import * as tf from "@tensorflow/tfjs-core";
import { collect, refused, type Add } from "../case.ts";

type Four = tf.Tensor4D;

/** Convolutions: strides, paddings, dilations, channels that fill no vector register, transposed and in 1 and 3 dimensions. */
export const convolutions = collect((add) => {
  for (const channels of [1, 3, 4, 8, 10, 16]) {
    for (const out of [1, 5, 8, 12]) {
      conv2d(add, `3×3 ${channels}→${out}`, [2, 5, 6, channels], [3, 3, channels, out]);
    }
  }
  conv2d(add, "1×1 8→48", [2, 5, 4, 8], [1, 1, 8, 48]);
  conv2d(add, "3×3 40→24", [2, 4, 4, 40], [3, 3, 40, 24]);
  conv2d(add, "stride 2 same, even", [2, 8, 8, 4], [3, 3, 4, 6], 2);
  conv2d(add, "stride 2 same, odd", [2, 7, 9, 4], [3, 3, 4, 8], 2);
  conv2d(add, "1×1 stride 2", [2, 8, 8, 4], [1, 1, 4, 6], 2);
  conv2d(add, "5×5 stride 2 same", [2, 9, 8, 3], [5, 5, 3, 8], 2);
  conv2d(add, "7×7 stride 2 valid", [2, 17, 17, 3], [7, 7, 3, 4], 2, "valid");
  conv2d(add, "2×3, strides 3 and 2", [2, 10, 9, 3], [2, 3, 3, 4], [3, 2], "valid");
  conv2d(add, "many blocks", [1, 40, 40, 12], [3, 3, 12, 4]);
  conv2d(add, "the whole image", [3, 4, 4, 6], [4, 4, 6, 5], 1, "valid");
  add(
    "conv2d explicit padding",
    (x: Four, w: Four) =>
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
  add("conv2d dilation 2", (x: Four, w: Four) => tf.conv2d(x, w, 1, "same", "NHWC", 2), [
    [2, 9, 9, 3],
    [3, 3, 3, 4],
  ]);
  add("conv2d dilation 2 and 3", (x: Four, w: Four) => tf.conv2d(x, w, 1, "valid", "NHWC", [2, 3]), [
    [1, 9, 10, 5],
    [3, 3, 5, 4],
  ]);
  for (const activation of ["linear", "relu", "relu6", "sigmoid", "elu"] as const) {
    add(
      `fused conv2d, ${activation}`,
      (x: Four, w: Four, bias: tf.Tensor1D) =>
        tf.fused.conv2d({ x, filter: w, strides: 1, pad: "same", bias, activation }),
      [[2, 6, 6, 3], [3, 3, 3, 4], [4]],
    );
  }

  for (const [name, size, stride, pad, inputs, outputs] of [
    ["4×4 stride 2 same", 4, 2, "same", [2, 4, 4, 5], [2, 8, 8, 3]],
    ["3×3 stride 2 same", 3, 2, "same", [2, 4, 5, 4], [2, 8, 10, 4]],
    ["3×3 stride 1 valid", 3, 1, "valid", [2, 4, 4, 4], [2, 6, 6, 3]],
    ["2×2 stride 2 valid", 2, 2, "valid", [1, 5, 4, 3], [1, 10, 8, 8]],
  ] as const) {
    add(
      `conv2dTranspose ${name}`,
      (x: Four, w: Four) => tf.conv2dTranspose(x, w, [...outputs] as [number, number, number, number], stride, pad),
      [inputs, [size, size, outputs[3], inputs[3]]],
    );
  }

  add("conv1d", (x: tf.Tensor3D, w: tf.Tensor3D) => tf.conv1d(x, w, 1, "same"), [
    [2, 10, 3],
    [3, 3, 4],
  ]);
  add("conv1d stride 2", (x: tf.Tensor3D, w: tf.Tensor3D) => tf.conv1d(x, w, 2, "valid"), [
    [2, 11, 4],
    [4, 4, 5],
  ]);
  add("conv3d", (x: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3d(x, w, 1, "same"), [
    [1, 4, 4, 4, 2],
    [2, 2, 2, 2, 3],
  ]);
  add("conv3d stride 2", (x: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3d(x, w, 2, "valid"), [
    [2, 5, 5, 4, 2],
    [2, 2, 2, 2, 3],
  ]);
  add(
    "conv3dTranspose stride 2",
    (x: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3dTranspose(x, w, [1, 4, 4, 6, 2], 2, "same"),
    [
      [1, 2, 2, 3, 3],
      [3, 3, 3, 2, 3],
    ],
    refused,
  );
});

/** One filter a channel, or several. */
export const depthwise = collect((add) => {
  for (const channels of [3, 4, 10]) depthwiseConv(add, `3×3, ${channels} channels`, [2, 6, 5, channels], 3);
  depthwiseConv(add, "5×5, 24 channels", [2, 6, 6, 24], 5);
  depthwiseConv(add, "3×3 stride 2, even", [2, 8, 8, 8], 3, 2);
  depthwiseConv(add, "5×5 stride 2, even", [2, 8, 8, 4], 5, 2);
  depthwiseConv(add, "5×5 stride 2, odd", [2, 9, 7, 6], 5, 2);
  add("depthwise 2×4 valid", (x: Four, w: Four) => tf.depthwiseConv2d(x, w, 1, "valid"), [
    [2, 6, 7, 4],
    [2, 4, 4, 1],
  ]);
  add("depthwise multiplier 3", (x: Four, w: Four) => tf.depthwiseConv2d(x, w, 1, "same"), [
    [2, 5, 5, 4],
    [3, 3, 4, 3],
  ]);
  add("depthwise dilation 2", (x: Four, w: Four) => tf.depthwiseConv2d(x, w, 1, "same", "NHWC", 2), [
    [2, 9, 9, 4],
    [3, 3, 4, 1],
  ]);
  add(
    "fused depthwiseConv2d",
    (x: Four, w: Four, bias: tf.Tensor1D) => tf.fused.depthwiseConv2d({ x, filter: w, strides: 1, pad: "same", bias }),
    [[2, 6, 6, 4], [3, 3, 4, 1], [4]],
  );
  add("separableConv2d", (x: Four, d: Four, p: Four) => tf.separableConv2d(x, d, p, 1, "same"), [
    [2, 8, 8, 4],
    [3, 3, 4, 1],
    [1, 1, 4, 6],
  ]);
  add("dilation2d", (x: Four, w: tf.Tensor3D) => tf.dilation2d(x, w, 1, "same", 1), [
    [1, 5, 5, 3],
    [2, 2, 3],
  ]);
});

function conv2d(
  add: Add,
  name: string,
  x: readonly number[],
  filter: readonly number[],
  strides: number | [number, number] = 1,
  pad: "same" | "valid" = "same",
): void {
  add(`conv2d ${name}`, (x: Four, w: Four) => tf.conv2d(x, w, strides, pad), [x, filter]);
}

function depthwiseConv(add: Add, name: string, x: readonly number[], size: number, stride = 1): void {
  add(`depthwise ${name}`, (x: Four, w: Four) => tf.depthwiseConv2d(x, w, stride, "same"), [x, [size, size, x[3]!, 1]]);
}
