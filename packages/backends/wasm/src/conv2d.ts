import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { isMinimal, minimalFilterGradient, minimalForward, minimalInputGradient } from "./minimal.ts";
import { partsOfFilter, sumOfParts } from "./reduce.ts";
import { register, registerFast, type Arguments } from "./register.ts";

type Shape4 = [number, number, number, number];
type Info = tf.backend_util.Conv2DInfo;

/** Elements of x and dy that the filter gradient works on at a time: what fits into a core's first cache. */
const BLOCK_ELEMENTS = 8192;
/** But no fewer output pixels than this, since every block adds to the whole filter gradient. */
const BLOCK_PIXELS = 64;

/** What activations clamp to; the others are tfjs' own business. */
const CLAMPS: Readonly<Record<string, readonly [number, number]>> = {
  linear: [-Infinity, Infinity],
  relu: [0, Infinity],
  relu6: [0, 6],
};

/** conv2d and its gradients (and so conv2dTranspose), with any stride, padding, dilation and number of channels. */
export function registerConv2d(memory: Memory): void {
  for (const name of ["Conv2D", "FusedConv2D"]) {
    registerFast(name, ({ inputs, attrs }) => {
      const x = inputs["x"]!;
      const filter = inputs["filter"]!;
      const bias = inputs["bias"];
      const clamp = CLAMPS[(attrs["activation"] as string | undefined) ?? "linear"];
      const plain = x.dtype === "float32" && filter.dtype === "float32" && attrs["dataFormat"] !== "NCHW";
      if (!plain || clamp === undefined) return undefined;
      const info = infoOf(x.shape, filter.shape as Shape4, attrs);
      if (bias && tf.util.sizeFromShape(bias.shape) !== info.outChannels) return undefined;
      if (isMinimal(info)) return minimalForward(memory, x, filter, bias, info, clamp);
      return forward(memory, x, filter, bias, info, clamp);
    });
  }

  register("Conv2DBackpropFilter", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const info = infoOf(x.shape, attrs["filterShape"] as Shape4, attrs);
    return (isMinimal(info) ? minimalFilterGradient : filterGradient)(memory, x, inputs["dy"]!, info);
  });

  register("Conv2DBackpropInput", ({ inputs, attrs }) => {
    const filter = inputs["filter"]!;
    const info = infoOf(attrs["inputShape"] as Shape4, filter.shape as Shape4, attrs);
    return (isMinimal(info) ? minimalInputGradient : inputGradient)(memory, inputs["dy"]!, filter, info);
  });
}

function forward(
  memory: Memory,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  bias: tf.TensorInfo | undefined,
  info: Info,
  clamp: readonly [number, number],
): tf.TensorInfo {
  const out = memory.output(info.outShape);
  const elements = info.filterHeight * info.filterWidth * info.inChannels;
  const sizes = geometry(info);
  memory.scratch(memory.call("conv2d_packed_size", elements, info.outChannels), (packed) => {
    const from = [memory.at(filter), bias ? memory.at(bias) : 0];
    const tiles = { units: Math.ceil(info.outChannels / 8), work: 2 * elements };
    memory.each("conv2d_pack", tiles, ...from, packed, elements, info.outChannels);
    const images = {
      units: info.batchSize,
      work: products(info),
      scratch: memory.call("conv2d_forward_scratch", ...sizes),
    };
    memory.each("conv2d_forward", images, memory.at(x), packed, memory.at(out), ...clamp, ...sizes);
  });
  return out;
}

function filterGradient(memory: Memory, x: tf.TensorInfo, dy: tf.TensorInfo, info: Info): tf.TensorInfo {
  const out = memory.output(info.filterShape);
  const size = tf.util.sizeFromShape(info.filterShape);
  const { batchParts, channelParts } = partsOfFilter(info);
  const { images, rows } = block(info, Math.ceil(info.batchSize / batchParts));
  const units = {
    units: batchParts * channelParts,
    work: (products(info) * info.batchSize) / (batchParts * channelParts),
    scratch: filterScratch(info, images, rows),
  };
  sumOfParts(memory, out, size, batchParts, (sums) =>
    memory.each(
      "conv2d_filter_gradient",
      units,
      memory.at(x),
      memory.at(dy),
      sums,
      info.batchSize,
      batchParts,
      channelParts,
      ...geometry(info),
      images,
      rows,
    ),
  );
  return out;
}

function inputGradient(memory: Memory, dy: tf.TensorInfo, filter: tf.TensorInfo, info: Info): tf.TensorInfo {
  const out = memory.output(info.inShape);
  const taps = info.filterHeight * info.filterWidth;
  const sizes = geometry(info);
  memory.scratch(taps * info.outChannels * Math.ceil(info.inChannels / 4) * 4, (packed) => {
    const tiles = {
      units: Math.ceil(info.inChannels / 8),
      work: 8 * taps * info.outChannels,
      scratch: 2 * taps,
    };
    memory.each("conv2d_input_pack", tiles, memory.at(filter), packed, ...sizes);
    const images = {
      units: info.batchSize,
      work: products(info),
      scratch: memory.call("conv2d_input_scratch", ...sizes),
    };
    memory.each("conv2d_input_gradient", images, memory.at(dy), packed, memory.at(out), ...sizes);
  });
  return out;
}

/** Products of four numbers for one image. */
function products(info: Info): number {
  const { outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels } = info;
  return (outHeight * outWidth * outChannels * filterHeight * filterWidth * inChannels) / 4;
}

function infoOf(inShape: readonly number[], filterShape: Shape4, attrs: Arguments["attrs"]): Info {
  const { strides, pad, dimRoundingMode, dataFormat, dilations } = attrs as unknown as tf.Conv2DBackpropFilterAttrs & {
    dilations?: [number, number];
  };
  if (dataFormat === "NCHW") throw new Error("conv2d's gradients take NHWC images; got NCHW. Transpose the images.");
  return tf.backend_util.computeConv2DInfo(
    [...inShape] as Shape4,
    filterShape,
    strides,
    // tfjs' own gradient never asks for one; ours does (gradients.ts).
    dilations ?? 1,
    pad as number,
    dimRoundingMode,
  );
}

/** The arguments that all kernels of this file share. */
function geometry(info: Info): number[] {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  return [inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, ...reachOf(info)];
}

/** The last arguments of every convolution kernel: where its windows are. */
export function reachOf(info: Info): number[] {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = info;
  const { top, left } = padInfo;
  return [filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left];
}

/** Several whole images where they are small, else some rows of one. */
function block(info: Info, most: number): { images: number; rows: number } {
  const row = info.inWidth * info.inChannels * info.strideHeight + info.outWidth * info.outChannels;
  const rows = Math.max(1, Math.floor(BLOCK_ELEMENTS / row), Math.ceil(BLOCK_PIXELS / info.outWidth));
  if (rows < info.outHeight) return { images: 1, rows };
  return { images: Math.min(most, Math.floor(rows / info.outHeight)), rows: info.outHeight };
}

function filterScratch(info: Info, images: number, rows: number): number {
  const height = (rows - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1;
  const width = (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1;
  const panels = rows * info.outWidth * Math.ceil(info.outChannels / 4) * 4;
  return images * (height * width * info.inChannels + panels);
}
