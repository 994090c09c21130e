import type { Batch, Rng, Shape, Step } from "@regimen/core";
import * as image from "@regimen/image";
import { AUTO_AUGMENT, SIM_CLR, drawSame, each, graded } from "./shared.ts";

/** At m = 1, in pixels. */
const LARGEST_SIGMA = 2;
/** The kernel's reach: what lies farther out is 0.3 % of it. */
const SIGMAS = 3;

type Texture = (images: Batch["images"], range: Shape["range"], strength: Step["fed"][string]) => Batch["images"];
/** `fed`: `strength` [n], 0..1, 0 for no change. */
type Apply = (batch: Batch, fed: Step["fed"]) => Batch;
const applied =
  (texture: Texture): Apply =>
  (batch, fed) => ({ ...batch, images: texture(batch.images, batch.shape.range, fed["strength"]!) });

/** `strength`: [n], uniform in 0..m. */
export const drawUpTo = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  strength: each(shape, () => m * rng.uniform()),
});
/** `strength`: [n], uniform in −m..0. */
export const drawDownTo = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  strength: each(shape, () => -m * rng.uniform()),
});
/** `sigma`: [n], pixels, uniform in 0..2 m. */
export const drawBlur = (rng: Rng, shape: Pick<Shape, "n">, m: number) => ({
  sigma: each(shape, () => m * LARGEST_SIGMA * rng.uniform()),
});

export const applyAutocontrast: Apply = applied(image.autocontrast);
export const applyEqualize: Apply = applied(image.equalize);
export const applySolarize: Apply = applied(image.solarize);
export const applyPosterize: Apply = applied(image.posterize);
/** Also softens: `strength` from −1. */
export const applySharpen: Apply = applied(image.sharpen);
/** `fed`: `sigma` [n], pixels. `m` bounds the kernel. */
export const applyBlur = (batch: Batch, fed: Step["fed"], m: number): Batch => ({
  ...batch,
  images: image.blur(batch.images, fed["sigma"]!, Math.ceil(SIGMAS * LARGEST_SIGMA * m)),
});

/** Each channel stretched, m of the way, to reach from black to white. */
export const autocontrast = graded(
  "texture",
  "autocontrast",
  AUTO_AUGMENT,
  { m: 1, rr: 0.1 },
  drawSame,
  applyAutocontrast,
);
/** Each channel's levels, m of the way, equally frequent. */
export const equalize = graded("texture", "equalize", AUTO_AUGMENT, { m: 1, rr: 0.1 }, drawSame, applyEqualize);
/** What is brighter than 1 − m, or less, inverted. */
export const solarize = graded("texture", "solarize", AUTO_AUGMENT, { m: 0.5, rr: 0.1 }, drawUpTo, applySolarize);
/** Up to 7 m of 8 bits cleared. */
export const posterize = graded("texture", "posterize", AUTO_AUGMENT, { m: 0.5, rr: 0.1 }, drawUpTo, applyPosterize);
/** Edges up to m stronger. */
export const sharpen = graded("texture", "sharpen", AUTO_AUGMENT, { m: 0.5, rr: 0.2 }, drawUpTo, applySharpen);
/** Edges up to m weaker. */
export const desharpen = graded("texture", "de-sharpen", AUTO_AUGMENT, { m: 0.5, rr: 0.2 }, drawDownTo, applySharpen);

/** Gaussian blur of up to 2 m pixels. */
export const blur = graded("texture", "blur", SIM_CLR, { m: 0.5, rr: 0.2 }, drawBlur, applyBlur);
