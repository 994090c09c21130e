import type { Batch, Step, Technique } from "@regimen/core";
import { cutout as cut, drawCutout, type Window } from "@regimen/image";
import { about, shared, type Magnitude } from "./shared.ts";

/** Greys a window out. Boxes and masks stay: what is hidden is still there. `fed`: `top`, `left`, `height`, `width` [n]. */
export const applyCutout = (batch: Batch, fed: Step["fed"]): Batch => ({
  ...batch,
  images: cut(batch.images, batch.shape.range, fed as unknown as Window),
});

/** A grey window of m times each side. */
export const cutout: Technique<Magnitude> = {
  ...about("cutout", "DeVries & Taylor 2017, Improved Regularization with Cutout, arXiv:1708.04552"),
  ...shared,
  space: {
    m: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "texture" },
  create: ({ m }) => ({
    draw: (rng, shape) => ({ ...drawCutout(rng, shape, m) }),
    batch: (batch, step) => applyCutout(batch, step.fed),
  }),
};
