import type { ClassEvaluation, Exhibit, Terms } from "@regimen/core";
import { averagePrecision, precisionRecallCurve } from "@regimen/stats";
import { columnOf, type Answers } from "./multilabel.ts";

export const TERMS: Terms = {
  error: "1 − mean average precision",
  means:
    "how far the model is from ranking, class by class, every image that has the class above every image that has not",
  unit: "image",
};

/** What one can see of labels that are ranked: average precision and F1 of each class, and the curves behind them. */
export function exhibitsOf(of: Answers, classes: readonly ClassEvaluation[], chosen: boolean): Exhibit[] {
  return [
    {
      kind: "bars",
      id: "average-precision",
      name: "Average precision and F1 per class",
      about:
        "Average precision asks how well the images of a class are ranked above the others, whatever the threshold; F1 asks how good the answers are at the threshold in use.",
      note: `Average precision is the area under the precision–recall curve. F1 is the harmonic mean of precision and recall. ${thresholds(classes, chosen)}`,
      measures: ["average precision", "F1"],
      unit: "image",
      ordered: false,
      rows: classes.map(({ name, support, averagePrecision: area = null, f1 = null }) => ({
        name,
        count: support,
        values: [area, f1],
      })),
    },
    {
      kind: "curves",
      id: "precision-recall",
      name: "Precision–recall curves",
      about:
        "Answering yes more readily finds more images of a class (to the right) and calls more others by its name (down). The nearer to the upper right corner, the better. The dot is the threshold in use.",
      note: "The steps of the curve are those of the distinct probabilities, thinned to fifty; the area under all of them is the average precision (AP), as scikit-learn has it.",
      x: "of the images that have the class, the share found",
      y: "of the images called so, the share right",
      measure: "AP",
      lines: classes.map((one, at) => {
        const { scores, truth } = columnOf(of, at);
        const { name, support, precision, recall } = one;
        return {
          name,
          count: support,
          value: one.averagePrecision ?? null,
          points: precisionRecallCurve(scores, truth),
          at: precision === null || recall === null ? null : [recall, precision],
        };
      }),
    },
  ];
}

/** 1 − mean average precision of images that are there so many times each. */
export function resampled(of: Answers): (counts: ArrayLike<number>) => number {
  const rows = [...of.losses.keys()].filter((row) => !Number.isNaN(of.losses[row]!));
  const columns = Array.from({ length: of.classes }, (_, at) => {
    const { scores, truth } = columnOf(of, at);
    // Sorted once, so that sorting again costs next to nothing.
    const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
    return {
      rows: order.map((i) => rows[i]!),
      scores: order.map((i) => scores[i]!),
      truth: order.map((i) => truth[i]!),
    };
  });
  return (counts) => {
    const areas = columns
      .map((column) =>
        averagePrecision(
          column.scores,
          column.truth,
          column.rows.map((row) => counts[row]!),
        ),
      )
      .filter((area) => area !== null);
    return areas.length ? 1 - areas.reduce((sum, area) => sum + area, 0) / areas.length : Number.NaN;
  };
}

function thresholds(classes: readonly ClassEvaluation[], chosen: boolean): string {
  const each = classes.map(({ name, threshold = 0 }) => `${name} ${threshold.toFixed(2)}`).join(", ");
  return chosen
    ? `The thresholds are those at which F1 was largest on the validation images: ${each}.`
    : `No validation images chose the thresholds: ${each}.`;
}
