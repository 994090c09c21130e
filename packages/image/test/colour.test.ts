import "@tensorflow/tfjs-layers";
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { wasm } from "@regimen/backend-wasm";
import { colour, composeColour, identityColour } from "@regimen/ops";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  autocontrast,
  blur,
  brightnessMap,
  contrastMap,
  equalize,
  grayscaleMap,
  hueMap,
  invertMap,
  MEAN,
  posterize,
  saturationMap,
  sharpen,
  solarize,
} from "../src/index.ts";

type Golden = {
  readonly shape: [number, number, number, number];
  readonly images: readonly number[];
  readonly made: Readonly<Record<string, readonly number[]>>;
};
const goldens = JSON.parse(readFileSync(new URL("golden/colour.json", import.meta.url), "utf8")) as [Golden, Golden];
const [golden, large] = goldens;

type Texture = (images: Tensor4D, range: readonly [number, number], strength: Tensor1D) => Tensor4D;
type Map = (channels: number, strength: Tensor1D) => Tensor3D;

const mapped =
  (map: Map): Texture =>
  (images, range, strength) =>
    colour(images, map(images.shape[3], strength), range);
const TEXTURES: Record<string, Texture> = {
  solarize,
  posterize,
  equalize,
  autocontrast,
  sharpen,
  blur: (images, _, sigma) => blur(images, sigma, 3),
};
const COLOURS: Record<string, Texture> = {
  saturation: mapped(saturationMap),
  grayscale: mapped(grayscaleMap),
  hue: mapped(hueMap),
  invert: mapped(invertMap),
};
/** From the numbers that the peers take to ours. */
const STRENGTH: Record<string, (of: number) => number> = {
  solarize: (threshold) => 1 - threshold / 255,
  posterize: (bits) => (8 - bits) / 7,
};
const [N, H, W, C] = golden.shape;
const all = (strength: number, n = N): Tensor1D => tf.fill([n], strength) as Tensor1D;
const imagesIn = ([low, high]: readonly [number, number], { images, shape } = golden): Tensor4D =>
  tf.tensor4d(
    images.map((v) => low + (v / 255) * (high - low)),
    shape,
  );

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("golden values of PIL and torchvision, within a level of 255", () => {
  for (const of of goldens)
    for (const [name, want] of Object.entries(of.made))
      for (const range of [
        [0, 255],
        [-1, 1],
      ] as const)
        it(`${name}, range ${range.join("..")}`, () => {
          const [transform, given] = name.replace("torchvision ", "").split(" ") as [string, string];
          const strength = (STRENGTH[transform] ?? Number)(Number(given));
          const apply = (TEXTURES[transform] ?? COLOURS[transform])!;
          const got = apply(imagesIn(range, of), range, all(strength, of.shape[0])).dataSync();
          const levels = Array.from(got, (v) => ((v - range[0]) / (range[1] - range[0])) * 255);
          // Files are rounded to whole levels, some of them down.
          expect(Math.max(...levels.map((v, p) => Math.abs(v - want[p]!)))).toBeLessThanOrEqual(1.001);
        });
});

describe("colour maps", () => {
  it("give grey to DiffAugment's saturation as the channels' mean", () => {
    const got = colour(imagesIn([0, 255]), saturationMap(3, all(0), MEAN), [0, 255]).dataSync();
    for (let p = 0; p < golden.images.length; p += 3) {
      const mean = (golden.images[p]! + golden.images[p + 1]! + golden.images[p + 2]!) / 3;
      for (let c = 0; c < 3; c++) expect(got[p + c]).toBeCloseTo(mean, 3);
    }
  });

  it("keep the mean of the channels and the distance from grey when the hue turns", () => {
    fc.assert(
      fc.property(fc.float({ min: -1, max: 1, noNaN: true }), (turns) => {
        const [rows] = hueMap(3, all(turns, 1)).arraySync() as number[][][];
        const pixel = [0.7, 0.2, 0.4, 1];
        const got = rows!.map((row) => row.reduce((sum, m, j) => sum + m * pixel[j]!, 0));
        const mean = (x: number[]) => (x[0]! + x[1]! + x[2]!) / 3;
        const chroma = (x: number[]) => Math.hypot(...x.slice(0, 3).map((v) => v - mean(x)));
        expect(mean(got)).toBeCloseTo(mean(pixel), 5);
        expect(chroma(got)).toBeCloseTo(chroma(pixel), 5);
      }),
      { numRuns: 50 },
    );
  });

  it("change contrast about the mean over pixels and channels, brightness by factor and offset", () => {
    const [factor, offset] = [0.6, 0.1];
    const images = imagesIn([-1, 1]);
    const pending = composeColour(identityColour(N, C), brightnessMap(C, all(0.5), all(offset)));
    const map = composeColour(pending, contrastMap(images, [-1, 1], pending, all(factor)));
    const got = colour(images, map, [-1, 1]).dataSync();
    for (let i = 0; i < N; i++) {
      const own = golden.images.slice(i * H * W * C, (i + 1) * H * W * C).map((v) => (v / 255) * 0.5 + offset);
      const mean = own.reduce((a, b) => a + b) / own.length;
      own.forEach((v, p) => expect(got[i * own.length + p]).toBeCloseTo(-1 + 2 * ((v - mean) * factor + mean), 4));
    }
  });

  it("leave other than three channels as they are where colour is meant", () => {
    for (const channels of [1, 2, 4])
      for (const map of [saturationMap, grayscaleMap, hueMap])
        expect(map(channels, all(0.3)).dataSync()).toEqual(identityColour(N, channels).dataSync());
  });
});

describe("all of them", () => {
  const IDENTITY: Record<string, number> = { saturation: 1 };
  const everything = { ...TEXTURES, ...COLOURS };
  const odd = (n: number, h: number, w: number, c: number): Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: n * h * w * c }, (_, p) => Math.fround(((p * 7919) % 2551) / 10)),
      [n, h, w, c],
    );

  it("copy to the bit at their identity, beside examples that they change, with any channels and sides", () => {
    for (const [name, apply] of Object.entries(everything))
      for (const [h, w, c] of [
        [5, 7, 3],
        [1, 2, 1],
        [70, 40, 2],
      ] as const) {
        const images = odd(2, h, w, c);
        const identity = IDENTITY[name] ?? 0;
        const got = apply(images, [0, 255.1], tf.tensor1d([identity, 0.7]));
        expect(got.shape).toEqual(images.shape);
        const half = h * w * c;
        expect(got.dataSync().slice(0, half), name).toEqual(images.dataSync().slice(0, half));
      }
  });

  it("grow with their strength", () => {
    const images = imagesIn([0, 255], large);
    for (const [name, apply] of Object.entries(everything)) {
      let last = 0;
      for (const m of [0.1, 0.3, 0.5, 0.7, 0.9, 1].map((m) => (name === "hue" ? m / 2 : m))) {
        const strength = name === "saturation" ? 1 - m : m;
        const distance = tf.mean(tf.abs(tf.sub(apply(images, [0, 255], all(strength, 1)), images))).dataSync()[0]!;
        expect(distance, `${name} at ${m}`).toBeGreaterThanOrEqual(last * (1 - 1e-6));
        last = distance;
      }
      expect(last, name).toBeGreaterThan(0.5);
    }
  });

  it("equalize and stretch constant channels to nothing", () => {
    const flat = tf.fill([N, 4, 4, 2], 77) as Tensor4D;
    for (const apply of [equalize, autocontrast])
      expect(apply(flat, [0, 255], all(1)).dataSync()).toEqual(flat.dataSync());
  });

  it("blur as a slow transcription does, where a side is longer than a block and where it is shorter than the kernel", () => {
    for (const [h, w, c, radius] of [
      [40, 67, 2, 4],
      [3, 2, 1, 6],
    ] as const) {
      const images = odd(1, h, w, c);
      const got = blur(images, tf.tensor1d([1.3]), radius).dataSync();
      const x = images.dataSync();
      const weigh = (side: number) => {
        const reach = Math.min(radius, side - 1);
        const bell = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-((k - reach) ** 2) / (2 * 1.3 ** 2)));
        const sum = bell.reduce((a, b) => a + b);
        const mirror = (at: number) => (at < 0 ? -at : at >= side ? 2 * (side - 1) - at : at);
        return (at: number) => bell.map((weight, k) => [mirror(at + k - reach), weight / sum] as const);
      };
      const [down, across] = [weigh(h), weigh(w)];
      for (let y = 0; y < h; y++)
        for (let v = 0; v < w; v++)
          for (let k = 0; k < c; k++) {
            let want = 0;
            for (const [from, a] of down(y))
              for (const [at, b] of across(v)) want += a * b * x[(from * w + at) * c + k]!;
            expect(got[(y * w + v) * c + k]).toBeCloseTo(want, 2);
          }
    }
  });

  it("pass gradients where views need them", () => {
    for (const name of ["sharpen", "blur", "saturation", "hue", "autocontrast"]) {
      const apply = everything[name]!;
      const images = tf.add(tf.mul(odd(2, 5, 6, 3), 0.5), 60) as Tensor4D;
      const weights = tf.cos(tf.reshape(tf.range(0, images.size), images.shape));
      const loss = (x: tf.Tensor) => tf.sum(tf.mul(apply(x as Tensor4D, [0, 255], all(0.2, 2)), weights)) as tf.Scalar;
      const gradient = tf.grad(loss)(images).dataSync();
      // Inner pixels, neither the darkest nor the brightest.
      const direction = tf.mul(tf.oneHot(tf.tensor1d([46], "int32"), images.size), 4);
      const step = tf.reshape(tf.cast(direction, "float32"), images.shape);
      const along = (sign: number) => loss(tf.add(images, tf.mul(step, sign))).dataSync()[0]!;
      expect((along(1) - along(-1)) / 8, name).toBeCloseTo(gradient[46]!, 1);
    }
  });
});
