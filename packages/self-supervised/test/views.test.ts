import { wasm } from "@regimen/backend-wasm";
import { createRng } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RECIPES, applyViews, drawViews, presetFor, withoutRefused, type Recipe } from "../src/index.ts";

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const OFF: Recipe = {
  crop: [1, 1],
  mirror: 0,
  jitter: { rate: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0 },
  grayscale: 0,
  blur: 0,
  solarize: 0,
};
const RANGE = [0, 255] as const;
const N = 4000;
const drawn = (recipe: Recipe, n = N) => drawViews(createRng(5), { n, h: 32, w: 32 }, [recipe, recipe]);
const column = (draw: ReturnType<typeof drawn>, key: string): number[] => [...draw[key]!];
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
const share = (values: readonly number[], of: (value: number) => boolean): number =>
  values.filter(of).length / values.length;

/** [n, h, w, c] whole numbers, some of them black and white. */
function images(n: number, h: number, w: number, c: number): Tensor4D {
  const rng = createRng(3);
  return tf.tensor4d(
    Float32Array.from({ length: n * h * w * c }, () => rng.int(256)),
    [n, h, w, c],
  );
}
function views(shown: Tensor4D, first: Recipe, second = first, seed = 1): [Tensor4D, Tensor4D] {
  const [n, h, w] = shown.shape;
  const draw = drawViews(createRng(seed), { n, h, w }, [first, second]);
  const fed = Object.fromEntries(Object.entries(draw).map(([key, values]) => [key, tf.tensor1d(values)]));
  return applyViews(shown, RANGE, [first, second], fed as Readonly<Record<string, Tensor1D>>);
}

describe("drawViews", () => {
  const draw = drawn(RECIPES.simclr.small[0]);

  it("crops areas uniform in [0.08, 1] as far as they fit, within 3:4 and 4:3, inside the image", () => {
    const [height, width, top, left] = ["height", "width", "top", "left"].map((key) => column(draw, `first/${key}`));
    const areas = height!.map((side, i) => (side * width![i]!) / 1024);
    expect(Math.min(...areas)).toBeGreaterThan(0.07);
    // Windows that do not fit are drawn again: large ones more often, so a little below the middle of the range.
    expect(mean(areas)).toBeGreaterThan(0.47);
    expect(mean(areas)).toBeLessThan(0.54);
    const ratios = height!.map((side, i) => width![i]! / side);
    expect(Math.min(...ratios)).toBeGreaterThan(0.65);
    expect(Math.max(...ratios)).toBeLessThan(1.55);
    for (let i = 0; i < N; i++) {
      expect(top![i]! >= 0 && top![i]! + height![i]! <= 32).toBe(true);
      expect(left![i]! >= 0 && left![i]! + width![i]! <= 32).toBe(true);
    }
  });

  it("mirrors half, jitters four fifths, greys a fifth, at the strengths of the paper", () => {
    expect(Math.abs(mean(column(draw, "first/mirror")) - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(mean(column(draw, "first/grayscale")) - 0.2)).toBeLessThan(0.03);
    const parts = [
      ["brightness", 1, 0.4],
      ["contrast", 1, 0.4],
      ["saturation", 1, 0.4],
      ["hue", 0, 0.1],
    ] as const;
    for (const [key, middle, reach] of parts) {
      const values = column(draw, `first/${key}`);
      expect(Math.abs(share(values, (value) => value !== middle) - 0.8)).toBeLessThan(0.03);
      const off = values.map((value) => value - middle);
      expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(reach + 1e-6);
      expect(Math.max(...off.map(Math.abs))).toBeGreaterThan(0.98 * reach);
      // Uniform over all but the fifth that stays: variance 0.8 · reach² / 3.
      expect(mean(off.map((value) => value ** 2)) / ((0.8 * reach ** 2) / 3)).toBeCloseTo(1, 1);
    }
  });

  it("draws the two views independently, and nothing that a recipe leaves out", () => {
    const [first, second] = [column(draw, "first/mirror"), column(draw, "second/mirror")];
    expect(Math.abs(mean(first.map((value, i) => value * second[i]!)) - 0.25)).toBeLessThan(0.03);
    expect(Object.keys(draw).filter((key) => /sigma|solarize/.test(key))).toEqual([]);
    expect(drawn(OFF)).toEqual({});
    const large = drawn(RECIPES.simclr.large[0]);
    const sigma = column(large, "first/sigma");
    expect(Math.abs(share(sigma, (value) => value > 0) - 0.5)).toBeLessThan(0.03);
    expect(Math.min(...sigma.filter((value) => value > 0))).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...sigma)).toBeLessThanOrEqual(2);
  });

  it("is asymmetric for Barlow Twins: solarization in the second view alone, blur in (nearly) all of the first", () => {
    const [first, second] = RECIPES.barlowTwins.large;
    const both = drawViews(createRng(2), { n: N, h: 96, w: 96 }, [first, second]);
    expect("first/solarize" in both).toBe(false);
    expect(Math.abs(mean(column(both, "second/solarize")) - 0.2 / 2)).toBeLessThan(0.02);
    expect(share(column(both, "first/sigma"), (value) => value > 0)).toBe(1);
    expect(Math.abs(share(column(both, "second/sigma"), (value) => value > 0) - 0.1)).toBeLessThan(0.03);
  });
});

describe("presets and refusals", () => {
  it("has no blur up to 64 pixels a side", () => {
    expect(presetFor(RECIPES.simclr, { h: 32, w: 32 })[0].blur).toBe(0);
    expect(presetFor(RECIPES.barlowTwins, { h: 64, w: 48 }).map(({ blur }) => blur)).toEqual([0, 0]);
    expect(presetFor(RECIPES.simclr, { h: 96, w: 64 })[0].blur).toBe(0.5);
  });

  it("leaves out what is refused, and nothing else", () => {
    const [, recipe] = RECIPES.barlowTwins.large;
    expect(withoutRefused(recipe, ["@regimen/technique-mixup"])).toEqual(recipe);
    expect(withoutRefused(recipe, ["@regimen/technique-augment/mirror"])).toEqual({ ...recipe, mirror: 0 });
    const hueless = withoutRefused(recipe, ["@regimen/technique-augment/hue"]);
    expect([hueless.jitter.hue, hueless.grayscale, hueless.jitter.saturation]).toEqual([0, 0, 0.2]);
    const names = ["mirror", "zoom", "brightness", "contrast", "color", "hue", "blur", "solarize"];
    const nothing = withoutRefused(
      recipe,
      names.map((name) => `@regimen/technique-augment/${name}`),
    );
    expect(drawn(nothing)).toEqual({});
    expect("first/mirror" in drawn(withoutRefused(recipe, ["@regimen/technique-augment/mirror"]))).toBe(false);
  });
});

describe("applyViews", () => {
  it("with everything off gives the images themselves, to the bit", () => {
    const shown = images(3, 4, 5, 3);
    for (const view of views(shown, OFF)) expect(view.dataSync()).toEqual(shown.dataSync());
  });

  it("gives two different views, in the images' shape and range", () => {
    const shown = images(6, 16, 12, 3);
    const [first, second] = views(shown, ...RECIPES.barlowTwins.small);
    for (const view of [first, second]) {
      expect(view.shape).toEqual(shown.shape);
      expect(Math.min(...view.dataSync())).toBeGreaterThanOrEqual(0);
      expect(Math.max(...view.dataSync())).toBeLessThanOrEqual(255);
    }
    const apart = tf.mean(tf.abs(tf.sub(first, second)), [1, 2, 3]).arraySync() as number[];
    for (const distance of apart) expect(distance).toBeGreaterThan(5);
  });

  it("mirrors, greys and solarizes as their names say", () => {
    const shown = images(2, 3, 4, 3);
    const [mirrored] = views(shown, { ...OFF, mirror: 1 });
    expect(tf.max(tf.abs(tf.sub(mirrored, tf.reverse(shown, 2)))).dataSync()[0]).toBeLessThan(1e-3);
    const [grey] = views(shown, { ...OFF, grayscale: 1 });
    const luma = tf.sum(tf.mul(shown, tf.tensor1d([0.299, 0.587, 0.114])), 3, true);
    expect(tf.max(tf.abs(tf.sub(grey, luma))).dataSync()[0]).toBeLessThan(1e-2);
    const [negative] = views(shown, { ...OFF, solarize: 1 });
    const [before, after] = [shown.dataSync(), negative.dataSync()];
    before.forEach((value, i) => expect(after[i]).toBeCloseTo(value >= 127.5 ? 255 - value : value, 3));
  });

  it("changes contrast about the mean of what the crop has left, and brightness in proportion", () => {
    const grey = tf.add(tf.mul(images(1, 8, 8, 3), 0.2), 100) as Tensor4D;
    const jitter = { ...OFF.jitter, rate: 1 };
    const [contrast] = views(grey, { ...OFF, jitter: { ...jitter, contrast: 0.4 } });
    expect(tf.mean(contrast).dataSync()[0]).toBeCloseTo(tf.mean(grey).dataSync()[0]!, 2);
    const [brightness] = views(grey, { ...OFF, jitter: { ...jitter, brightness: 0.4 } });
    const ratios = tf.div(brightness, grey).dataSync();
    expect(Math.max(...ratios) - Math.min(...ratios)).toBeLessThan(1e-4);
    expect(Math.abs(ratios[0]! - 1)).toBeGreaterThan(0.01);
  });

  it("takes images of one channel", () => {
    const [view] = views(images(2, 8, 8, 1), RECIPES.simclr.large[0]);
    expect(view.shape).toEqual([2, 8, 8, 1]);
  });
});
