import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { register, type Arguments } from "./register.ts";

type Shape4 = [number, number, number, number];
type Info = tf.backend_util.Conv2DInfo;

/** The gradients of depthwiseConv2d, with any stride, padding, dilation and channel multiplier. */
export function registerDepthwise(memory: Memory): void {
  register("DepthwiseConv2dNativeBackpropFilter", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const info = infoOf(x.shape, attrs["filterShape"] as Shape4, attrs);
    const out = memory.output(info.filterShape);
    const rows = (info.outHeight - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1;
    const columns = (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1;
    memory.scratch(rows * columns * info.inChannels, (scratch) =>
      memory.call(
        "depthwise_filter_gradient",
        memory.at(x),
        memory.at(inputs["dy"]!),
        memory.at(out),
        scratch,
        ...geometry(info),
      ),
    );
    return out;
  });

  register("DepthwiseConv2dNativeBackpropInput", ({ inputs, attrs }) => {
    const filter = inputs["filter"]!;
    const info = infoOf(attrs["inputShape"] as Shape4, filter.shape as Shape4, attrs);
    const out = memory.output(info.inShape);
    const [, ...image] = geometry(info);
    memory.scratch(memory.call("depthwise_input_scratch", ...image), (scratch) =>
      memory.call(
        "depthwise_input_gradient",
        memory.at(inputs["dy"]!),
        memory.at(filter),
        memory.at(out),
        scratch,
        ...geometry(info),
      ),
    );
    return out;
  });
}

function infoOf(inShape: readonly number[], filterShape: Shape4, attrs: Arguments["attrs"]): Info {
  const { strides, dilations, pad, dimRoundingMode } = attrs as unknown as tf.DepthwiseConv2dNativeBackpropInputAttrs;
  return tf.backend_util.computeConv2DInfo(
    [...inShape] as Shape4,
    filterShape,
    strides,
    dilations,
    pad as number,
    dimRoundingMode,
    true,
  );
}

function geometry(info: Info): number[] {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outChannels / info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
