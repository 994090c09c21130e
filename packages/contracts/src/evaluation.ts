import type { Tensor } from "@tensorflow/tfjs-core";
import type { Batch } from "./data.ts";

export type Bin = {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  readonly confidence: number;
  readonly accuracy: number;
};
export type Calibration = { readonly ece: number; readonly bins: readonly Bin[] };

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
  /** Absent: each image has one class, and `error` is the share answered wrongly. */ readonly terms?: Terms;
  readonly exhibits?: readonly Exhibit[];
  /**
   * `error` as if prediction i were there counts[i] times, so that chance can be told by resampling the images; NaN where
   * those say nothing. Absent: the mean of the images' own errors.
   */
  errorOf?(counts: ArrayLike<number>): number;
};

/** The words of a task whose answers are not one class for each image. */
export type Terms = {
  /** What `error` is: "1 − mean IoU". */ readonly error: string;
  /** The same for someone who trains no models: a sentence without its full stop. */ readonly means: string;
  /** What `support` counts, in the singular: "pixel". */ readonly unit: string;
};

/** What a task measures beside error and loss, as data: a report draws it without knowing the task. */
export type Exhibit = Bars | Curves;
type ExhibitWords = {
  /** Fit for an address and a file's name; no other exhibit of the task has it: "overlap". */ readonly id: string;
  /** "IoU and Dice per class" */ readonly name: string;
  /** How to read it, in plain words. */ readonly about: string;
  /** Method and definitions. */ readonly note: string;
};
/** Shares from 0 to 1, the larger the better. The first measure speaks for a row. */
export type Bars = ExhibitWords & {
  readonly kind: "bars";
  readonly measures: readonly string[];
  /** What `count` counts, in the singular. */ readonly unit: string;
  /** In an order of their own (sizes) rather than from the weakest. */ readonly ordered: boolean;
  readonly rows: readonly {
    readonly name: string;
    readonly count: number;
    /** One a measure; null where there is nothing to measure. */ readonly values: readonly (number | null)[];
  }[];
};
/** Lines in a square of shares, the higher the better. */
export type Curves = ExhibitWords & {
  readonly kind: "curves";
  readonly x: string;
  readonly y: string;
  /** What `value` is: "AP". */ readonly measure: string;
  readonly lines: readonly ({ readonly name: string; readonly count: number } & Line)[];
};
export type Line = {
  readonly value: number | null;
  readonly points: readonly (readonly [number, number])[];
  /** Where the model works. */ readonly at: readonly [number, number] | null;
};

/** What a model says of one image, as its user takes it away; what a task does not have is absent. */
export type ImageAnswer = {
  /** As in `Prediction`. */ readonly boxes?: NonNullable<Prediction["boxes"]>;
  /** [h · w], class numbers, in the model's pixels. */ readonly mask?: Uint8Array;
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
