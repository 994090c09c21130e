import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import { createRng, type Batch, type Rng, type Shape, type Step } from "@regimen/core";
import { identityColour, identityWarp } from "@regimen/ops";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { augmentations, drawBlur, drawDownTo, drawHue, drawSaturation, drawUpTo } from "../src/index.ts";

const shape: Shape = { n: 2, h: 24, w: 24, c: 3, range: [10, 210], classes: 2 };
const { n, h, w, c } = shape;
const images = () =>
  tf.tensor4d(
    Array.from({ length: n * h * w * c }, (_, p) => 10 + ((p * p * 37 + p) % 151)),
    [n, h, w, c],
  );
const batchOf = (): Batch => ({
  shape,
  images: images(),
  labels: tf.tensor2d([1, 0, 0, 1], [n, 2]),
  weights: tf.ones([n]) as Tensor1D,
  origin: tf.ones([n]) as Tensor1D,
  warp: identityWarp(n),
  colour: identityColour(n, c),
  also: {},
});
const { autocontrast, equalize, solarize, posterize, sharpen, desharpen, blur } = augmentations;
const textures = { autocontrast, equalize, solarize, posterize, sharpen, desharpen, blur };

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("textures", () => {
  const distances = (m: number) =>
    Object.entries(textures).map(([name, technique]) => {
      const hooks = technique.create({ m, rr: 1 });
      const draw = hooks.draw!(createRng(4), shape);
      const fed = Object.fromEntries(
        Object.entries(draw).map(([key, values]) => [key, tf.tensor1d(Float32Array.from(values))]),
      );
      const before = batchOf();
      const after = hooks.batch!(before, { fed } as unknown as Step);
      return [name, tf.sum(tf.abs(tf.sub(after.images, before.images))).dataSync()[0]!] as const;
    });

  it("do nothing at m = 0, and more with every m, on the same draws", () => {
    const [none, ...rest] = [0, 0.2, 0.5, 0.8, 1].map((m) => Object.fromEntries(distances(m)));
    for (const name of Object.keys(textures)) {
      expect(none![name], name).toBe(0);
      rest.reduce((weaker, stronger) => {
        expect(stronger[name], name).toBeGreaterThanOrEqual(weaker[name]! * (1 - 1e-6));
        return stronger;
      });
      expect(rest.at(-1)![name], name).toBeGreaterThan(0);
    }
  });
});

describe("draws", () => {
  const reaches = (draw: (rng: Rng) => Float32Array, low: number, high: number) => {
    const values = draw(createRng(7));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...values)).toBeLessThanOrEqual(high);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean - (low + high) / 2)).toBeLessThan(0.01 * (high - low));
    expect(sd).toBeCloseTo((high - low) / Math.sqrt(12), 1);
  };

  it("are uniform within the documented reach", () => {
    const many = { n: 20_000 };
    for (const m of [0.3, 1]) {
      reaches((rng) => drawSaturation(rng, many, m).factor, 1 - m, 1 + m);
      reaches((rng) => drawHue(rng, many, m).turns, -m / 2, m / 2);
      reaches((rng) => drawUpTo(rng, many, m).strength, 0, m);
      reaches((rng) => drawDownTo(rng, many, m).strength, -m, 0);
      reaches((rng) => drawBlur(rng, many, m).sigma, 0, 2 * m);
    }
  });
});
