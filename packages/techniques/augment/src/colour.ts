import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import { brightnessMap, contrastMap, grayscaleMap, hueMap, invertMap, saturationMap } from "@regimen/image";
import { composeColour } from "@regimen/ops";
import { about, each, shared, within, type Magnitude } from "./shared.ts";

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

/** Lighter or darker, by up to half of the range. */
export const brightness: Technique<Magnitude> = {
  ...about("brightness", DIFF_AUGMENT),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.4, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "colour" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawBrightness(rng, shape, m),
    batch: (batch, step) => applyBrightness(batch, step.fed),
  }),
};

/** More or less contrast, by up to half. */
export const contrast: Technique<Magnitude> = {
  ...about("contrast", DIFF_AUGMENT),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.4, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "colour" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawContrast(rng, shape, m),
    batch: (batch, step) => applyContrast(batch, step.fed),
  }),
};

/** More or less colour, from grey to twice as much. */
export const saturation: Technique<Magnitude> = {
  ...about("saturation", DIFF_AUGMENT),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.4, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "colour" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawSaturation(rng, shape, m),
    batch: (batch, step) => applySaturation(batch, step.fed),
  }),
};

/** Other colours of the same brightness, by up to half a turn. */
export const hue: Technique<Magnitude> = {
  ...about("hue", "Karras et al. 2020, Training GANs with Limited Data, arXiv:2006.06676, appendix B"),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.2, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "colour" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawHue(rng, shape, m),
    batch: (batch, step) => applyHue(batch, step.fed),
  }),
};

/** The share m of the colour gone. */
export const grayscale: Technique<Magnitude> = {
  ...about("grayscale", "Chen et al. 2020, SimCLR, arXiv:2002.05709, appendix A"),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 1, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.2, off: 0 },
  },
  order: { slot: "colour" },
  create: ({ m }) => ({
    draw: (_, shape) => ({ strength: each(shape, () => m) }),
    batch: (batch, step) => applyGrayscale(batch, step.fed),
  }),
};

/** Black and white exchanged. */
export const invert: Technique<{ rr: number }> = {
  ...about("invert", "Cubuk et al. 2019, AutoAugment, arXiv:1805.09501"),
  ...shared,
  space: { rr: { kind: "rr", range: [0, 1], default: 0.1, off: 0 } },
  order: { slot: "colour" },
  create: () => ({ batch: applyInvert }),
};
