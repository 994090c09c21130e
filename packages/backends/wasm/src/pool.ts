import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { register, registerFast, type Arguments } from "./register.ts";

/**
 * maxPool, avgPool and their gradients, and avgPool3d's; tfjs' own gradients are wrong for negative maxima and for SAME
 * padding.
 */
export function registerPool(memory: Memory): void {
  for (const [name, kernel] of [
    ["MaxPool", "max_pool"],
    ["AvgPool", "average_pool"],
  ] as const) {
    registerFast(name, ({ inputs, attrs }) => {
      const x = inputs["x"]!;
      if (x.dtype !== "float32") return undefined;
      const info = infoOf(x, attrs);
      const out = memory.output(info.outShape);
      memory.each(kernel, images(info), memory.at(x), memory.at(out), ...geometry(info));
      return out;
    });
  }

  register("MaxPoolGrad", ({ inputs, attrs }) => {
    const input = inputs["input"]!;
    const info = infoOf(input, attrs);
    const out = memory.output(input.shape);
    const from = [memory.at(input), memory.at(inputs["dy"]!)];
    memory.each("max_pool_gradient", images(info), ...from, memory.at(out), ...geometry(info));
    return out;
  });

  register("AvgPoolGrad", ({ inputs, attrs }) => {
    const input = inputs["input"]!;
    const info = infoOf(input, attrs);
    const out = memory.output(input.shape);
    memory.each("average_pool_gradient", images(info), memory.at(inputs["dy"]!), memory.at(out), ...geometry(info));
    return out;
  });

  registerPool3d(memory);
}

function registerPool3d(memory: Memory): void {
  register("AvgPool3DGrad", ({ inputs, attrs }) => {
    const input = inputs["input"]!;
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPool3DGradAttrs;
    const info = tf.backend_util.computePool3DInfo(
      input.shape as [number, number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const out = memory.output(input.shape);
    const taps = info.filterDepth * info.filterHeight * info.filterWidth;
    const windows = info.outDepth * info.outHeight * info.outWidth;
    const images = { units: info.batchSize, work: windows * taps * info.inChannels };
    memory.each(
      "average_pool_3d_gradient",
      images,
      memory.at(inputs["dy"]!),
      memory.at(out),
      info.inDepth,
      info.inHeight,
      info.inWidth,
      info.inChannels,
      info.outDepth,
      info.outHeight,
      info.outWidth,
      info.filterDepth,
      info.filterHeight,
      info.filterWidth,
      info.strideDepth,
      info.strideHeight,
      info.strideWidth,
      info.padInfo.front,
      info.padInfo.top,
      info.padInfo.left,
    );
    return out;
  });
}

type Info = tf.backend_util.Conv2DInfo;

function infoOf(input: tf.TensorInfo, attrs: Arguments["attrs"]): Info {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.MaxPoolGradAttrs;
  return tf.backend_util.computePool2DInfo(
    input.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad as number,
    dimRoundingMode,
  );
}

function images(info: Info): { units: number; work: number } {
  const { outHeight, outWidth, inChannels, filterHeight, filterWidth } = info;
  return { units: info.batchSize, work: outHeight * outWidth * filterHeight * filterWidth * Math.ceil(inChannels / 4) };
}

function geometry(info: Info): number[] {
  return [
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
