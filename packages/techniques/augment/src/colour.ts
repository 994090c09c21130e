import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import { composeColour } from "@regimen/ops";
import { about, each, shared, within, type Magnitude } from "./shared.ts";

/** At m = 1: ±½ of the range. */
const LARGEST_OFFSET = 0.5;
/** At m = 1: ½ to 1½. */
const LARGEST_CHANGE = 0.5;

/** Adds out = factor · in + offset, the same for all channels, to what is pending. `factor`, `offset`: [n]; 0 is black, 1 white. */
function recolour(batch: Batch, factor: Tensor1D, offset: Tensor): Batch {
  const { n, c } = batch.shape;
  const perExample = (values: Tensor): Tensor3D => tf.reshape(values, [n, 1, 1]);
  const scaled = tf.mul(perExample(factor), tf.expandDims(tf.eye(c), 0));
  const next = tf.concat([scaled, tf.tile(perExample(offset), [1, c, 1])], 2) as Tensor3D;
  return { ...batch, colour: composeColour(batch.colour, next) };
}

/** `offset`: [n], shares of the range, uniform in ±m / 2. */
export const drawBrightness = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  offset: each(shape, () => within(rng, m * LARGEST_OFFSET)),
});
/** Adds one number to all of an image's pixels. `fed`: `offset` [n]. */
export const applyBrightness = (batch: Batch, fed: Step["fed"]): Batch =>
  recolour(batch, tf.onesLike(fed["offset"]!), fed["offset"]!);

/** `factor`: [n], uniform in 1 ± m / 2. */
export const drawContrast = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  factor: each(shape, () => 1 + within(rng, m * LARGEST_CHANGE)),
});
/**
 * x ← (x − μ) · factor + μ, where μ is the mean over all of the image's pixels and channels, as the colours pending so far
 * will have made it (clipping and movements left aside). `fed`: `factor` [n].
 */
export function applyContrast(batch: Batch, fed: Step["fed"]): Batch {
  const factor = fed["factor"]!;
  const {
    images,
    colour,
    shape: { n, c, range },
  } = batch;
  // The pending map is linear, so the mean goes through it as a pixel does.
  const means = tf.div(tf.sub(tf.mean(images, [1, 2]), range[0]), range[1] - range[0]);
  const pixel = tf.reshape(tf.concat([means, tf.ones([n, 1])], 1), [n, 1, c + 1]);
  const mean = tf.mean(tf.sum(tf.mul(colour, pixel), 2), 1);
  return recolour(batch, factor, tf.mul(tf.sub(1, factor), mean));
}

/** Lighter or darker, by up to half of the range. */
export const brightness: Technique<Magnitude> = {
  ...about("brightness", "Zhao et al. 2020, Differentiable Augmentation, arXiv:2006.10738, and its code"),
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
  ...about("contrast", "Zhao et al. 2020, Differentiable Augmentation, arXiv:2006.10738, and its code"),
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
