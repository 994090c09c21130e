import type { ClassEvaluation, Exhibit, ImageFormat, Terms } from "@regimen/core";
import { sizeSteps, thinned } from "@regimen/stats";
import { pointsOf, type Precision } from "./coco.ts";

export const TERMS: Terms = {
  error: "1 − mAP@0.5",
  means:
    "how far the model is from finding every object, each with a box that overlaps it by half or more, before it names anything that is not there",
  unit: "object",
};

type Judged = {
  readonly classes: readonly ClassEvaluation[];
  readonly precision: Precision;
  readonly objects: readonly { readonly area: number; readonly found: boolean }[];
  readonly format: Pick<ImageFormat, "h" | "w">;
  /** Whether validation images chose the thresholds. */ readonly chosen: boolean;
};

/** What one can see of boxes: each class's average precision, the curves behind it, and the sizes at which objects are missed. */
export function exhibitsOf({ classes, precision, objects, format: { h, w }, chosen }: Judged): Exhibit[] {
  const sizes = sizeSteps({ h, w }, objects);
  return [
    {
      kind: "bars",
      id: "average-precision",
      name: "Average precision per class",
      about:
        "How well the objects of a class are found, whatever the threshold: 100 % is every object found before anything is named that is not there. The first bar asks for boxes that overlap the object by half, the second for tighter and tighter ones.",
      note: "AP@0.5 is the area under the precision–recall curve at an overlap (IoU) of 0.5; AP@0.5:0.95 is the mean over overlaps of 0.5, 0.55 … 0.95. By COCO's rules: precision made monotone and read at 101 recalls, at most 100 answers an image and class, difficult objects and crowds left aside.",
      measures: ["AP@0.5", "AP@0.5:0.95"],
      unit: "object",
      ordered: false,
      rows: classes.map(({ name, support }, k) => ({
        name,
        count: support,
        values: [precision.classes[k]!.ap50, precision.classes[k]!.ap],
      })),
    },
    {
      kind: "curves",
      id: "precision-recall",
      name: "Precision–recall curves",
      about:
        "Answering more readily finds more objects of a class (to the right) and names more that are not there (down). The nearer to the upper right corner, the better. The dot is the score from which on an object is named.",
      note: `Overlap (IoU) of 0.5; precision made monotone, as COCO does, thinned to fifty points; AP is the area. ${scores(classes, chosen)}`,
      x: "of the objects, the share found",
      y: "of the answers, the share right",
      measure: "AP",
      lines: classes.map(({ name, support, precision: right, recall }, k) => {
        const { ap50, answers } = precision.classes[k]!;
        const curve = pointsOf(answers, support);
        return {
          name,
          count: support,
          value: ap50,
          points: support ? thinned(Array.from(curve.recall, (share, i) => [share, curve.precision[i]!] as const)) : [],
          at: right === null || recall === null ? null : ([recall, right] as const),
        };
      }),
    },
    ...(sizes.length
      ? [
          {
            kind: "bars",
            id: "sizes",
            name: "Objects found, by size",
            about: `The share of the objects of each size that were found, at the scores in use. Sizes are sides, in pixels of the ${w} × ${h} images that the model sees.`,
            note: "Found: a box of the right class overlaps the object by half (IoU 0.5). The side is the square root of the box's area; the steps are a sixteenth, an eighth, a quarter and half of the image's own, since COCO's fixed 32 and 96 pixels tell nothing apart in small images.",
            measures: ["share found"],
            unit: "object",
            ordered: true,
            rows: sizes,
          } as const,
        ]
      : []),
  ];
}

function scores(classes: readonly ClassEvaluation[], chosen: boolean): string {
  const each = classes.map(({ name, threshold = 0 }) => `${name} ${threshold.toFixed(2)}`).join(", ");
  return chosen
    ? `An object is named from the score on at which F1 was largest on the validation images: ${each}.`
    : `No validation images chose the scores from which on an object is named: ${each}.`;
}
