import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { register, type Arguments } from "./register.ts";

/** The gradients of maxPool and avgPool; tfjs' own are wrong for negative maxima and for SAME padding. */
export function registerPool(memory: Memory): void {
  register("MaxPoolGrad", ({ inputs, attrs }) => {
    const input = inputs["input"]!;
    const out = memory.output(input.shape);
    memory.call(
      "max_pool_gradient",
      memory.at(input),
      memory.at(inputs["dy"]!),
      memory.at(out),
      ...geometry(input, attrs),
    );
    return out;
  });

  register("AvgPoolGrad", ({ inputs, attrs }) => {
    const input = inputs["input"]!;
    const out = memory.output(input.shape);
    memory.call("average_pool_gradient", memory.at(inputs["dy"]!), memory.at(out), ...geometry(input, attrs));
    return out;
  });
}

function geometry(input: tf.TensorInfo, attrs: Arguments["attrs"]): number[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.MaxPoolGradAttrs;
  const info = tf.backend_util.computePool2DInfo(
    input.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad as number,
    dimRoundingMode,
  );
  return [
    info.batchSize,
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
