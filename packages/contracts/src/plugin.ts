import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Samples, Source } from "./data.ts";
import type { Cost, Json, Params, Score, Task } from "./json.ts";
import type { Evaluation, Prediction } from "./evaluation.ts";
import type { Executor, Workbench } from "./executor.ts";
import type { Fragment, MetaLearner, Refusal } from "./metalearner.ts";
import type { Architecture, Scaffold } from "./model.ts";
import type { TrialRecord } from "./record.ts";
import type { Recorder } from "./recording.ts";
import type { Report } from "./report.ts";
import type { Optimizer } from "./step.ts";
import type { Space, Technique } from "./technique.ts";

/** What the package's default export is. Importing it changes nothing; `createRegimen` registers it with its own container. */
export interface Plugin {
  /** The package's name. */ readonly name: string;
  readonly version: string;
  register(into: Registry): void;
}

/** A plug-in's view of the container. Registering a name twice is REG_PLUGIN_DUPLICATE. */
export interface Registry {
  technique<P extends Params>(technique: Technique<P>): void;
  metalearner(factory: MetaLearnerFactory): void;
  scaffold(scaffold: Scaffold): void;
  reader(reader: Reader): void;
  architecture(architecture: Architecture): void;
  backend(backend: Backend): void;
  optimizer(optimizer: NamedOptimizer): void;
  schedule(schedule: NamedSchedule): void;
}

export interface MetaLearnerFactory {
  /** "random", "halving": what a configuration says. */ readonly name: string;
  readonly version: string;
  create(options?: { readonly [option: string]: Json }): MetaLearner;
}

/** A base optimizer: `create` returns ⇒ the direction, state through `step.state`. `params` are complete and checked. */
export interface NamedOptimizer {
  readonly name: string;
  readonly space: Space;
  create(params: Params): Optimizer;
}

/** `at(progress)`: the share of the peak rate, with progress in [0, 1]. Pure. `params` are complete and checked. */
export interface NamedSchedule {
  readonly name: string;
  readonly space: Space;
  at(progress: number, params: Params): number;
}

/** A backend at work. */
export type Loaded = {
  /** The name that tfjs knows it by. */ readonly tfjs: string;
  readonly version: string;
  readonly device: string;
  /** Makes steps faster than op by op; absent where the backend cannot. */ readonly record?: Recorder;
};

/** Where a run computes. `auto` takes the lowest `rank` whose `load` succeeds. */
export interface Backend {
  readonly name: string;
  /** node-gpu 10, node 20, webgpu 30, wasm 40, cpu 90. */ readonly rank: number;
  /** False: only when asked for by name. */ readonly auto: boolean;
  /** Makes tfjs use it, kernels included. Throws an Error whose message says in one sentence why it cannot. */
  load(): Promise<Loaded>;
}

/** A data source in a configuration; other keys are the reader's own options. */
export type DataSpec = {
  readonly format: string;
  readonly path: string | readonly string[];
  /** The first n examples. */ readonly limit?: number;
  readonly [option: string]: Json | undefined;
};
export type ReadHow = {
  /** Relative paths start here. */ readonly base: string;
  /** The classes of the training split, in order: a file with others is REG_DATA_LABEL. Absent: found. */
  readonly classes?: readonly string[];
  /** Target size in pixels; absent: the files' own, which then must agree. */ readonly size?: {
    readonly h: number;
    readonly w: number;
  };
  readonly fit: "cover" | "contain" | "stretch";
  readonly channels?: 1 | 3;
  /** An image may have several labels. */ readonly several?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
};

/** Reads one format. Errors: REG_DATA_*; a single unreadable file is a recorded skip. */
export interface Reader {
  /** What `format:` says. */ readonly name: string;
  readonly about: string;
  open(spec: DataSpec, how: ReadHow): Promise<Samples>;
}

export type ModelInput =
  | LayersModel
  | { readonly architecture: string; readonly with?: Params }
  /** `keep`: training starts from the model's weights and its inputs are left as they are; `fresh`: new weights from the seed. */
  | { readonly model: LayersModel; readonly weights: "keep" | "fresh"; readonly name?: string };

export type DataInput = {
  readonly train: Source | Samples | Promise<Source | Samples>;
  readonly validation?: Source | Samples | Promise<Source | Samples> | { readonly fraction: number };
  readonly test?: Source | Samples | Promise<Source | Samples> | { readonly fraction: number };
  readonly unlabeled?: Source | Samples | Promise<Source | Samples>;
  /** Labelled images that you made: rendered, drawn, generated. */ readonly synthetic?:
    Source | Samples | Promise<Source | Samples>;
  readonly name?: string;
};

/** `"auto"` lets Regimen choose (and the search vary it). */
export type TrainSettings = {
  readonly epochs?: number | "auto";
  readonly batchSize?: number | "auto";
  readonly learningRate?: number | "auto";
  readonly optimizer?: string;
  readonly schedule?: string;
  /**
   * Whether the model that is handed back is trained on the validation images too, where a test split is there to measure it on and
   * no technique of its policy chooses by them. Unless told: after a search yes, since they have served; else as the policy says.
   */
  readonly withValidation?: boolean;
};

export interface JobOptions {
  readonly model: ModelInput;
  readonly data: DataInput;
  readonly task?: Task;
  readonly training?: TrainSettings;
  readonly seed?: number;
  /** The run's folder; it must not exist, unless `resume`. Absent: nothing is written. */ readonly out?: string;
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  /** Kept in `run.json`, so that a run can be resumed with nothing else. */ readonly config?: Json;
}
export interface SearchOptions extends JobOptions {
  readonly metalearner?: MetaLearner | string;
  readonly search?: {
    /** In plain runs; 1 unless told. */ readonly budget?: number;
    /** By technique: false, never; hyperparameters, fixed. */ readonly space?: {
      readonly [use: string]: Params | false;
    };
    /** Policies of other searches, worth trying first: their techniques, where these can be used here. */
    readonly warm?: readonly (Policy | PolicyByHand)[];
  };
  /** Who does the search's requests; this process unless told. The caller closes it. */ readonly executor?: Executor;
}
export interface TrainOptions extends SearchOptions {
  /** False: no baseline run; the report then compares nothing. */ readonly baseline?: boolean;
}
export interface FitOptions extends JobOptions {
  readonly policy: Policy | PolicyByHand | "none";
}

/** A policy as one writes it in code: hyperparameters that are not named have their defaults. */
export type PolicyByHand = Omit<Fragment, "steps"> & {
  readonly steps: readonly { readonly use: string; readonly with?: Params }[];
};

export type PolicyStep = {
  readonly use: string;
  readonly version: string;
  /** Of the technique, where that is not 1: what the hyperparameters mean. */ readonly paramsVersion?: number;
  readonly with: Params;
  readonly refused?: Refusal;
};
export type PolicyTrain = {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** With parameters where they are not the defaults: "sgd:momentum=0.95,nesterov=false". */ readonly optimizer: string;
  /** Likewise: "cosine:warmUp=0.1". */ readonly schedule: string;
  /** It was trained on the validation images too. */ readonly withValidation?: boolean;
  /** It began with so many epochs of plain training, which come before its own `epochs` … */ readonly plainEpochs?: number;
  /** … and with the schedule of a plain run of so many. */ readonly plainHorizon?: number;
};
/** `policy.json`. */
export type Policy = {
  readonly format: 1;
  readonly name: string;
  readonly engine: string;
  readonly seed: number;
  readonly train: PolicyTrain;
  readonly steps: readonly PolicyStep[];
};

export type RegimenEvent =
  | {
      readonly kind: "stage";
      readonly stage: "baseline" | "search" | "attribution" | "final" | "test";
      readonly message: string;
      readonly secondsLeft: number | null;
    }
  | {
      readonly kind: "trial";
      readonly name: string;
      /** What was tried. */ readonly policy: Fragment;
      readonly done: number;
      readonly score: Score | null;
      readonly status: string;
      readonly secondsLeft: number | null;
    }
  | {
      readonly kind: "epoch";
      readonly training: string;
      readonly epoch: number;
      readonly epochs: number;
      readonly logs: Readonly<Record<string, number>>;
      readonly secondsLeft: number | null;
    }
  | {
      readonly kind: "progress";
      readonly training: string;
      /** Done and to do of its course, by what they cost and whoever did them: a plain training goes on through all of its parts. */
      readonly images: number;
      readonly of: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number | null;
    }
  | { readonly kind: "warning"; readonly code: string; readonly message: string };

/** Events while it runs; the result when awaited. An abort saves the state, then rejects with an `AbortError`. */
export interface Running<T> extends PromiseLike<T>, AsyncIterable<RegimenEvent> {}

/** The receiver owns `model`: a plain LayersModel that takes raw pixels. */
export interface FitResult {
  readonly model: LayersModel;
  readonly policy: Policy;
  readonly seed: number;
  readonly backend: string;
  readonly captured: boolean;
  readonly parameters: number;
  readonly cost: Cost;
  readonly imagesSeen: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** null: it was trained on the validation images too, and nothing but the test split is left to measure it on. */
  readonly validation: Score | null;
  readonly test: Evaluation | null;
  readonly folder: string | null;
}
export interface SearchResult {
  readonly policy: Policy;
  readonly cost: Cost;
  readonly trials: readonly TrialRecord[];
  readonly folder: string | null;
}
export interface TrainResult extends FitResult {
  /** `report.json`. */ readonly report: Report;
}

export interface Regimen {
  readonly backend: { readonly name: string; readonly version: string; readonly device: string };
  readonly registered: {
    readonly plugins: readonly Plugin[];
    readonly techniques: readonly Technique[];
    readonly metalearners: readonly MetaLearnerFactory[];
    readonly scaffolds: readonly Scaffold[];
    readonly readers: readonly Reader[];
    readonly architectures: readonly Architecture[];
    readonly backends: readonly Backend[];
    readonly optimizers: readonly NamedOptimizer[];
    readonly schedules: readonly NamedSchedule[];
  };
  /** The main job: baseline, search, final training, report. */ train(options: TrainOptions): Running<TrainResult>;
  search(options: SearchOptions): Running<SearchResult>;
  /** Opens a run to do requests of its search, for an executor elsewhere. Errors: REG_RUN_MISSING, REG_DATA_*. */
  workbench(options: SearchOptions & { readonly out: string }): Promise<Workbench>;
  fit(options: FitOptions): Running<FitResult>;
  /** `model`: a plain model on raw pixels. */ evaluate(options: {
    readonly model: LayersModel;
    readonly data: Source | Samples;
    readonly task?: Task;
    /** By class, from which score on an answer counts: those that a validation split chose, as `metadata.json` has them. */
    readonly thresholds?: readonly (number | null)[];
  }): Promise<Evaluation>;
  /**
   * What a plain model says of each image, labelled or not: `source.relabel` takes the probabilities as soft labels. Errors:
   * REG_MODEL_INPUT, REG_MODEL_OUTPUT.
   */
  label(options: { readonly model: LayersModel; readonly data: Source | Samples }): Promise<readonly Prediction[]>;
  /** A registered reader's answer as a Source. Errors: REG_DATA_FORMAT, REG_DATA_*. */
  open(spec: DataSpec, how?: Partial<ReadHow>): Promise<Source>;
  dispose(): Promise<void>;
}
