import { KERNELS } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import { launch } from "../program.ts";
import { register } from "../register.ts";

/**
 * The portable generator of `@regimen/ops` (philox.ts says what and why) on the device: the same uniform numbers to the bit,
 * and the same normal ones to float32's rounding.
 */
export function registerRandom(): void {
  for (const [kernel, stream, numbers] of [
    [KERNELS.uniform, 0, "vec4<f32>(words >> vec4<u32>(8u)) * 0x1p-24f"],
    [KERNELS.normal, 1, "vec4<f32>(box_muller(words.x, words.y), box_muller(words.z, words.w))"],
  ] as const) {
    register(kernel, ({ inputs, attrs, gpu }) => {
      const shape = attrs["shape"] as number[];
      const size = tf.util.sizeFromShape(shape);
      return launch(gpu, {
        name: `random_${stream}`,
        inputs: { seed: inputs["seed"]! },
        shape,
        integers: { size },
        threads: Math.ceil(size / 4),
        code: `
          ${PHILOX}
          ${BOX_MULLER}
          fn main(block : i32) {
            let words = philox(u32(block), ${stream}u, vec2<u32>(u32(seed[0]), u32(seed[1])));
            let numbers = ${numbers};
            for (var i = 0; i < 4; i++) {
              if (4 * block + i < uniforms.size) { result[4 * block + i] = numbers[i]; }
            }
          }`,
      });
    });
  }
}

const PHILOX = `
  /** The upper 32 bits of a product, by 16-bit halves. */
  fn multiply_high(a : u32, b : u32) -> u32 {
    let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
    let low = (middle & 0xffffu) + (a & 0xffffu) * (b >> 16u);
    return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (low >> 16u);
  }
  fn philox(block : u32, stream : u32, seed : vec2<u32>) -> vec4<u32> {
    var c = vec4<u32>(block, 0u, 0u, stream);
    var key = seed;
    for (var round = 0; round < 10; round++) {
      c = vec4<u32>(
        multiply_high(0xcd9e8d57u, c.z) ^ c.y ^ key.x,
        0xcd9e8d57u * c.z,
        multiply_high(0xd2511f53u, c.x) ^ c.w ^ key.y,
        0xd2511f53u * c.x);
      key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
  }`;

/** With series of its own: WGSL's log, sin and cos may be off by a thousandth. */
const BOX_MULLER = `
  const LN2 = 0.6931471805599453;
  /** 2 artanh(t), for |t| up to 1/3. */
  fn twice_artanh(t : f32) -> f32 {
    let u = t * t;
    return 2.0 * t * (1.0 + u * (1.0 / 3.0 + u * (1.0 / 5.0 + u * (1.0 / 7.0 + u * (1.0 / 9.0 + u * (1.0 / 11.0 + u / 13.0))))));
  }
  /** The logarithm of (n + 1) / 2^32; near 1 by its distance from 1, which float32 holds and the number itself not. */
  fn logarithm(n : u32) -> f32 {
    if (n >= 0x80000000u) {
      let below = f32(~n) * 0x1p-32f;
      return -twice_artanh(below / (2.0 - below));
    }
    let number = n + 1u;
    let exponent = 31 - i32(countLeadingZeros(number));
    // In [1, 2).
    let mantissa = f32(number << u32(31 - exponent)) * 0x1p-31f;
    return f32(exponent - 32) * LN2 + twice_artanh((mantissa - 1.0) / (mantissa + 1.0));
  }
  fn box_muller(a : u32, b : u32) -> vec2<f32> {
    let radius = sqrt(-2.0 * logarithm(a));
    // From the quadrant's middle: in [-π/4, π/4).
    let angle = f32(i32(b & 0x3fffffffu) - 0x20000000) * 1.462918079e-9;
    let square = angle * angle;
    let sine = angle * (1.0 + square * (-1.0 / 6.0 + square * (1.0 / 120.0 + square * (-1.0 / 5040.0 + square / 362880.0))));
    let cosine = 1.0 + square * (-0.5 + square * (1.0 / 24.0 + square * (-1.0 / 720.0 + square * (1.0 / 40320.0 - square / 3628800.0))));
    let turned = vec2<f32>(cosine - sine, cosine + sine) * (0.70710678 * radius);
    switch (b >> 30u) {
      case 0u: { return turned; }
      case 1u: { return vec2<f32>(-turned.y, turned.x); }
      case 2u: { return -turned; }
      default: { return vec2<f32>(turned.y, -turned.x); }
    }
  }`;
