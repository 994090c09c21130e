import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
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
      const out = memory.output(info.outShape);
      memory.scratch(memory.call("conv2d_forward_scratch", ...geometry(info)), (scratch) =>
        memory.call(
          "conv2d_forward",
          memory.at(x),
          memory.at(filter),
          bias ? memory.at(bias) : 0,
          memory.at(out),
          scratch,
          ...clamp,
          info.batchSize,
          ...geometry(info),
        ),
      );
      return out;
    });
  }

  register("Conv2DBackpropFilter", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const dy = inputs["dy"]!;
    const info = infoOf(x.shape, attrs["filterShape"] as Shape4, attrs);
    const { images, rows } = block(info);
    const out = memory.output(info.filterShape);
    memory.scratch(filterScratch(info, images, rows), (scratch) =>
      memory.call(
        "conv2d_filter_gradient",
        memory.at(x),
        memory.at(dy),
        memory.at(out),
        scratch,
        info.batchSize,
        ...geometry(info),
        images,
        rows,
      ),
    );
    return out;
  });

  register("Conv2DBackpropInput", ({ inputs, attrs }) => {
    const dy = inputs["dy"]!;
    const filter = inputs["filter"]!;
    const info = infoOf(attrs["inputShape"] as Shape4, filter.shape as Shape4, attrs);
    const out = memory.output(info.inShape);
    memory.scratch(memory.call("conv2d_input_scratch", ...geometry(info)), (scratch) =>
      memory.call(
        "conv2d_input_gradient",
        memory.at(dy),
        memory.at(filter),
        memory.at(out),
        scratch,
        info.batchSize,
        ...geometry(info),
      ),
    );
    return out;
  });
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

/** The arguments that all convolution kernels share. */
function geometry(info: Info): number[] {
  return [
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
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

/** Several whole images where they are small, else some rows of one. */
function block(info: Info): { images: number; rows: number } {
  const row = info.inWidth * info.inChannels * info.strideHeight + info.outWidth * info.outChannels;
  const rows = Math.max(1, Math.floor(BLOCK_ELEMENTS / row), Math.ceil(BLOCK_PIXELS / info.outWidth));
  if (rows < info.outHeight) return { images: 1, rows };
  return { images: Math.min(info.batchSize, Math.floor(rows / info.outHeight)), rows: info.outHeight };
}

function filterScratch(info: Info, images: number, rows: number): number {
  const height = (rows - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1;
  const width = (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1;
  const panels = rows * info.outWidth * Math.ceil(info.outChannels / 4) * 4;
  return images * (height * width * info.inChannels + panels);
}
