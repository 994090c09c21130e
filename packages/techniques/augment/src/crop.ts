import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import { cropWarp, drawWindows, type Window } from "@regimen/image";
import { composeWarp } from "@regimen/ops";
import { HE, about, graded, shared, strengths, type Magnitude } from "./shared.ts";
import { applyTranslate, drawTranslate } from "./spatial.ts";

/** What the padding of a crop is. */
type Padding = "black" | "grey" | "mirror";

/**
 * Random crop of the padded image: a shift by whole pixels. `outside` holds for all that comes in from outside, whichever
 * movement of the policy brings it. `fed`: `right` and `down` [n], of `drawTranslate`.
 */
export const applyCrop = (batch: Batch, fed: Step["fed"], outside: Padding): Batch => ({
  ...applyTranslate(batch, fed),
  outside,
});

/** The least share of the image's area that a window keeps at m = 1, and its widest aspect: those of torchvision. */
const [SMALLEST, WIDEST] = [0.08, 4 / 3];

/** `top`, `left`, `height`, `width`: [n], whole pixels. Aspects are relative to the image's own. */
export const drawResizedCrop = (rng: Rng, shape: Pick<Shape, "n" | "h" | "w">, m: number): Window<Float32Array> => {
  const own = shape.w / shape.h;
  const widest = WIDEST ** m;
  return drawWindows(rng, shape, [1 - m * (1 - SMALLEST), 1], [own / widest, own * widest]);
};
/** Shows a window over the whole frame. `fed`: `top`, `left`, `height`, `width` [n]. */
export const applyResizedCrop = (batch: Batch, fed: Step["fed"]): Batch => {
  const { top, left, height, width } = fed as Record<keyof Window, Window["top"]>;
  return { ...batch, warp: composeWarp(batch.warp, cropWarp(batch.shape, { top, left, height, width })) };
};

/** Random crop of the padded image, up to a quarter of each side. */
export const crop: Technique<Magnitude & { padding: string }> = {
  ...about("crop", HE),
  ...shared,
  space: {
    ...strengths({ m: 0.5, rr: 1 }),
    padding: { kind: "choice", of: ["black", "grey", "mirror"], default: "black" },
  },
  order: { slot: "space" },
  create: ({ m, padding }) => ({
    draw: (rng, shape) => drawTranslate(rng, shape, m),
    batch: (batch, step) => applyCrop(batch, step.fed, padding as Padding),
  }),
};

/** A window of random size, shape and place, over the whole frame. */
export const resizedCrop = graded(
  "space",
  "resized-crop",
  "Szegedy et al. 2015, Going Deeper with Convolutions, arXiv:1409.4842, section 6",
  { m: 0.5, rr: 1 },
  drawResizedCrop,
  applyResizedCrop,
);
