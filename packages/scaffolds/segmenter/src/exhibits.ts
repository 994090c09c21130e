import type { ClassEvaluation, Exhibit, ImageFormat, Terms } from "@regimen/core";
import { sizeSteps } from "@regimen/stats";
import type { Blob } from "./objects.ts";

export const TERMS: Terms = {
  error: "1 − mean IoU",
  means:
    "how far the answered areas are from covering the true ones exactly, as a mean over the classes: 0 % is a perfect fit, 100 % no overlap at all",
  unit: "pixel",
};

/** From which share of its pixels on an object is found. */
const FOUND = 0.5;

/** What one can see of masks: each class's overlap, and the sizes at which objects are missed. */
export function exhibitsOf(
  classes: readonly ClassEvaluation[],
  blobs: readonly Blob[],
  { h, w }: Pick<ImageFormat, "h" | "w">,
): Exhibit[] {
  const overlap: Exhibit = {
    kind: "bars",
    id: "overlap",
    name: "Overlap per class",
    about:
      "How well the answered area of a class covers its true area: 100 % is an exact fit. IoU is the harder measure of the two; a small shift of an outline costs small objects more than large ones.",
    note: "IoU is the area that both have over the area that either has, Dice twice the area that both have over the sum of the two; all images' pixels together, those marked as not known left out.",
    measures: ["IoU", "Dice"],
    unit: "pixel",
    ordered: false,
    rows: classes.map(({ name, support, iou = null, dice = null }) => ({ name, count: support, values: [iou, dice] })),
  };
  const steps = sizeSteps(
    { h, w },
    blobs.map(({ pixels, right }) => ({ area: pixels, found: right >= FOUND * pixels })),
  );
  if (!steps.length) return [overlap];
  return [
    overlap,
    {
      kind: "bars",
      id: "sizes",
      name: "Objects found, by size",
      about: `The share of the objects of each size that were found: objects of which at least half the pixels were answered as their class. Sizes are sides, in pixels of the ${w} × ${h} images that the model sees.`,
      note: "Pixels of one class that touch are taken for one object; the first class is taken for the background. The side is the square root of the area; the steps are a sixteenth, an eighth, a quarter and half of the image's own.",
      measures: ["share found"],
      unit: "object",
      ordered: true,
      rows: steps,
    },
  ];
}
