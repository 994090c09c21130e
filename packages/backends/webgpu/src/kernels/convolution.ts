import * as tf from "@tensorflow/tfjs-core";
import { dispose, launch, type WebGpu } from "../program.ts";
import { register, registerPart, type Arguments } from "../register.ts";
import { total } from "./columns.ts";

type Shape4 = [number, number, number, number];
type Info = tf.backend_util.Conv2DInfo;

/** Workgroups that keep a large GPU busy, and the fewest output pixels that are worth one. */
const WORKGROUPS = 512;
const FEWEST_PIXELS = 256;
/** A workgroup's tile of the filter gradient has so many rows; a step reads so many output pixels. */
const TILE_ROWS = 64;
const DEPTH = 16;

/**
 * The filters' gradients. tfjs' own sum over all pixels of a batch in one thread for each weight: a few thousand threads of
 * 65,536 steps each for a ResNet's first stage. Here the pixels are cut into slices, whose sums are added up in a fixed order.
 */
export function registerConvolutions(): void {
  registerPart("Conv2DBackpropFilter", ({ inputs, attrs, gpu }) => {
    if (attrs["dataFormat"] === "NCHW") return undefined;
    const info = infoOf(inputs["x"]!, attrs, false);
    return summed(gpu, info.filterShape, (slices) => filterGradient(gpu, inputs, info, slices), tilesOf(info), info);
  });
  register("DepthwiseConv2dNativeBackpropFilter", ({ inputs, attrs, gpu }) => {
    const info = infoOf(inputs["x"]!, attrs, true);
    const groups = tf.util.sizeFromShape(info.filterShape) / TILE_ROWS;
    return summed(gpu, info.filterShape, (slices) => depthwiseGradient(gpu, inputs, info, slices), groups, info);
  });
}

function infoOf(x: tf.TensorInfo, attrs: Arguments["attrs"], depthwise: boolean): Info {
  const { strides, pad, dimRoundingMode, dilations, filterShape } =
    attrs as unknown as tf.DepthwiseConv2dNativeBackpropFilterAttrs;
  return tf.backend_util.computeConv2DInfo(
    x.shape as Shape4,
    filterShape,
    strides,
    dilations ?? 1,
    pad as number,
    dimRoundingMode,
    depthwise,
  );
}

/** As many slices of the pixels as there is room for beside `groups`, and their sum. */
function summed(
  gpu: WebGpu,
  shape: readonly number[],
  partial: (slices: number) => tf.TensorInfo,
  groups: number,
  info: Info,
): tf.TensorInfo {
  const wanted = Math.min(WORKGROUPS / groups, pixelsOf(info) / FEWEST_PIXELS);
  const slices = Math.max(1, Math.floor(wanted));
  const parts = partial(slices);
  if (slices === 1) return { ...parts, shape: [...shape] };
  const out = total(gpu, parts, slices, shape);
  dispose(gpu, parts);
  return out;
}

const pixelsOf = ({ batchSize, outHeight, outWidth }: Info): number => batchSize * outHeight * outWidth;
/** The narrowest tile that holds the output channels. */
const tileColumns = ({ outChannels }: Info): number => (outChannels <= 16 ? 16 : outChannels <= 32 ? 32 : 64);
const rowsOf = ({ filterHeight, filterWidth, inChannels }: Info): number => filterHeight * filterWidth * inChannels;
const tilesOf = (info: Info): number =>
  Math.ceil(rowsOf(info) / TILE_ROWS) * Math.ceil(info.outChannels / tileColumns(info));

const geometry = (info: Info) => ({
  inHeight: info.inHeight,
  inWidth: info.inWidth,
  inChannels: info.inChannels,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  outChannels: info.outChannels,
  filterHeight: info.filterHeight,
  filterWidth: info.filterWidth,
  strideHeight: info.strideHeight,
  strideWidth: info.strideWidth,
  dilationHeight: info.dilationHeight,
  dilationWidth: info.dilationWidth,
  top: info.padInfo.top,
  left: info.padInfo.left,
});

/**
 * A matrix product: rows are places in the filter and input channels, columns are output channels, and it sums over output
 * pixels. A workgroup keeps one tile in registers, 4 × 4 numbers a thread, and what a step needs in shared memory.
 */
function filterGradient(gpu: WebGpu, inputs: Arguments["inputs"], info: Info, slices: number): tf.TensorInfo {
  const columns = tileColumns(info);
  const group = (TILE_ROWS / 4) * (columns / 4);
  const pixels = pixelsOf(info);
  const steps = Math.ceil(pixels / slices / DEPTH);
  const across = Math.ceil(info.outChannels / columns);
  const tiles = tilesOf(info);
  return launch(gpu, {
    name: `conv2d_filter_gradient_${columns}`,
    inputs: { x: inputs["x"]!, dy: inputs["dy"]! },
    shape: [slices, ...info.filterShape],
    integers: { ...geometry(info), pixels, rows: rowsOf(info), steps, across, tiles, slices },
    threads: tiles * slices * group,
    group,
    code: `
      var<workgroup> left_tile : array<vec4<f32>, ${(DEPTH * TILE_ROWS) / 4}>;
      var<workgroup> right_tile : array<vec4<f32>, ${(DEPTH * columns) / 4}>;

      fn main(index : i32) {
        let thread = i32(localIndex);
        let number = index / ${group};
        let tile = number % uniforms.tiles;
        let slice = number / uniforms.tiles;
        let first_row = tile / uniforms.across * ${TILE_ROWS};
        let first_column = tile % uniforms.across * ${columns};
        let first_pixel = slice * uniforms.steps * ${DEPTH};
        let end_pixel = min(uniforms.pixels, first_pixel + uniforms.steps * ${DEPTH});

        // What this thread fetches: four rows of one pixel at a time, the same rows at every step.
        let fetched = first_row + thread % ${TILE_ROWS / 4} * 4;
        var places : array<vec3<i32>, 4>;
        for (var i = 0; i < 4; i++) {
          let row = fetched + i;
          let tap = row / uniforms.inChannels;
          places[i] = vec3<i32>(
            tap / uniforms.filterWidth * uniforms.dilationHeight - uniforms.top,
            tap % uniforms.filterWidth * uniforms.dilationWidth - uniforms.left,
            row % uniforms.inChannels);
        }

        var sums : array<vec4<f32>, 4>;
        let own_rows = thread / ${columns / 4};
        let own_columns = thread % ${columns / 4};
        for (var step = 0; step < uniforms.steps; step++) {
          let pixel = first_pixel + step * ${DEPTH};
          for (var at = thread / ${TILE_ROWS / 4}; at < ${DEPTH}; at += ${group / (TILE_ROWS / 4)}) {
            left_tile[at * ${TILE_ROWS / 4} + thread % ${TILE_ROWS / 4}] =
              seen(pixel + at, end_pixel, fetched, places[0], places[1], places[2], places[3]);
          }
          for (var at = thread; at < ${(DEPTH * columns) / 4}; at += ${group}) {
            right_tile[at] = gradients(pixel + at / ${columns / 4}, end_pixel, first_column + at % ${columns / 4} * 4);
          }
          workgroupBarrier();
          for (var at = 0; at < ${DEPTH}; at++) {
            let a = left_tile[at * ${TILE_ROWS / 4} + own_rows];
            let b = right_tile[at * ${columns / 4} + own_columns];
            sums[0] += a.x * b;
            sums[1] += a.y * b;
            sums[2] += a.z * b;
            sums[3] += a.w * b;
          }
          workgroupBarrier();
        }

        if (slice >= uniforms.slices) { return; }
        for (var i = 0; i < 4; i++) {
          let row = first_row + own_rows * 4 + i;
          for (var j = 0; j < 4; j++) {
            let column = first_column + own_columns * 4 + j;
            if (row < uniforms.rows && column < uniforms.outChannels) {
              result[(slice * uniforms.rows + row) * uniforms.outChannels + column] = sums[i][j];
            }
          }
        }
      }

      /** Four rows' inputs to an output pixel. */
      fn seen(pixel : i32, end : i32, row : i32, p0 : vec3<i32>, p1 : vec3<i32>, p2 : vec3<i32>, p3 : vec3<i32>) -> vec4<f32> {
        if (pixel >= end) { return vec4<f32>(0.0); }
        let line = pixel / uniforms.outWidth;
        let image = line / uniforms.outHeight;
        let corner = vec2<i32>(
          line % uniforms.outHeight * uniforms.strideHeight,
          pixel % uniforms.outWidth * uniforms.strideWidth);
        let limit = uniforms.rows - row;
        return vec4<f32>(
          value(image, corner, p0, limit > 0),
          value(image, corner, p1, limit > 1),
          value(image, corner, p2, limit > 2),
          value(image, corner, p3, limit > 3));
      }

      fn value(image : i32, corner : vec2<i32>, place : vec3<i32>, there : bool) -> f32 {
        let at = corner + place.xy;
        if (!there || any(at < vec2<i32>(0)) || at.x >= uniforms.inHeight || at.y >= uniforms.inWidth) { return 0.0; }
        return x[((image * uniforms.inHeight + at.x) * uniforms.inWidth + at.y) * uniforms.inChannels + place.z];
      }

      /** Four output channels' gradients at an output pixel. */
      fn gradients(pixel : i32, end : i32, channel : i32) -> vec4<f32> {
        var found = vec4<f32>(0.0);
        if (pixel >= end) { return found; }
        for (var i = 0; i < 4; i++) {
          if (channel + i < uniforms.outChannels) { found[i] = dy[pixel * uniforms.outChannels + channel + i]; }
        }
        return found;
      }`,
  });
}

/** A thread for each weight and slice; neighbours read neighbouring channels. */
function depthwiseGradient(gpu: WebGpu, inputs: Arguments["inputs"], info: Info, slices: number): tf.TensorInfo {
  const size = tf.util.sizeFromShape(info.filterShape);
  const pixels = pixelsOf(info);
  return launch(gpu, {
    name: "depthwise_filter_gradient",
    inputs: { x: inputs["x"]!, dy: inputs["dy"]! },
    shape: [slices, ...info.filterShape],
    integers: {
      ...geometry(info),
      pixels,
      perSlice: Math.ceil(pixels / slices),
      multiplier: info.outChannels / info.inChannels,
      size,
      slices,
    },
    threads: size * slices,
    code: `
      fn main(index : i32) {
        let slice = index / uniforms.size;
        if (slice >= uniforms.slices) { return; }
        // Weights are [height, width, input channels, multiplier]: the last two are the output channel.
        let weight = index % uniforms.size;
        let tap = weight / uniforms.outChannels;
        let channel = weight % uniforms.outChannels;
        let down = tap / uniforms.filterWidth * uniforms.dilationHeight - uniforms.top;
        let right = tap % uniforms.filterWidth * uniforms.dilationWidth - uniforms.left;
        let end = min(uniforms.pixels, (slice + 1) * uniforms.perSlice);
        var sum = 0.0;
        for (var pixel = slice * uniforms.perSlice; pixel < end; pixel++) {
          let line = pixel / uniforms.outWidth;
          let row = line % uniforms.outHeight * uniforms.strideHeight + down;
          let column = pixel % uniforms.outWidth * uniforms.strideWidth + right;
          if (row >= 0 && row < uniforms.inHeight && column >= 0 && column < uniforms.inWidth) {
            let at = ((line / uniforms.outHeight * uniforms.inHeight + row) * uniforms.inWidth + column)
              * uniforms.inChannels + channel / uniforms.multiplier;
            sum += x[at] * dy[pixel * uniforms.outChannels + channel];
          }
        }
        result[index] = sum;
      }`,
  });
}
