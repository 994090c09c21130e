import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step } from "@regimen/core";
import { quarterTurns } from "@regimen/image";
import { affineWarp, composeWarp, type AffineParts } from "@regimen/ops";
import { AUTO_AUGMENT, HE, each, graded, rated, within } from "./shared.ts";

/** The largest rotation, in radians: 45°. */
const LARGEST_ANGLE = Math.PI / 4;
/** The largest shift, as a share of the image's side. */
const LARGEST_SHIFT = 1 / 4;
/** The largest shear: pixels moved for each pixel from the centre, 26.6°. */
const LARGEST_SHEAR = 1 / 2;

/** Adds a movement about the image's centre to what is pending; nothing is resampled here. */
const move = (batch: Batch, parts: AffineParts): Batch => ({
  ...batch,
  warp: composeWarp(batch.warp, affineWarp(batch.shape, parts)),
});

/** Left and right exchanged, in every example: which examples it touches is `rr`, the core's. */
export const applyMirror = (batch: Batch): Batch => move(batch, { flipX: tf.ones([batch.shape.n]) as Tensor1D });

/** Top and bottom exchanged, in every example. */
export const applyFlipVertical = (batch: Batch): Batch =>
  move(batch, { scaleY: tf.fill([batch.shape.n], -1) as Tensor1D });

/** `turns`: [n], int32, one to three quarters, each as likely. */
export const drawRot90 = (rng: Rng, shape: Pick<Shape, "n">) => ({
  turns: Int32Array.from({ length: shape.n }, () => 1 + rng.int(3)),
});
/** Quarter turns counter-clockwise; images that are not square are stretched to their frame. `fed`: `turns` [n], int32. */
export const applyRot90 = (batch: Batch, fed: Step["fed"]): Batch => ({
  ...batch,
  warp: composeWarp(batch.warp, quarterTurns(batch.shape, fed["turns"]!)),
});

/** `angle`: [n], radians, uniform in ±m · 45°. */
export const drawRotate = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  angle: each(shape, () => within(rng, m * LARGEST_ANGLE)),
});
/** Rotates about the centre. `fed`: `angle` [n], radians, counter-clockwise. */
export const applyRotate = (batch: Batch, fed: Step["fed"]): Batch => move(batch, { angle: fed["angle"]! });

/** `shear`: [n], uniform in ±m / 2: pixels moved for each pixel from the centre. */
export const drawShear = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  shear: each(shape, () => within(rng, m * LARGEST_SHEAR)),
});
/** Rows slide to the right, the more the lower. `fed`: `shear` [n]. */
export const applyShearX = (batch: Batch, fed: Step["fed"]): Batch => move(batch, { shearX: fed["shear"]! });
/** Columns slide down, the more the further right. `fed`: `shear` [n]. */
export const applyShearY = (batch: Batch, fed: Step["fed"]): Batch => move(batch, { shearY: fed["shear"]! });

/** [n] whole pixels, uniform in ±⌊m · a quarter of the side⌋. */
function wholePixels(rng: Rng, shape: Pick<Shape, "n">, m: number, side: number): Float32Array {
  const reach = Math.floor(m * side * LARGEST_SHIFT);
  return each(shape, () => rng.int(2 * reach + 1) - reach);
}
/** `right`: [n], whole pixels, uniform in ±⌊m · a quarter of the width⌋. */
export const drawTranslateX = (rng: Rng, shape: Pick<Shape, "n" | "w">, m: number) => ({
  right: wholePixels(rng, shape, m, shape.w),
});
/** `down`: [n], whole pixels, uniform in ±⌊m · a quarter of the height⌋. */
export const drawTranslateY = (rng: Rng, shape: Pick<Shape, "n" | "h">, m: number) => ({
  down: wholePixels(rng, shape, m, shape.h),
});
/** Shifts by whole pixels. `fed`: `right` [n]. */
export const applyTranslateX = (batch: Batch, fed: Step["fed"]): Batch => move(batch, { shiftX: fed["right"]! });
/** Shifts by whole pixels. `fed`: `down` [n]. */
export const applyTranslateY = (batch: Batch, fed: Step["fed"]): Batch => move(batch, { shiftY: fed["down"]! });

/** `right`, `down`: [n], whole pixels, each uniform in ±⌊m · a quarter of the side⌋. */
export const drawTranslate = (rng: Rng, shape: Pick<Shape, "n" | "h" | "w">, m: number) => ({
  ...drawTranslateX(rng, shape, m),
  ...drawTranslateY(rng, shape, m),
});
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

const IMAGENET = "Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs, section 4.1";
const GROUPS = "Cohen & Welling 2016, Group Equivariant Convolutional Networks, arXiv:1602.07576, section 8";
const VGG = "Simonyan & Zisserman 2015, Very Deep Convolutional Networks, arXiv:1409.1556, section 3.1";

/** Left and right exchanged. */
export const mirror = rated("space", "mirror", IMAGENET, 0.5, { batch: applyMirror });

/** Top and bottom exchanged. */
export const flipVertical = rated("space", "flip-vertical", GROUPS, 0.5, { batch: applyFlipVertical });

/** One to three quarter turns. */
export const rot90 = rated("space", "rot90", GROUPS, 0.5, {
  draw: drawRot90,
  batch: (batch, step) => applyRot90(batch, step.fed),
});

/** Rotation about the centre, up to ±45°. */
export const rotate = graded("space", "rotate", AUTO_AUGMENT, { m: 0.3, rr: 0.5 }, drawRotate, applyRotate);

/** Rows slide against each other, up to half a pixel a row. */
export const shearX = graded("space", "shear-x", AUTO_AUGMENT, { m: 0.3, rr: 0.5 }, drawShear, applyShearX);

/** Columns slide against each other, up to half a pixel a column. */
export const shearY = graded("space", "shear-y", AUTO_AUGMENT, { m: 0.3, rr: 0.5 }, drawShear, applyShearY);

/** Shifts by whole pixels, up to a quarter of each side. */
export const translate = graded("space", "translate", HE, { m: 0.5, rr: 1 }, drawTranslate, applyTranslate);

/** Shifts to the side by whole pixels, up to a quarter of the width. */
export const translateX = graded(
  "space",
  "translate-x",
  AUTO_AUGMENT,
  { m: 0.5, rr: 0.5 },
  drawTranslateX,
  applyTranslateX,
);

/** Shifts up or down by whole pixels, up to a quarter of the height. */
export const translateY = graded(
  "space",
  "translate-y",
  AUTO_AUGMENT,
  { m: 0.5, rr: 0.5 },
  drawTranslateY,
  applyTranslateY,
);

/** Zoom about the centre, up to twice or half the size. */
export const zoom = graded("space", "zoom", VGG, { m: 0.25, rr: 0.5 }, drawZoom, applyZoom);
