import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step } from "@regimen/core";
import { brightnessMap, contrastMap, grayscaleMap, hueMap, invertMap, saturationMap } from "@regimen/image";
import { composeColour } from "@regimen/ops";
import { AUTO_AUGMENT, SIM_CLR, drawSame, each, graded, rated, within } from "./shared.ts";

/** At m = 1: ±½ of the range. */
const LARGEST_OFFSET = 0.5;
/** At m = 1: ½ to 1½. */
const LARGEST_CHANGE = 0.5;
/** At m = 1: half a turn either way, which is every hue. */
const LARGEST_TURN = 0.5;

/** Adds a map [n, c, c + 1] to what is pending; nothing is recoloured here. */
const recolour = (batch: Batch, map: Tensor3D): Batch => ({ ...batch, colour: composeColour(batch.colour, map) });

/** `offset`: [n], shares of the range, uniform in ±m / 2. */
export const drawBrightness = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  offset: each(shape, () => within(rng, m * LARGEST_OFFSET)),
});
/** Adds one number to all of an image's pixels. `fed`: `offset` [n]. */
export const applyBrightness = (batch: Batch, fed: Step["fed"]): Batch => {
  const offset = fed["offset"]!;
  return recolour(batch, brightnessMap(batch.shape.c, tf.onesLike(offset), offset));
};

/** `factor`: [n], uniform in 1 ± m / 2. */
export const drawContrast = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  factor: each(shape, () => 1 + within(rng, m * LARGEST_CHANGE)),
});
/** Stretches about the image's mean, as the colours pending so far will have made it. `fed`: `factor` [n]. */
export const applyContrast = (batch: Batch, fed: Step["fed"]): Batch =>
  recolour(batch, contrastMap(batch.images, batch.shape.range, batch.colour, fed["factor"]!));

/** `factor`: [n], uniform in 1 ± m. */
export const drawSaturation = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  factor: each(shape, () => 1 + within(rng, m)),
});
/** More or less colour about each pixel's own grey. `fed`: `factor` [n]. */
export const applySaturation = (batch: Batch, fed: Step["fed"]): Batch =>
  recolour(batch, saturationMap(batch.shape.c, fed["factor"]!));

/** `turns`: [n], uniform in ±m / 2. */
export const drawHue = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  turns: each(shape, () => within(rng, m * LARGEST_TURN)),
});
/** Rotates colours about the grey axis. `fed`: `turns` [n]. */
export const applyHue = (batch: Batch, fed: Step["fed"]): Batch =>
  recolour(batch, hueMap(batch.shape.c, fed["turns"]!));

/** Takes the share `strength` of the colour away. `fed`: `strength` [n]. */
export const applyGrayscale = (batch: Batch, fed: Step["fed"]): Batch =>
  recolour(batch, grayscaleMap(batch.shape.c, fed["strength"]!));

/** The negative of every example: which examples it touches is `rr`, the core's. */
export const applyInvert = (batch: Batch): Batch =>
  recolour(batch, invertMap(batch.shape.c, tf.ones([batch.shape.n]) as Tensor1D));

const DIFF_AUGMENT = "Zhao et al. 2020, Differentiable Augmentation, arXiv:2006.10738, and its code";
const ADA = "Karras et al. 2020, Training GANs with Limited Data, arXiv:2006.06676, appendix B";
const usual = { m: 0.4, rr: 0.5 };

/** Lighter or darker, by up to half of the range. */
export const brightness = graded("colour", "brightness", DIFF_AUGMENT, usual, drawBrightness, applyBrightness);

/** More or less contrast, by up to half. */
export const contrast = graded("colour", "contrast", DIFF_AUGMENT, usual, drawContrast, applyContrast);

/** More or less colour, from grey to twice as much. */
export const saturation = graded("colour", "saturation", DIFF_AUGMENT, usual, drawSaturation, applySaturation);

/** Other colours of the same brightness, by up to half a turn. */
export const hue = graded("colour", "hue", ADA, { m: 0.2, rr: 0.5 }, drawHue, applyHue);

/** The share m of the colour gone. */
export const grayscale = graded("colour", "grayscale", SIM_CLR, { m: 1, rr: 0.2 }, drawSame, applyGrayscale);

/** Black and white exchanged. */
export const invert = rated("colour", "invert", AUTO_AUGMENT, 0.1, { batch: applyInvert });
