import type { Tensor } from "@tensorflow/tfjs-core";
import type { Batch } from "./data.ts";
import type { Calibration } from "./report.ts";

/** What a model is worth on a data set. `error` and `loss`: as in `Score`. A measure that a task does not have is absent. */
export type Evaluation = {
  readonly images: number;
  readonly error: number;
  readonly loss: number;
  readonly ece: number | null;
  readonly classes: readonly ClassEvaluation[];
  readonly predictions: readonly Prediction[];
  /** Further measures of the task by their usual names; null where the data cannot tell. */
  readonly measures?: Readonly<Record<string, number | null>>;
  /** Rows: truth; columns: answers; counts of images (of pixels, in segmentation; of objects that were found, in detection). Absent: as `predictions` have it. */
  readonly confusion?: readonly (readonly number[])[];
  /** Absent: as the probabilities of `predictions` have it. */ readonly calibration?: Calibration;
};
export type ClassEvaluation = {
  readonly name: string;
  /** Images that have it (pixels, in segmentation; objects, in detection). */ readonly support: number;
  readonly precision: number | null;
  readonly recall: number | null;
  /** Area under the precision–recall curve, 0..1; null where no example has the class. */
  readonly averagePrecision?: number | null;
  readonly rocAuc?: number | null;
  /** At `threshold`. */ readonly f1?: number | null;
  /** The probability from which on the class was answered. */ readonly threshold?: number;
  /** The threshold at which F1 is largest on these very data: what a test is then read with. */
  readonly bestThreshold?: number | null;
  /** Intersection over union, 0..1; null where the class is in neither truth nor answers. */ readonly iou?:
    number | null;
  readonly dice?: number | null;
};

export type Prediction = {
  readonly id: string;
  /** -1: it has none, or more than one can have. */ readonly label: number;
  readonly predicted: number;
  /** By class; empty where a task gives none for the whole image. */ readonly probabilities: readonly number[];
  /** Where labels are independent: the classes that it has (null: unknown), and those that were answered. */
  readonly several?: { readonly labels: readonly number[] | null; readonly predicted: readonly number[] };
  /** 0..1: how wrong the answer is, where it is not just right or wrong; null where that is unknown. */
  readonly error?: number | null;
  /** Objects that were found, best first: [y0, x0, y1, x1] in pixels, a class number, 0..1. */
  readonly boxes?: readonly { readonly at: readonly number[]; readonly class: number; readonly score: number }[];
  /** Further columns of `predictions.csv`. */ readonly also?: Readonly<Record<string, number | null>>;
};

/** Judges what a plain model answers: `add` batch after batch, in the source's order, then `read`. */
export interface Examiner {
  /** `answers`: the model's outputs for `batch.images`. Both belong to the caller, who disposes of them afterwards. */
  add(answers: readonly Tensor[], batch: Batch): void;
  /** Disposes of what was collected. `id`: what a person calls an image. Errors: REG_DATA_EMPTY where none has a label. */
  read(id: (row: number) => string): Promise<Evaluation>;
}
