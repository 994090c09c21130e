import type * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { partsOfFilter } from "./reduce.ts";

type Info = tf.backend_util.Conv2DInfo;

/** Channels below which the transforms cost more than the products that they save. */
const LEAST_CHANNELS = 8;
/** Elements of transformed tiles that are worked on at a time: they stay in the caches of a core. */
const BLOCK_ELEMENTS = 16384;

/** Tiles that are summed at a time at least: each sum over them is added to one in memory. */
const LEAST_DEPTH = 32;

/** 3 × 3 filters without stride and gaps, which Winograd's minimal filtering gives with fewer products (kernels/winograd.h). */
export function isMinimal(info: Info): boolean {
  return (
    info.filterHeight === 3 &&
    info.filterWidth === 3 &&
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1 &&
    info.outHeight > 1 &&
    info.outWidth > 1 &&
    [info.inChannels, info.outChannels].every((channels) => channels % 4 === 0 && channels >= LEAST_CHANNELS)
  );
}

export function minimalForward(
  memory: Memory,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  bias: tf.TensorInfo | undefined,
  info: Info,
  clamp: readonly [number, number],
): tf.TensorInfo {
  const out = memory.output(info.outShape);
  convolve(memory, {
    x: memory.at(x),
    filter: memory.at(filter),
    turned: false,
    bias: bias ? memory.at(bias) : 0,
    out: memory.at(out),
    clamp,
    batch: info.batchSize,
    from: [info.inHeight, info.inWidth, info.inChannels],
    to: [info.outHeight, info.outWidth, info.outChannels],
    zeros: [info.padInfo.top, info.padInfo.left],
  });
  return out;
}

/** The convolution of dy with the filter turned around. */
export function minimalInputGradient(
  memory: Memory,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Info,
): tf.TensorInfo {
  const out = memory.output(info.inShape);
  convolve(memory, {
    x: memory.at(dy),
    filter: memory.at(filter),
    turned: true,
    bias: 0,
    out: memory.at(out),
    clamp: [-Infinity, Infinity],
    batch: info.batchSize,
    from: [info.outHeight, info.outWidth, info.outChannels],
    to: [info.inHeight, info.inWidth, info.inChannels],
    zeros: [2 - info.padInfo.top, 2 - info.padInfo.left],
  });
  return out;
}

type Image = readonly [height: number, width: number, channels: number];
interface Convolution {
  readonly x: number;
  readonly filter: number;
  readonly turned: boolean;
  readonly bias: number;
  readonly out: number;
  readonly clamp: readonly [number, number];
  readonly batch: number;
  readonly from: Image;
  readonly to: Image;
  /** Above and left of the image. */ readonly zeros: readonly [number, number];
}

function convolve(memory: Memory, how: Convolution): void {
  const { x, filter, turned, bias, out, clamp, batch, from, to, zeros } = how;
  const inChannels = from[2];
  const outChannels = to[2];
  const block = blockOf(inChannels + outChannels);
  memory.scratch(memory.call("winograd_packed_size", inChannels, outChannels), (packed) => {
    const tiles = { units: Math.ceil(outChannels / 8), work: 100 * inChannels };
    memory.each("winograd_pack", tiles, filter, packed, inChannels, outChannels, Number(turned));
    const images = {
      units: batch,
      work: to[0] * to[1] * inChannels * outChannels,
      scratch: memory.call("winograd_scratch", inChannels, ...to, block),
    };
    memory.each("winograd_forward", images, x, packed, bias, out, ...clamp, ...from, ...to, ...zeros, block);
  });
}

export function minimalFilterGradient(memory: Memory, x: tf.TensorInfo, dy: tf.TensorInfo, info: Info): tf.TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const out = memory.output(info.filterShape);
  const { batchParts, channelParts } = partsOfFilter(info);
  const width = Math.ceil(outChannels / 8 / channelParts) * 8;
  const block = Math.max(LEAST_DEPTH, blockOf(inChannels + width));
  const pairs = inChannels * outChannels;
  const units = {
    units: batchParts * channelParts,
    work: (batchSize * outHeight * outWidth * pairs) / (batchParts * channelParts),
    scratch: memory.call("winograd_filter_scratch", inChannels, outHeight, outWidth, width, block),
  };
  memory.scratch(16 * pairs * batchParts, (sums) => {
    const images = [
      batchSize,
      batchParts,
      channelParts,
      inHeight,
      inWidth,
      inChannels,
      outHeight,
      outWidth,
      outChannels,
    ];
    const at = [memory.at(x), memory.at(dy), sums];
    memory.each("winograd_filter_gradient", units, ...at, ...images, padInfo.top, padInfo.left, block);
    const some = 64;
    const blocks = { units: Math.ceil(pairs / some), work: (16 * batchParts * some) / 4 };
    memory.each("winograd_filter_unpack", blocks, sums, memory.at(out), pairs, batchParts, some);
  });
  return out;
}

/** Tiles in a block: a multiple of 4. */
function blockOf(channels: number): number {
  return Math.max(4, Math.floor(BLOCK_ELEMENTS / (16 * channels) / 4) * 4);
}
