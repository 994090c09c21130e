import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "@regimen/ops";
import type { Memory } from "./memory.ts";
import { register, type Arguments } from "./register.ts";

/** Kernels for the primitives of `@regimen/ops`. */
export function registerPrimitives(memory: Memory): void {
  register(KERNELS.batchNorm, ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const channels = x.shape[x.shape.length - 1]!;
    const y = memory.output(x.shape);
    const mean = memory.output([channels]);
    const variance = memory.output([channels]);
    memory.scratch(channels, (scratch) =>
      memory.call(
        "batch_norm",
        memory.at(x),
        memory.at(inputs["gamma"]!),
        memory.at(inputs["beta"]!),
        memory.at(y),
        memory.at(mean),
        memory.at(variance),
        scratch,
        tf.util.sizeFromShape(x.shape) / channels,
        channels,
        attrs["epsilon"] as number,
      ),
    );
    return [y, mean, variance];
  });

  register(KERNELS.batchNormGrad, ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const channels = x.shape[x.shape.length - 1]!;
    const dx = memory.output(x.shape);
    const dgamma = memory.output([channels]);
    const dbeta = memory.output([channels]);
    memory.scratch(3 * channels, (scratch) =>
      memory.call(
        "batch_norm_gradient",
        memory.at(inputs["dy"]!),
        memory.at(x),
        memory.at(inputs["gamma"]!),
        memory.at(inputs["mean"]!),
        memory.at(inputs["variance"]!),
        memory.at(dx),
        memory.at(dgamma),
        memory.at(dbeta),
        scratch,
        tf.util.sizeFromShape(x.shape) / channels,
        channels,
        attrs["epsilon"] as number,
      ),
    );
    return [dx, dgamma, dbeta];
  });

  register(KERNELS.reluGrad, ({ inputs }) => {
    const dy = inputs["dy"]!;
    const out = memory.output(dy.shape);
    const size = tf.util.sizeFromShape(dy.shape);
    memory.call("relu_gradient", memory.at(dy), memory.at(inputs["y"]!), memory.at(out), size);
    return out;
  });

  for (const [kernel, name] of [
    [KERNELS.uniform, "random_uniform"],
    [KERNELS.normal, "random_normal"],
  ] as const) {
    register(kernel, ({ inputs, attrs }) => {
      const out = memory.output(attrs["shape"] as number[]);
      memory.call(name, memory.at(inputs["seed"]!), memory.at(out), tf.util.sizeFromShape(out.shape));
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
    memory.call(
      "warp",
      memory.at(images),
      memory.at(inputs["transforms"]!),
      memory.at(out),
      ...images.shape,
      ...warpModes(attrs),
      attrs["value"] as number,
    );
    return out;
  });
  register(KERNELS.warpGrad, ({ inputs, attrs }) => {
    const dy = inputs["dy"]!;
    const out = memory.output(dy.shape);
    const maps = memory.at(inputs["transforms"]!);
    memory.call("warp_gradient", memory.at(dy), maps, memory.at(out), ...dy.shape, ...warpModes(attrs));
    return out;
  });

  const colourSizes = (images: tf.TensorInfo, attrs: Arguments["attrs"]) => {
    const [n, h, w, c] = images.shape as [number, number, number, number];
    return [n, h * w, c, attrs["low"] as number, attrs["high"] as number];
  };
  register(KERNELS.colour, ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    const out = memory.output(images.shape);
    const maps = memory.at(inputs["maps"]!);
    memory.call("colour", memory.at(images), maps, memory.at(out), ...colourSizes(images, attrs));
    return out;
  });
  register(KERNELS.colourGrad, ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    const out = memory.output(images.shape);
    memory.call(
      "colour_gradient",
      memory.at(inputs["dy"]!),
      memory.at(images),
      memory.at(inputs["maps"]!),
      memory.at(out),
      ...colourSizes(images, attrs),
    );
    return out;
  });
}
