import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { batchOf, createRng, type Draw, type Shape, type Step } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drawViews, strongView, viewsWithout, weakView } from "../src/index.ts";

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const shape: Shape = { n: 40, h: 16, w: 16, c: 1, range: [0, 255], classes: 2 };
const AUGMENT = "@regimen/technique-augment/";
const fedOf = (draw: Draw): Step["fed"] =>
  Object.fromEntries(Object.entries(draw).map(([name, values]) => [name, tf.tensor1d(values) as Tensor1D]));
const imagesOf = ({ n, h, w }: Shape): Float32Array => {
  const rng = createRng(9);
  return Float32Array.from({ length: n * h * w }, () => Math.round(255 * rng.uniform()));
};
const batch = () =>
  batchOf(
    {
      images: imagesOf(shape),
      labels: new Float32Array(2 * shape.n),
      weights: new Float32Array(shape.n),
      origin: new Float32Array(shape.n),
    },
    shape,
  );

describe("the weak view", () => {
  const draws = drawViews(viewsWithout([], 0.33), createRng(1), shape);
  const [flip, right, down] = ["flip", "right", "down"].map((name) => [...draws[`weak/${name}`]!]) as [
    number[],
    number[],
    number[],
  ];

  it("mirrors half of the images and shifts by whole pixels, up to an eighth of the side", () => {
    const many = drawViews(viewsWithout([], 0), createRng(2), { n: 2000, h: 16, w: 24 });
    const share = [...many["weak/flip"]!].reduce((a, b) => a + b, 0) / 2000;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.05);
    expect([...new Set(many["weak/right"])].toSorted((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    expect([...new Set(many["weak/down"])].toSorted((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(new Set(flip)).toEqual(new Set([0, 1]));
  });

  it("is what moving pixels by hand gives, mirrored at the border", () => {
    const [h, w] = [shape.h, shape.w];
    const images = imagesOf(shape);
    const seen = weakView(tf.tensor4d(images, [shape.n, h, w, 1]), fedOf(draws)).dataSync();
    const inside = (at: number, side: number): number => (at < 0 ? -at - 1 : at >= side ? 2 * side - 1 - at : at);
    for (let i = 0; i < shape.n; i++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const from = inside(x - right[i]!, w);
          const expected = images[(i * h + inside(y - down[i]!, h)) * w + (flip[i] ? w - 1 - from : from)]!;
          expect(seen[(i * h + y) * w + x]).toBeCloseTo(expected, 2);
        }
  });

  it("is drawn apart from the strong one", () => {
    expect(draws["strong/right"]).not.toEqual(draws["weak/right"]);
  });
});

describe("the strong view", () => {
  it("changes images by textures and a cutout, and moves and colours what is pending", () => {
    const views = viewsWithout([], 0.4);
    const before = batch();
    const after = strongView(views, before, fedOf(drawViews(views, createRng(4), shape)));
    const grey = (images: Tensor4D) => [...images.dataSync()].filter((value) => value === 127.5).length;
    expect(grey(before.images)).toBe(0);
    expect(grey(after.images)).toBeGreaterThan(shape.n);
    expect(after.warp.dataSync()).not.toEqual(before.warp.dataSync());
    expect(after.colour.dataSync()).not.toEqual(before.colour.dataSync());
  });

  it("does nothing that was refused", () => {
    const names = [...viewsWithout([], 0.4).policy.operations].filter((name) => name !== "identity");
    const refused = ["mirror", "translate", "cutout", ...names].map((name) => `${AUGMENT}${name}`);
    const views = viewsWithout(refused, 0.4);
    const draws = drawViews(views, createRng(4), shape);
    const before = batch();
    const after = strongView(views, before, fedOf(draws));
    for (const key of ["images", "warp", "colour"] as const)
      expect(after[key].dataSync()).toEqual(before[key].dataSync());
    expect(weakView(before.images, fedOf(draws)).dataSync()).toEqual(before.images.dataSync());
  });

  it.each([
    ["mirror", ["flip"]],
    ["translate", ["right", "down"]],
  ])("without %s has neither view do it, and all else as before", (name, gone) => {
    const views = viewsWithout([`${AUGMENT}${name}`], 0.4);
    const draws = drawViews(views, createRng(4), shape);
    for (const view of ["weak", "strong"])
      for (const part of ["flip", "right", "down"])
        expect([view, part, draws[`${view}/${part}`]!.some((value) => value !== 0)]).toEqual([
          view,
          part,
          !gone.includes(part),
        ]);
    const left = viewsWithout([], 0.4).policy.operations.filter((operation) => !operation.startsWith(name));
    expect(views.policy.operations).toEqual(left);
  });
});
