import * as tf from "@tensorflow/tfjs-core";
import { reachOf } from "./conv2d.ts";
import type { Memory } from "./memory.ts";
import { sumOfParts } from "./reduce.ts";
import { register, registerFast, type Arguments } from "./register.ts";

type Shape4 = [number, number, number, number];
type Info = tf.backend_util.Conv2DInfo;

/** Parts of the batch that the filter gradient is summed in. */
const PARTS = 8;

/** depthwiseConv2d and its gradients, with any stride, padding, dilation and channel multiplier. */
export function registerDepthwise(memory: Memory): void {
  registerFast("DepthwiseConv2dNative", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const filter = inputs["filter"]!;
    if (x.dtype !== "float32" || filter.dtype !== "float32") return undefined;
    const info = infoOf(x.shape, filter.shape as Shape4, attrs);
    const out = memory.output(info.outShape);
    const sizes = geometry(info);
    const images = {
      units: info.batchSize,
      work: products(info),
      scratch: memory.call("depthwise_scratch", ...sizes),
    };
    memory.each("depthwise_forward", images, memory.at(x), memory.at(filter), memory.at(out), ...sizes);
    return out;
  });

  register("DepthwiseConv2dNativeBackpropFilter", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const info = infoOf(x.shape, attrs["filterShape"] as Shape4, attrs);
    const out = memory.output(info.filterShape);
    const sizes = geometry(info);
    const parts = Math.max(1, Math.min(PARTS, info.batchSize));
    const units = {
      units: parts,
      work: (products(info) * info.batchSize) / parts,
      scratch: memory.call("depthwise_scratch", ...sizes),
    };
    sumOfParts(memory, out, tf.util.sizeFromShape(info.filterShape), parts, (sums) => {
      const from = [memory.at(x), memory.at(inputs["dy"]!), sums];
      memory.each("depthwise_filter_gradient", units, ...from, info.batchSize, parts, ...sizes);
    });
    return out;
  });

  register("DepthwiseConv2dNativeBackpropInput", ({ inputs, attrs }) => {
    const filter = inputs["filter"]!;
    const info = infoOf(attrs["inputShape"] as Shape4, filter.shape as Shape4, attrs);
    const out = memory.output(info.inShape);
    const sizes = geometry(info);
    const images = {
      units: info.batchSize,
      work: products(info),
      scratch: memory.call("depthwise_input_scratch", ...sizes),
    };
    const from = [memory.at(inputs["dy"]!), memory.at(filter), memory.at(out)];
    memory.each("depthwise_input_gradient", images, ...from, ...sizes);
    return out;
  });
}

/** Products of four numbers for one image. */
function products(info: Info): number {
  return (info.outHeight * info.outWidth * info.outChannels * info.filterHeight * info.filterWidth) / 4;
}

function infoOf(inShape: readonly number[], filterShape: Shape4, attrs: Arguments["attrs"]): Info {
  const { strides, dilations, pad, dimRoundingMode } = attrs as unknown as tf.DepthwiseConv2dNativeBackpropInputAttrs;
  return tf.backend_util.computeConv2DInfo(
    [...inShape] as Shape4,
    filterShape,
    strides,
    // tfjs' own op leaves it out where there is none.
    (dilations as typeof dilations | null) ?? 1,
    pad as number,
    dimRoundingMode,
    true,
  );
}

function geometry(info: Info): number[] {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  return [inHeight, inWidth, inChannels, outChannels / inChannels, outHeight, outWidth, ...reachOf(info)];
}
