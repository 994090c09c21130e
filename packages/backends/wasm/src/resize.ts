import type { Memory } from "./memory.ts";
import { register, registerFast, type Arguments } from "./register.ts";

/** Resizing to the nearest pixel, and the gradients of resizing: tfjs' own are wrong in part (half-pixel centres, nearest). */
export function registerResize(memory: Memory): void {
  registerFast("ResizeNearestNeighbor", ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    if (images.dtype !== "float32") return undefined;
    const [n, , , c] = images.shape as [number, number, number, number];
    const size = attrs["size"] as [number, number];
    const out = memory.output([n, ...size, c]);
    memory.call("resize_nearest", memory.at(images), memory.at(out), ...images.shape, ...size, ...corners(attrs));
    return out;
  });

  for (const [name, kernel] of [
    ["ResizeBilinearGrad", "resize_bilinear_gradient"],
    ["ResizeNearestNeighborGrad", "resize_nearest_gradient"],
  ] as const) {
    register(name, ({ inputs, attrs }) => {
      const dy = inputs["dy"]!;
      const images = inputs["images"]!;
      const out = memory.output(images.shape);
      const [, outHeight, outWidth] = dy.shape;
      memory.call(kernel, memory.at(dy), memory.at(out), ...images.shape, outHeight!, outWidth!, ...corners(attrs));
      return out;
    });
  }
}

function corners(attrs: Arguments["attrs"]): [number, number] {
  return [Number(attrs["alignCorners"]), Number(attrs["halfPixelCenters"] ?? false)];
}
