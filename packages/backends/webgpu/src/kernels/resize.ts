import * as tf from "@tensorflow/tfjs-core";
import { launch } from "../program.ts";
import { registerPart } from "../register.ts";

type Images = [n: number, h: number, w: number, c: number];

/** Gradients of resizing with half-pixel centres, which tfjs' own ignore. Each input pixel gathers, so no sum depends on luck. */
export function registerResize(): void {
  for (const [kernel, name, share] of [
    ["ResizeBilinearGrad", "bilinear", BILINEAR],
    ["ResizeNearestNeighborGrad", "nearest", NEAREST],
  ] as const) {
    registerPart(kernel, ({ inputs, attrs, gpu }) => {
      if (!attrs["halfPixelCenters"] || attrs["alignCorners"]) return undefined;
      const [dy, images] = [inputs["dy"]!, inputs["images"]!];
      const [n, height, width, channels] = images.shape as Images;
      const [, outHeight, outWidth] = dy.shape as Images;
      const size = tf.util.sizeFromShape(images.shape);
      return launch(gpu, {
        name: `resize_${name}_gradient`,
        inputs: { dy },
        shape: images.shape,
        integers: { size: n * height * width * channels, height, width, channels, outHeight, outWidth },
        floats: { perRow: height / outHeight, perColumn: width / outWidth },
        threads: size,
        code: `
          ${share}
          fn main(index : i32) {
            if (index >= uniforms.size) { return; }
            let channel = index % uniforms.channels;
            let x = index / uniforms.channels % uniforms.width;
            let y = index / uniforms.channels / uniforms.width % uniforms.height;
            let image = index / uniforms.channels / uniforms.width / uniforms.height;
            let rows = reached(y, uniforms.height, uniforms.perRow, uniforms.outHeight);
            let columns = reached(x, uniforms.width, uniforms.perColumn, uniforms.outWidth);
            var sum = 0.0;
            for (var r = rows.x; r <= rows.y; r++) {
              let down = share(r, y, uniforms.perRow, uniforms.height);
              if (down == 0.0) { continue; }
              for (var c = columns.x; c <= columns.y; c++) {
                let at = ((image * uniforms.outHeight + r) * uniforms.outWidth + c) * uniforms.channels + channel;
                sum += dy[at] * down * share(c, x, uniforms.perColumn, uniforms.width);
              }
            }
            result[index] = sum;
          }
          /** Output pixels that may look at an input pixel, and some more; the last input pixels serve all beyond them. */
          fn reached(at : i32, length : i32, scale : f32, outputs : i32) -> vec2<i32> {
            let first = i32(floor((f32(at) - 1.0) / scale)) - 1;
            let last = i32(ceil((f32(at) + 2.0) / scale)) + 1;
            return vec2<i32>(select(max(0, first), 0, at == 0), select(min(outputs - 1, last), outputs - 1, at == length - 1));
          }`,
      });
    });
  }
}

/** How much of input pixel \`at\` an output pixel shows, along one axis. */
const BILINEAR = `
  fn share(output : i32, at : i32, scale : f32, length : i32) -> f32 {
    let position = clamp((f32(output) + 0.5) * scale - 0.5, 0.0, f32(length - 1));
    return max(0.0, 1.0 - abs(position - f32(at)));
  }`;
const NEAREST = `
  fn share(output : i32, at : i32, scale : f32, length : i32) -> f32 {
    let seen = min(length - 1, i32(floor((f32(output) + 0.5) * scale)));
    return select(0.0, 1.0, seen == at);
  }`;
