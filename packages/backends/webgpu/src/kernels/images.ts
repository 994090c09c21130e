import { KERNELS } from "@regimen/ops";
import { launch } from "../program.ts";
import { register } from "../register.ts";

type Images = [n: number, h: number, w: number, c: number];

/** Warps and colour maps: a thread for each pixel. A warp's gradient is composed, since pixels may share where they come from. */
export function registerImages(): void {
  register(KERNELS.warp, ({ inputs, attrs, gpu }) => {
    const images = inputs["images"]!;
    const [n, height, width, channels] = images.shape as Images;
    const reflect = attrs["fill"] === "reflect";
    const nearest = attrs["interpolation"] === "nearest";
    return launch(gpu, {
      name: `warp_${nearest}_${reflect}`,
      inputs: { images, transforms: inputs["transforms"]! },
      shape: images.shape,
      integers: { pixels: n * height * width, height, width, channels },
      floats: { fill: attrs["value"] as number },
      threads: n * height * width,
      code: `
        fn main(index : i32) {
          if (index >= uniforms.pixels) { return; }
          let image = index / (uniforms.height * uniforms.width);
          let y = f32(index / uniforms.width % uniforms.height);
          let x = f32(index % uniforms.width);
          var a : array<f32, 8>;
          var identity = true;
          for (var i = 0; i < 8; i++) {
            a[i] = transforms[8 * image + i];
            identity = identity && a[i] == select(0.0, 1.0, i % 4 == 0 && i < 5);
          }
          if (identity) {
            for (var k = 0; k < uniforms.channels; k++) {
              result[index * uniforms.channels + k] = images[index * uniforms.channels + k];
            }
            return;
          }
          let divisor = a[6] * x + a[7] * y + 1.0;
          // A point at infinity is nowhere in the image. Division may round, even by 1.
          let finite = divisor != 0.0;
          var at = vec2<f32>(a[0] * x + a[1] * y + a[2], a[3] * x + a[4] * y + a[5]);
          if (finite && divisor != 1.0) { at /= divisor; }
          ${reflect ? "at = vec2<f32>(fold(at.x, uniforms.width), fold(at.y, uniforms.height));" : ""}
          ${nearest ? "at = sign(at) * floor(abs(at) + 0.5);" : "let part = at - floor(at);"}
          let corner = vec2<i32>(clamp(floor(at), vec2<f32>(-2.0), vec2<f32>(f32(uniforms.width), f32(uniforms.height))));
          for (var k = 0; k < uniforms.channels; k++) {
            result[index * uniforms.channels + k] = ${
              nearest
                ? "pixel(image, corner, k, finite)"
                : `(1.0 - part.y) * ((1.0 - part.x) * pixel(image, corner, k, finite)
                    + part.x * pixel(image, corner + vec2<i32>(1, 0), k, finite))
                  + part.y * ((1.0 - part.x) * pixel(image, corner + vec2<i32>(0, 1), k, finite)
                    + part.x * pixel(image, corner + vec2<i32>(1, 1), k, finite))`
            };
          }
        }
        /** Mirrors a coordinate into the image: … 1 0 | 0 1 … length−1 | length−1 … */
        fn fold(at : f32, length : i32) -> f32 {
          let period = f32(2 * length);
          let inside = at - floor(at / period) * period;
          return clamp(select(period - 1.0 - inside, inside, inside < f32(length)), 0.0, f32(length - 1));
        }
        fn pixel(image : i32, at : vec2<i32>, k : i32, finite : bool) -> f32 {
          if (!finite || any(at < vec2<i32>(0)) || at.x >= uniforms.width || at.y >= uniforms.height) { return uniforms.fill; }
          return images[((image * uniforms.height + at.y) * uniforms.width + at.x) * uniforms.channels + k];
        }`,
    });
  });

  for (const [kernel, name, first, code] of [
    [
      KERNELS.colour,
      "colour",
      "images",
      "select(clamp(mapped(image, index, k), uniforms.low, uniforms.high), images[at + k], identity)",
    ],
    [KERNELS.colourGrad, "colour_gradient", "dy", "select(spread(image, index, k), dy[at + k], identity)"],
  ] as const) {
    register(kernel, ({ inputs, attrs, gpu }) => {
      const images = inputs["images"]!;
      const [n, height, width, channels] = images.shape as Images;
      return launch(gpu, {
        name,
        inputs: { [first]: inputs[first]!, images, maps: inputs["maps"]! },
        shape: images.shape,
        integers: { pixels: n * height * width, perImage: height * width, channels },
        floats: { low: attrs["low"] as number, high: attrs["high"] as number },
        threads: n * height * width,
        code: `
          fn main(index : i32) {
            if (index >= uniforms.pixels) { return; }
            let image = index / uniforms.perImage;
            let at = index * uniforms.channels;
            var identity = true;
            for (var i = 0; i < uniforms.channels; i++) {
              for (var j = 0; j <= uniforms.channels; j++) {
                identity = identity && map(image, i, j) == select(0.0, 1.0, i == j);
              }
            }
            for (var k = 0; k < uniforms.channels; k++) { result[at + k] = ${code}; }
          }
          fn map(image : i32, to : i32, source : i32) -> f32 {
            return maps[(image * uniforms.channels + to) * (uniforms.channels + 1) + source];
          }
          fn mapped(image : i32, index : i32, to : i32) -> f32 {
            var sum = 0.0;
            for (var j = 0; j < uniforms.channels; j++) {
              sum += (images[index * uniforms.channels + j] - uniforms.low) * map(image, to, j);
            }
            return sum + map(image, to, uniforms.channels) * (uniforms.high - uniforms.low) + uniforms.low;
          }
          ${first === "dy" ? SPREAD : ""}`,
      });
    });
  }
}

/** What reaches input channel j: through each output channel that was not clipped. */
const SPREAD = `
  fn spread(image : i32, index : i32, j : i32) -> f32 {
    var sum = 0.0;
    for (var i = 0; i < uniforms.channels; i++) {
      let before = mapped(image, index, i);
      if (before >= uniforms.low && before <= uniforms.high) { sum += dy[index * uniforms.channels + i] * map(image, i, j); }
    }
    return sum;
  }`;
