import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { register, type Arguments } from "./register.ts";

type Shape5 = [number, number, number, number, number];
type Info = tf.backend_util.Conv3DInfo;

/** The gradients of conv3d; tfjs' own are wrong. */
export function registerConv3d(memory: Memory): void {
  register("Conv3DBackpropFilterV2", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const info = infoOf(x.shape, attrs["filterShape"] as Shape5, attrs);
    const out = memory.output(info.filterShape);
    memory.call("conv3d_filter_gradient", memory.at(x), memory.at(inputs["dy"]!), memory.at(out), ...geometry(info));
    return out;
  });

  register("Conv3DBackpropInputV2", ({ inputs, attrs }) => {
    const filter = inputs["filter"]!;
    const info = infoOf(attrs["inputShape"] as Shape5, filter.shape as Shape5, attrs);
    const out = memory.output(info.inShape);
    memory.call(
      "conv3d_input_gradient",
      memory.at(inputs["dy"]!),
      memory.at(filter),
      memory.at(out),
      ...geometry(info),
    );
    return out;
  });
}

function infoOf(inShape: readonly number[], filterShape: Shape5, attrs: Arguments["attrs"]): Info {
  const { strides, pad } = attrs as unknown as tf.Conv3DBackpropInputV2Attrs;
  return tf.backend_util.computeConv3DInfo([...inShape] as Shape5, filterShape, strides, 1, pad);
}

function geometry(info: Info): number[] {
  return [
    info.batchSize,
    info.inDepth,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outDepth,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterDepth,
    info.filterHeight,
    info.filterWidth,
    info.strideDepth,
    info.strideHeight,
    info.strideWidth,
    info.dilationDepth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.front,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
