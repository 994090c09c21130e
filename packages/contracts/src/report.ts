import type { Bars, Calibration, Curves, Line, Terms } from "./evaluation.ts";
import type { Cost, Json, Params, Task } from "./json.ts";

type Interval = readonly [number, number];
/** Beyond precision and recall only what the task has: see ClassEvaluation. */
type Rates = {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly averagePrecision?: number | null;
  readonly rocAuc?: number | null;
  readonly f1?: number | null;
  readonly iou?: number | null;
  readonly dice?: number | null;
  /** From which score on the class was answered. */ readonly threshold?: number;
};

/** An exhibit of the task with the baseline's values beside Regimen's; the baseline's are null where there was none. */
export type ReportExhibit =
  | (Omit<Bars, "rows"> & {
      readonly rows: readonly {
        readonly name: string;
        readonly count: number;
        readonly baseline: readonly (number | null)[] | null;
        readonly regimen: readonly (number | null)[];
      }[];
    })
  | (Omit<Curves, "lines"> & {
      readonly lines: readonly {
        readonly name: string;
        readonly count: number;
        readonly baseline: Line | null;
        readonly regimen: Line;
      }[];
    });

export type Verdict = "better" | "worse" | "no-difference" | "too-few-images";
/** `fixed` and `broken` count what Regimen's model fixed and broke of the longer training's answers. */
export type LongerTraining = {
  readonly error: number;
  /** Of the plain training that was compared with. */ readonly epochs: number;
  /** Of search and final training together: an equal cost. */ readonly equalEpochs: number | null;
  readonly fixed: number;
  readonly broken: number;
  /** 95 % of longer − regimen, paired. */ readonly interval: Interval;
  readonly p: number;
  readonly verdict: Verdict;
};
export type CostStage = { readonly stage: string; readonly imagesSeen: number; readonly seconds: number };

/** One step of the search's parallel coordinates. */
export type ReportAxis = {
  readonly id: string;
  /** "mixup (m)" */ readonly label: string;
  readonly kind: "m" | "rr" | "r" | "value" | "choice";
  readonly range: readonly (number | string | boolean)[];
  readonly scale: "linear" | "log" | "integer" | null;
  readonly group: string;
  readonly use: string;
  readonly off: number | string | boolean | null;
};
export type ReportTrial = {
  readonly name: string;
  /** By axis id. */ readonly values: { readonly [axis: string]: number | string | boolean | null };
  /** Validation loss; null where it failed. */ readonly score: number | null;
  readonly error: number | null;
  readonly status: "optimal" | "rejected" | "stopped" | "failed";
  readonly imagesSeen: number;
  readonly seconds: number;
  readonly why: string | null;
};
/** `interval`: 95 % of loss with − without, paired on the validation images. */
export type ReportTechnique = {
  readonly use: string;
  readonly label: string;
  readonly order: number;
  readonly kept: boolean;
  readonly validationLoss: number | null;
  readonly validationLossWithout: number | null;
  readonly interval: Interval | null;
  readonly verdict: "helps" | "hurts" | "no-effect" | "not-measured";
};
export type Misclassified = {
  readonly id: string;
  readonly label: number;
  readonly regimen: { readonly predicted: number; readonly probability: number };
  readonly baseline: { readonly predicted: number; readonly probability: number } | null;
  /** A PNG or JPEG data address, or null. */ readonly image: string | null;
};

/** Pictures in rows, as one PNG: a word for each row and each column, all cells of one size. */
export type Sheet = {
  /** A PNG data address. */ readonly image: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
};
/** What a technique has shown of the images it made, and what it found of them. */
export type Shown = {
  /** The file in the run's folder. */ readonly file: string;
  /** A PNG data address; null where the picture is too large for the report. */ readonly image: string | null;
  readonly about: Json;
};

/** `report.json`. A field that does not apply is null, never absent. Shares are 0..1, losses in nats. */
export type Report = {
  readonly format: 1;
  readonly run: {
    readonly folder: string | null;
    readonly name: string;
    readonly started: string;
    readonly seed: number;
    readonly engine: string;
    readonly node: string;
    readonly backend: string;
    readonly captured: boolean;
    readonly machine: string;
    readonly imagesPerSecond: number | null;
    readonly command: string | null;
    /** By the configuration's keys, what was chosen where it says auto: another time or machine might choose otherwise. */
    readonly chosen: Readonly<Record<string, Json>>;
  };
  readonly dataset: {
    readonly name: string;
    readonly task: Task;
    readonly splits: {
      readonly train: number;
      readonly validation: number;
      readonly test: number | null;
      readonly unlabeled: number | null;
    };
    readonly classes: readonly {
      readonly name: string;
      readonly count: number;
      readonly train: number;
      readonly validation: number;
      readonly test: number | null;
    }[];
    readonly imageShape: readonly [number, number, number];
    /** Images of the training split that stand there more than once. */ readonly duplicates: number;
    /** Images of the test split that also stand in training or validation. */ readonly acrossSplits: number | null;
    readonly unreadable: number;
    readonly unreadableFiles: readonly { readonly file: string; readonly why: string }[];
    /** A row of training images for each class; of many classes the rarest. */ readonly samples: Sheet | null;
  };
  readonly model: { readonly name: string; readonly parameters: number };
  readonly policy: {
    readonly name: string;
    readonly engine: string;
    readonly train: { readonly [key: string]: number | string | boolean };
    readonly steps: readonly {
      readonly use: string;
      readonly version: string;
      readonly with: Params;
      readonly refused?: { readonly because: string; readonly evidence: Json };
    }[];
  };
  readonly search: {
    readonly metalearner: string;
    readonly axes: readonly ReportAxis[];
    readonly trials: readonly ReportTrial[];
    readonly refused: readonly { readonly use: string; readonly because: string; readonly evidence: Json }[];
    readonly cost: {
      readonly baselineSeconds: number | null;
      readonly searchSeconds: number;
      readonly finalSeconds: number;
      /** In images seen; null without a baseline. */ readonly searchOverBaseline: number | null;
      readonly totalOverBaseline: number | null;
      readonly imagesSeen: number;
      readonly plainRunImages: number;
      readonly stages: readonly CostStage[];
    };
  };
  readonly techniques: readonly ReportTechnique[];
  readonly classes: readonly {
    readonly name: string;
    readonly support: number;
    readonly baseline: Rates | null;
    readonly regimen: Rates;
  }[];
  /** Rows: true class; columns: predicted; counts. */
  readonly confusion: {
    readonly baseline: readonly (readonly number[])[] | null;
    readonly regimen: readonly (readonly number[])[];
  };
  /** Without a baseline: baseline, reduction, fixed, broken, interval and p are null and the verdict is "no-difference". */
  readonly error: {
    readonly split: "test" | "validation";
    readonly images: number;
    readonly baseline: number | null;
    readonly regimen: number;
    /** 1 − regimen / baseline. */ readonly reduction: number | null;
    readonly fixed: number | null;
    readonly broken: number | null;
    /** 95 % of baseline − regimen, paired. */ readonly interval: Interval | null;
    /** Exact McNemar, two-sided; null, like `fixed` and `broken`, where answers are graded. */ readonly p:
      number | null;
    readonly verdict: Verdict;
    /** Where answers are graded: images whose own error fell, and rose; else null. */
    readonly improved: number | null;
    readonly worsened: number | null;
    /** Plain training for longer, on the same images; null where nobody tried. */ readonly longer: LongerTraining | null;
  };
  /** Null where each image has one class, and the error is the share answered wrongly. */ readonly terms: Terms | null;
  /** Further measures of the task by their usual names; null where the data cannot tell. */
  readonly measures: readonly {
    readonly name: string;
    readonly baseline: number | null;
    readonly regimen: number | null;
  }[];
  readonly exhibits: readonly ReportExhibit[];
  readonly loss: { readonly baseline: number | null; readonly regimen: number };
  /** No bands and an error of NaN (null in a file) where a task's answers are no probabilities. */
  readonly calibration: { readonly baseline: Calibration | null; readonly regimen: Calibration };
  /** The policy with and without its techniques that learn from unlabelled images; null where nobody compared them. */
  readonly unlabeled: {
    readonly withoutError: number;
    readonly withError: number;
    readonly reduction: number;
    /** Of the training without. */ readonly fixed: number;
    readonly broken: number;
    /** 95 % of without − with, paired. */ readonly interval: Interval;
    readonly p: number;
  } | null;
  /** Techniques of the policy that learn from unlabelled images. */ readonly unlabeledUse: readonly string[];
  /** Those that any trial had. */ readonly unlabeledTried: readonly string[];
  readonly curves: readonly Curve[];
  readonly misclassified: readonly Misclassified[];
  /** Where answers are not just right or wrong: the images with the largest errors; else null. */
  readonly worst:
    | readonly {
        readonly id: string;
        /** 0..1 */ readonly error: number;
        readonly baseline: number | null;
        /** A PNG data address of pictures side by side, as `overlays` names them; or null. */
        readonly image: string | null;
        /** Where an image may have several classes: which it has and which were answered; else null. */
        readonly several: {
          readonly labels: readonly number[];
          readonly regimen: readonly number[];
          readonly baseline: readonly number[] | null;
        } | null;
      }[]
    | null;
  /** What the pictures of `worst` show, from left to right, and each class's colour (#rrggbb; null: left as it is); null where nobody drew them. */
  readonly overlays: {
    readonly columns: readonly string[];
    readonly colours: readonly { readonly name: string; readonly colour: string | null }[];
  } | null;
  /** Training images as they are, and as the policy makes them; null where it changes none or nobody drew them. */
  readonly augmented: Sheet | null;
  readonly synthetic: readonly Shown[];
  readonly cost: Cost;
  readonly limits: readonly string[];
};
/** One training's progress; `validation` is null where nothing was held out. */
export type Curve = {
  readonly name: string;
  readonly role: "baseline" | "trial" | "final";
  readonly points: readonly {
    readonly images: number;
    readonly train: number;
    readonly validation: number | null;
    readonly error: number | null;
  }[];
};
