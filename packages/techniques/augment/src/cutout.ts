import type { Batch, Step } from "@regimen/core";
import { cutout as cut, drawCutout, type Window } from "@regimen/image";
import { graded } from "./shared.ts";

/** Greys a window out. Boxes and masks stay: what is hidden is still there. `fed`: `top`, `left`, `height`, `width` [n]. */
export const applyCutout = (batch: Batch, fed: Step["fed"]): Batch => ({
  ...batch,
  images: cut(batch.images, batch.shape.range, fed as unknown as Window),
});

/** A grey window of m times each side. */
export const cutout = graded(
  "texture",
  "cutout",
  "DeVries & Taylor 2017, Improved Regularization with Cutout, arXiv:1708.04552",
  { m: 0.5, rr: 0.5 },
  drawCutout,
  applyCutout,
);
