import type { NamedTensorMap, Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Batch, ImageFormat, Pictures, Rows, Shape } from "./data.ts";
import type { Examiner, ImageAnswer } from "./evaluation.ts";
import type { Json, Params, Score, Task } from "./json.ts";
import type { Rng } from "./random.ts";
import type { Step, Weight } from "./step.ts";

export interface Forward {
  /** [n, d], what the head sees */ readonly features: Tensor2D;
  /** Logits: [n, classes] in classification */ readonly outputs: Tensor;
  /** Feature maps, coarse last, where a scaffold has them */ readonly maps: readonly Tensor4D[];
}

/** Per example ([n]: the core weighs and averages) or already one number. */
export type Objective = (seen: Forward, batch: Batch, step: Step) => Tensor1D | Scalar;

/** A layer in Keras' serialized form, snake_case keys: `{ className: "Dropout", config: { name: "drop", rate: 0.5 } }`. */
export type LayerSpec = { readonly className: string; readonly config: { readonly [key: string]: Json | undefined } };
export type LayerNode = LayerSpec & { readonly name: string; readonly inputs: readonly string[] };

/**
 * A model's graph before any tensor exists: immutable, in execution order. Techniques insert or swap layers; they never
 * rename the user's.
 */
export interface Topology {
  readonly layers: readonly LayerNode[];
  readonly outputs: readonly string[];
  /** Name of the layer whose output the head reads. */ readonly features: string;
  /** Between `from` and its consumer `to` (all consumers, if not named). */
  insert(on: { from: string; to?: string }, layer: LayerSpec): Topology;
  replace(name: string, layer: LayerSpec): Topology;
}

/**
 * Reaches custom layers as kwargs. In training, moving averages move, unless `statistics` is false; "replace" makes them
 * the batch's own. Without `step`, layers that draw are the identity.
 */
export type Mode = { readonly training: boolean; readonly statistics?: boolean | "replace"; readonly step?: Step };

export interface Predictor {
  /** [n, h, w, c] raw pixels → logits. The caller disposes of what it returns (or runs it in a tidy). */
  forward(images: Tensor4D, mode?: Mode): Forward;
  /** A plain model on raw pixels with the user's own output (probabilities, or logits), no training-only layer. The caller owns it. */
  plain(): Promise<LayersModel>;
  dispose(): void;
}

/** Weights and state on disk (or in memory, where a run has no folder). */
export type Snapshot = { readonly id: string };
export type Bytes = { readonly [name: string]: { readonly shape: readonly number[]; readonly values: Float32Array } };

export interface ScaffoldModel extends Predictor {
  readonly format: ImageFormat;
  readonly weights: readonly Weight[];
  readonly parameters: number;
  /** Facts that techniques may need ("residual", "batch-norm"). */ readonly facts: readonly string[];
  readonly loss: Objective;
  /** Outputs as a person reads them: `{ probabilities: [n, classes] }` in classification. */
  decode(seen: Forward): NamedTensorMap;
}

/** Collects answers on the device; `read` is the only host read and disposes of what was collected. */
export interface Meter {
  add(seen: Forward, batch: Batch): void;
  read(): Promise<Metered>;
}
/** `losses`: [images]; `outputs`: decoded, one row an image. */
export type Metered = {
  readonly score: Score;
  readonly losses: Float32Array;
  readonly outputs: Float32Array;
};

/** What a technique does to a model before any tensor exists. */
export type Rewrite = { rewrite?(topology: Topology): Topology };

export type WrapOptions = {
  readonly hooks: readonly Rewrite[];
  readonly format: ImageFormat;
  readonly classes: number;
  readonly task: Task;
  readonly rng: Rng;
  /** Per channel, of the training split; undefined leaves inputs as they are. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
};

/** Owns a task's loss, decoding and metrics, and how a user's model is made trainable. */
export interface Scaffold {
  readonly name: string;
  readonly version: string;
  readonly tasks: readonly Task[];
  meter(shape: Shape, task: Task): Meter;
  /** Builds the training model from `model`, whose weights it copies; `model` stays the caller's. Errors: REG_MODEL_*. */
  wrap(model: LayersModel, how: WrapOptions): Promise<ScaffoldModel>;
  /**
   * Judges a plain model's answers on raw pixels. Absent or undefined: one class an image, that of the largest
   * probability. `thresholds`: by class, from which score on an answer counts; null where nothing told, absent where nobody
   * chose. Errors: REG_MODEL_OUTPUT.
   */
  examine?(how: {
    readonly model: LayersModel;
    readonly task: Task;
    readonly format: ImageFormat;
    readonly classes: readonly string[];
    readonly thresholds?: readonly (number | null)[];
  }): Examiner | undefined;
  /**
   * A row of pictures for each of `rows`: the image, its truth, the answer. `answers`: the plain model's outputs for them;
   * `thresholds`: by class, from which score on an answer counts, where that is known.
   */
  draw?(of: {
    readonly rows: Rows;
    readonly answers: readonly Tensor[];
    readonly model: LayersModel;
    readonly format: ImageFormat;
    readonly thresholds?: readonly number[];
  }): Promise<Pictures>;
  /** What a plain model's outputs say, one an image. Absent: as probabilities of classes. */
  answer?(of: {
    readonly answers: readonly Tensor[];
    readonly model: LayersModel;
    readonly format: ImageFormat;
  }): Promise<readonly ImageAnswer[]>;
}

/** A model that can be built again and again. */
export interface Blueprint {
  readonly name: string;
  /** Whether `grow` changes anything. */ readonly grows: boolean;
  /** False: it starts from the user's weights (fine-tuning), and inputs are left as they are. */ readonly fresh: boolean;
  grow(by: { readonly width?: number; readonly depth?: number }): Blueprint;
  /** The caller owns the model. The same rng gives the same weights. */ build(rng: Rng): Promise<LayersModel>;
}

/** A named architecture that a plug-in offers. */
export interface Architecture {
  readonly name: string;
  readonly about: string;
  /** Whether `with.width` multiplies its filters: so it grows. */ readonly widens?: boolean;
  /** Input is raw pixels [h, w, c]; output [classes] probabilities (of each pixel, in segmentation). Every initializer takes its seed from `seeds`. */
  build(how: {
    readonly format: ImageFormat;
    readonly classes: number;
    readonly seeds: () => number;
    readonly with: Params;
  }): LayersModel;
}
