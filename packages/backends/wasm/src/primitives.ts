import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "@regimen/ops";
import type { Memory } from "./memory.ts";
import { partsOf } from "./reduce.ts";
import { register, registerFast, type Arguments } from "./register.ts";

/** Kernels for the primitives of `@regimen/ops`. */
export function registerPrimitives(memory: Memory): void {
  register(KERNELS.batchNorm, ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const { rows, channels, parts, units } = sizesOf(x);
    const epsilon = attrs["epsilon"] as number;
    const y = memory.output(x.shape);
    const mean = memory.output([channels]);
    const variance = memory.output([channels]);
    memory.scratch((4 * parts + 1) * channels, (sums) => {
      const factors = sums + 16 * parts * channels;
      // About the first row, so that a large mean does not drown the variance.
      memory.each("batch_norm_sums", units, memory.at(x), 0, memory.at(x), sums, rows, channels, parts);
      const statistics = [memory.at(mean), memory.at(variance), factors, rows, channels, parts, epsilon];
      memory.call("batch_norm_statistics", sums, memory.at(x), memory.at(inputs["gamma"]!), ...statistics);
      const from = [memory.at(x), memory.at(mean), factors, memory.at(inputs["beta"]!)];
      memory.each("batch_norm", { units: rows, work: channels / 2 }, ...from, memory.at(y), channels);
    });
    return [y, mean, variance];
  });

  register(KERNELS.batchNormGrad, ({ inputs, attrs }) => {
    const x = memory.at(inputs["x"]!);
    const dy = memory.at(inputs["dy"]!);
    const mean = memory.at(inputs["mean"]!);
    const { rows, channels, parts, units } = sizesOf(inputs["x"]!);
    const epsilon = attrs["epsilon"] as number;
    const dx = memory.output(inputs["x"]!.shape);
    const dgamma = memory.output([channels]);
    const dbeta = memory.output([channels]);
    memory.scratch((4 * parts + 3) * channels, (sums) => {
      const factors = sums + 16 * parts * channels;
      memory.each("batch_norm_sums", units, x, dy, mean, sums, rows, channels, parts);
      const statistics = [memory.at(inputs["gamma"]!), memory.at(inputs["variance"]!)];
      const results = [memory.at(dgamma), memory.at(dbeta), factors, rows, channels, parts, epsilon];
      memory.call("batch_norm_gradient_factors", sums, ...statistics, ...results);
      memory.each(
        "batch_norm_gradient",
        { units: rows, work: channels },
        dy,
        x,
        mean,
        factors,
        memory.at(dx),
        channels,
      );
    });
    return [dx, dgamma, dbeta];
  });

  registerFast("FusedBatchNorm", ({ inputs, attrs }) => {
    const { x, mean, variance, offset, scale } = inputs as Record<"x" | "mean" | "variance", tf.TensorInfo> & {
      offset?: tf.TensorInfo;
      scale?: tf.TensorInfo;
    };
    const { rows, channels } = sizesOf(x);
    const whole = [mean, variance, offset ?? mean, scale ?? mean].every((of) => of.shape[0] === channels);
    if (x.dtype !== "float32" || offset === undefined || !whole) return undefined;
    const out = memory.output(x.shape);
    memory.scratch(channels, (factors) => {
      const gamma = scale ? memory.at(scale) : 0;
      memory.call(
        "batch_norm_factors",
        memory.at(variance),
        gamma,
        factors,
        channels,
        attrs["varianceEpsilon"] as number,
      );
      const from = [memory.at(x), memory.at(mean), factors, memory.at(offset)];
      memory.each("batch_norm", { units: rows, work: channels / 2 }, ...from, memory.at(out), channels);
    });
    return out;
  });

  for (const [kernel, name, work] of [
    [KERNELS.uniform, "random_uniform", 1000],
    [KERNELS.normal, "random_normal", 8000],
  ] as const) {
    register(kernel, ({ inputs, attrs }) => {
      const out = memory.output(attrs["shape"] as number[]);
      const size = tf.util.sizeFromShape(out.shape);
      memory.each(name, { units: Math.ceil(size / 256), work }, memory.at(inputs["seed"]!), memory.at(out), size);
      return out;
    });
  }

  const warpModes = (attrs: Arguments["attrs"]) => [
    attrs["interpolation"] === "nearest" ? 1 : 0,
    attrs["fill"] === "constant" ? 1 : 0,
  ];
  register(KERNELS.warp, ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    const out = memory.output(images.shape);
    const from = [memory.at(images), memory.at(inputs["transforms"]!)];
    const how = [...images.shape.slice(1), ...warpModes(attrs), attrs["value"] as number];
    memory.each("warp", imagesOf(images, 20), ...from, memory.at(out), ...how);
    return out;
  });
  register(KERNELS.warpGrad, ({ inputs, attrs }) => {
    const dy = inputs["dy"]!;
    const out = memory.output(dy.shape);
    const from = [memory.at(dy), memory.at(inputs["transforms"]!)];
    memory.each("warp_gradient", imagesOf(dy, 20), ...from, memory.at(out), ...dy.shape.slice(1), ...warpModes(attrs));
    return out;
  });

  const colourSizes = (images: tf.TensorInfo, attrs: Arguments["attrs"]) => {
    const [, h, w, c] = images.shape as [number, number, number, number];
    return [h * w, c, attrs["low"] as number, attrs["high"] as number];
  };
  register(KERNELS.colour, ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    const out = memory.output(images.shape);
    const from = [memory.at(images), memory.at(inputs["maps"]!)];
    memory.each("colour", imagesOf(images, 6), ...from, memory.at(out), ...colourSizes(images, attrs));
    return out;
  });
  register(KERNELS.colourGrad, ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    const out = memory.output(images.shape);
    const from = [memory.at(inputs["dy"]!), memory.at(images), memory.at(inputs["maps"]!)];
    memory.each("colour_gradient", imagesOf(images, 10), ...from, memory.at(out), ...colourSizes(images, attrs));
    return out;
  });
}

function imagesOf(images: tf.TensorInfo, cost: number): { units: number; work: number } {
  const [n, ...image] = images.shape as [number, number, number, number];
  return { units: n, work: cost * tf.util.sizeFromShape(image) };
}

/** Of statistics over all axes but the last. */
function sizesOf(x: tf.TensorInfo) {
  const channels = x.shape[x.shape.length - 1]!;
  const rows = tf.util.sizeFromShape(x.shape) / channels;
  const parts = partsOf(rows);
  return { rows, channels, parts, units: { units: parts, work: (rows * channels) / (2 * parts) } };
}
