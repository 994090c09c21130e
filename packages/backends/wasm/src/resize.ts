import type { Memory } from "./memory.ts";
import { register } from "./register.ts";

/** The gradients of resizeBilinear (tfjs' own ignores half-pixel centres) and resizeNearestNeighbor. */
export function registerResize(memory: Memory): void {
  for (const [name, kernel] of [
    ["ResizeBilinearGrad", "resize_bilinear_gradient"],
    ["ResizeNearestNeighborGrad", "resize_nearest_gradient"],
  ] as const) {
    register(name, ({ inputs, attrs }) => {
      const dy = inputs["dy"]!;
      const images = inputs["images"]!;
      const out = memory.output(images.shape);
      const [, outHeight, outWidth] = dy.shape;
      memory.call(
        kernel,
        memory.at(dy),
        memory.at(out),
        ...images.shape,
        outHeight!,
        outWidth!,
        Number(attrs["alignCorners"]),
        Number(attrs["halfPixelCenters"] ?? false),
      );
      return out;
    });
  }
}
