import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { NamedTensorMap, Scalar, Variable } from "@tensorflow/tfjs-core";
import type { Batch, Extra, Pictures, Source } from "./data.ts";
import type { Cost, Json, Params, Score, Task } from "./json.ts";
import type { Blueprint, Forward, Objective, Predictor, ScaffoldModel, Snapshot, Topology } from "./model.ts";
import type { Rng } from "./random.ts";
import type { Program, Recording } from "./recording.ts";
import type { DrawFn, Optimizer, Step, Weight } from "./step.ts";

/** Where a technique acts, in order; train hooks run inner to outer. Pending warps and colours are applied after `colour`. */
export const SLOTS = [
  "sample",
  "space",
  "colour",
  "texture",
  "mix",
  "label",
  "topology",
  "objective",
  "gradient",
  "update",
  "average",
  "calibrate",
  "teach",
  "pseudo",
  "synthesize",
  "ensemble",
  "pretrain",
] as const;
export type Slot = (typeof SLOTS)[number];

/**
 * `m` magnitude, owned by the technique; `rr` share of examples touched, blended by the core; `r` extra examples relative
 * to the original set; `value` the rest. `off`: the value at which the technique is exactly the identity.
 */
export type NumberAxis = {
  readonly kind: "m" | "rr" | "r" | "value";
  readonly range: readonly [number, number];
  /** "powers": powers of two. */ readonly scale?: "log" | "integer" | "powers";
  readonly default: number;
  readonly off?: number;
};
export type ChoiceAxis = {
  readonly kind: "choice";
  readonly of: readonly (string | boolean)[];
  readonly default: string | boolean;
  readonly off?: string | boolean;
};
/** Words that no search varies: a table, a path, names. */
export type TextAxis = { readonly kind: "text"; readonly default: string; readonly off?: string };
export type Axis = NumberAxis | ChoiceAxis | TextAxis;
/** One axis for each hyperparameter; at most one `rr` and one `r`. */
export type SpaceOf<P> = string extends keyof P
  ? Space
  : { readonly [K in keyof P]: [P[K]] extends [number] ? NumberAxis : ChoiceAxis | TextAxis };
export type Space = { readonly [key: string]: Axis };

/** What is known of a technique without running it; plain JSON. */
export type TechniqueMeta = {
  /** The package's name, or package/part: `@regimen/technique-mixup`, `@regimen/technique-augment/mirror`. */
  readonly name: string;
  readonly version: string;
  /**
   * How often somebody who knows nothing of the data would use it, 0 to 1; ½ unless told. From ½ on it belongs to what is
   * tried first.
   */
  readonly prior?: number;
  /** "regularization", "augmentation", "architecture", "optimization", "ssl", … : what metalearners claim by. */
  readonly group: string;
  readonly paper: string;
  readonly space: Space;
  /** Absent: every task. */ readonly tasks?: readonly Task[];
  readonly order: {
    readonly slot: Slot;
    readonly after?: readonly string[];
    readonly conflicts?: readonly string[];
    /** Facts of the data or model: "unlabeled", "residual", "batch-norm". */ readonly needs?: readonly string[];
    /** Techniques that name the same group share one categorical draw of their rr: an example gets one of them at most. */
    readonly oneOf?: string;
  };
};

export interface Technique<P extends Params = Params> extends TechniqueMeta {
  readonly space: SpaceOf<P> & Space;
  /** Counts the changes of `space` that an older policy would not survive; 1 unless told. Policies carry it. */
  readonly paramsVersion?: number;
  /** Hyperparameters of an older `paramsVersion` as this one means them, so that old policies train on. Pure. */
  migrate?(params: Params, from: number): Params;
  create(params: P): Hooks;
  /** Images a training with it costs, relative to one without; 1 unless told. */
  cost?(params: P): number;
  /** Chooses by the validation images as it trains (where to stop, a temperature): a policy with it is never trained on them too. */
  readonly validates?: boolean;
}

/** All optional: what a technique implements is what it is. No run state in closures: use `step.state`. */
export interface Hooks {
  /** Before any tensor exists. */ rewrite?(topology: Topology): Topology;
  /** Which examples, how often. */ sample?(inner: Source, run: Run): Source;
  /** Host, each step; fed to the step as `step.fed`. */ draw?: DrawFn;
  /** Device, recorded once; the core blends by rr. */ batch?(batch: Batch, step: Step): Batch;
  /** Around the task's loss. */ loss?(inner: Objective): Objective;
  /** Around (evaluate, weights, step) ⇒ direction. */ optimizer?(inner: Optimizer): Optimizer;
  /**
   * After the update: what is validated, kept and handed on, by weight name (state variables). `weights` are as the averages
   * before it made them. At the end the core recomputes batch-normalisation statistics for them.
   */
  average?(weights: readonly Weight[], step: Step): Readonly<Record<string, Variable>>;
  /** Around the whole training: `next` zero, one or many times, each change with a name it resumes by. */
  train?(run: Run, next: Train): Promise<Trained>;
}

/** How one training runs. `images`: how many examples go forward and backward. */
export type Plan = {
  readonly images: number;
  readonly batch: number;
  readonly optimizer: { readonly use: string; readonly with: Params };
  /** Peak learning rate by part; `default` serves the parts that are not named. */
  readonly rates: { readonly default: number; readonly [part: string]: number };
  readonly schedule: { readonly use: string; readonly with: Params };
};

export interface Change {
  /** The key it resumes by: unique among one technique's calls of `next`. */ readonly name: string;
  /** Begins with first weights of its own, unless `from` is named beside it. */ readonly model?: Blueprint;
  readonly from?: Snapshot;
  readonly data?: Source;
  readonly extra?: readonly Extra[];
  readonly plan?: Partial<Plan>;
  /**
   * The part of the plan that this training does, in shares of its images: [0, 0.9] is the first nine tenths, with the
   * schedule as far as it gets by then. `from` the snapshot of the training that did the part before, a training goes on as
   * if it had never stopped: optimizer state, steps and order of the data. Absent: [0, 1].
   */
  readonly span?: readonly [number, number];
  readonly hooks?: Hooks;
  /** Where the `batch` hook of `hooks` acts: "sample" before the policy's own, on images as they were read. "objective" (after them) unless told. */
  readonly slot?: Slot;
  /** Random numbers of its own: first weights, order, draws. Absent: those of the plain training, to be compared with it. */
  readonly stream?: string | number;
  /** What each image costs more than a plain one, where `hooks` do more than one pass (a teacher's forward: 4/3). */ readonly cost?: number;
  /** Techniques that this training leaves out. */ readonly without?: readonly string[];
}
export type Train = (change: Change) => Promise<Trained>;

/** The receiver owns `model`. */
export interface Trained {
  readonly model: Predictor;
  readonly snapshot?: Snapshot;
  readonly score: Score;
  readonly cost: Cost;
}

/** A training of a technique's own: captured, journalled and counted like any other. */
export interface Stage {
  readonly name: string;
  readonly data: Source;
  readonly extra?: readonly Extra[];
  readonly plan: Partial<Plan>;
  /** What each example costs, in images forward and backward: 2 for two views. 1 unless told; `plan.images` counts it. */
  readonly cost?: number;
  readonly weights: readonly Weight[];
  readonly draw?: DrawFn;
  step(batch: Batch, step: Step): Readonly<Record<string, Scalar>>;
}

/** Decoded columns, one row an example: `values` is [rows, width]. */
export type Table = {
  readonly rows: number;
  readonly columns: Readonly<Record<string, { readonly width: number; readonly values: Float32Array }>>;
};

/** What a `train` or `sample` hook may use. Everything it starts is counted against `plan.images`. */
export interface Run {
  readonly rng: Rng;
  readonly task: Task;
  readonly blueprint: Blueprint;
  readonly plan: Plan;
  readonly data: {
    readonly train: Source;
    readonly validation: Source;
    readonly unlabeled?: Source;
    /** Labelled images that the user made, to be added to the others. */ readonly synthetic?: Source;
  };
  /** What trains with this technique. */ readonly techniques: readonly Pick<TechniqueMeta, "name" | "group">[];
  /** Techniques that this data does not bear: no view, no pretext and no other technique may do what they do. */
  readonly refused: readonly string[];
  /**
   * Makes a model trainable, without rewrites. `normalize`: as a new model's inputs are; unless told, as the run's own model's.
   * The caller disposes of it; `model` stays the caller's.
   */
  scaffold(model: LayersModel, how?: { readonly normalize?: boolean }): Promise<ScaffoldModel>;
  /** Another model like the one that `next` trains, rewrites and first weights included: a moving teacher. The caller disposes of it. */
  twin(): Promise<ScaffoldModel>;
  /** A registered optimizer. Errors: REG_OPTIMIZER_UNKNOWN. */ optimizer(use: string, params?: Params): Optimizer;
  /** Once done, restored instead of rerun; curves have one entry an epoch. */
  fit(stage: Stage): Promise<{ readonly curves: Readonly<Record<string, readonly number[]>>; readonly cost: Cost }>;
  /**
   * Inference over a source; kept, so that a resumed run reads it again. `model.forward` is recorded: it takes nothing that
   * varies from call to call but its images.
   */
  table(name: string, model: Predictor, on: Source, pick: (seen: Forward) => NamedTensorMap): Promise<Table>;
  score(model: Predictor, on: Source): Promise<Score>;
  /**
   * A program to be run many times, recorded where the backend can: what a probe repeats. Each run counts as so many images
   * forward and backward (`trained`) or forward alone (`inferred`). The caller disposes of it.
   */
  repeat(program: Program, images: { readonly trained?: number; readonly inferred?: number }): Recording;
  /** Recomputes batch-normalisation statistics over a source. */ settle(
    model: ScaffoldModel,
    on: Source,
  ): Promise<void>;
  /**
   * For a person to look at: `shown/<training>-<name>.png` in the run's folder, `.json` beside it with what is known of the
   * pictures. Without a folder, nothing.
   */
  show(name: string, pictures: Pictures, about: Json): void;
  /** Numbers about what was done, beside the curves: an epoch's logs of a training named after this technique. */
  log(values: Readonly<Record<string, number>>): void;
  snapshot(name: string, weights: readonly Weight[]): Promise<Snapshot>;
  /** Weights that the snapshot lacks stay as they are; `parts` restricts what is restored. */
  restore(snapshot: Snapshot, weights: readonly Weight[], parts?: readonly string[]): Promise<void>;
}
