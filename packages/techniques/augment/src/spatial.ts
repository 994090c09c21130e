import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import { affineWarp, composeWarp, type AffineParts } from "@regimen/ops";
import { about, each, shared, within, type Magnitude } from "./shared.ts";

/** The largest rotation, in radians: 45°. */
const LARGEST_ANGLE = Math.PI / 4;
/** The largest shift, as a share of the image's side. */
const LARGEST_SHIFT = 1 / 4;

/** Adds a movement about the image's centre to what is pending; nothing is resampled here. */
const move = (batch: Batch, parts: AffineParts): Batch => ({
  ...batch,
  warp: composeWarp(batch.warp, affineWarp(batch.shape, parts)),
});

/** Left and right exchanged, in every example: which examples it touches is `rr`, the core's. */
export const applyMirror = (batch: Batch): Batch => move(batch, { flipX: tf.ones([batch.shape.n]) as Tensor1D });

/** `angle`: [n], radians, uniform in ±m · 45°. */
export const drawRotate = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  angle: each(shape, () => within(rng, m * LARGEST_ANGLE)),
});
/** Rotates about the centre. `fed`: `angle` [n], radians, counter-clockwise. */
export const applyRotate = (batch: Batch, fed: Step["fed"]): Batch => move(batch, { angle: fed["angle"]! });

/** `right`, `down`: [n], whole pixels, each uniform in ±⌊m · a quarter of the side⌋. */
export function drawTranslate(rng: Rng, shape: Pick<Shape, "n" | "h" | "w">, m: number) {
  const whole = (side: number) => {
    const reach = Math.floor(m * side * LARGEST_SHIFT);
    return each(shape, () => rng.int(2 * reach + 1) - reach);
  };
  return { right: whole(shape.w), down: whole(shape.h) };
}
/** Shifts by whole pixels, which keeps every pixel's value. `fed`: `right` and `down` [n]. */
export const applyTranslate = (batch: Batch, fed: Step["fed"]): Batch =>
  move(batch, { shiftX: fed["right"]!, shiftY: fed["down"]! });

/** `scale`: [n], log-uniform in [1 / (1 + m), 1 + m]; above 1, things grow. */
export const drawZoom = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  scale: each(shape, () => Math.exp(within(rng, Math.log(1 + m)))),
});
/** Scales about the centre, both axes alike. `fed`: `scale` [n]. */
export const applyZoom = (batch: Batch, fed: Step["fed"]): Batch =>
  move(batch, { scaleX: fed["scale"]!, scaleY: fed["scale"]! });

/** Left and right exchanged. */
export const mirror: Technique<{ rr: number }> = {
  ...about("mirror", "Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs, section 4.1"),
  ...shared,
  space: { rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 } },
  order: { slot: "space" },
  create: () => ({ batch: applyMirror }),
};

/** Rotation about the centre, up to ±45°. */
export const rotate: Technique<Magnitude> = {
  ...about("rotate", "Cubuk et al. 2019, AutoAugment, arXiv:1805.09501"),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.3, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "space" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawRotate(rng, shape, m),
    batch: (batch, step) => applyRotate(batch, step.fed),
  }),
};

/** Shifts by whole pixels, up to a quarter of each side. */
export const translate: Technique<Magnitude> = {
  ...about("translate", "He et al. 2016, Deep Residual Learning, arXiv:1512.03385, section 4.2"),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
  },
  order: { slot: "space" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawTranslate(rng, shape, m),
    batch: (batch, step) => applyTranslate(batch, step.fed),
  }),
};

/** Zoom about the centre, up to twice or half the size. */
export const zoom: Technique<Magnitude> = {
  ...about("zoom", "Simonyan & Zisserman 2015, Very Deep Convolutional Networks, arXiv:1409.1556, section 3.1"),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.25, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "space" },
  create: ({ m }) => ({
    draw: (rng, shape) => drawZoom(rng, shape, m),
    batch: (batch, step) => applyZoom(batch, step.fed),
  }),
};
