import type { Scalar, Tensor, Tensor1D, Variable } from "@tensorflow/tfjs-core";
import type { Shape } from "./data.ts";
import type { Rng } from "./random.ts";

/** `statistic`: moving averages that no gradient reaches. `part`: which learning rate applies ("backbone", "head", …). */
export interface Weight {
  /** The weight's `originalName`: stable across wrappings. */
  readonly name: string;
  readonly variable: Variable;
  readonly part: string;
  readonly role: "kernel" | "bias" | "norm" | "statistic";
}

/** A weight that the loss does not reach has no entry in `by`. */
export interface Grads {
  readonly loss: Scalar;
  readonly by: Readonly<Record<string, Tensor>>;
}

/** The loss and its gradients. `statistics: false` leaves batch normalisation's moving averages alone: for a pass beside the first. */
export type Evaluate = (how?: { readonly statistics: boolean }) => Grads;

/**
 * Returns a direction; whoever minimizes applies w ← w − rate(part) · direction. `evaluate` may be called several times
 * (SAM), and the weights may be moved meanwhile if they are put back. Whoever hands on an `evaluate` of its own hands `how` on.
 */
export type Optimizer = (evaluate: Evaluate, weights: readonly Weight[], step: Step) => Grads;

/** Numbers drawn on the host for one step, and magnitudes, by name. Lengths depend on the Shape alone. */
export type Draw = Readonly<Record<string, Float32Array | Int32Array>>;
export type DrawFn = (rng: Rng, shape: Shape) => Draw;

/**
 * One step, seen by one technique. A step is recorded once and replayed: whatever varies from step to step must come from
 * here as a tensor (`fed`, `index`, `progress`, `uniform`, `state` …), never from a JavaScript number captured on the way.
 */
export interface Step {
  /** What this technique's `draw` gave, as tensors (float32 or int32, one dimension). */
  readonly fed: Readonly<Record<string, Tensor1D>>;
  /** Steps done in this stage. */ readonly index: Scalar;
  /** Epochs done in this stage, with their fraction. */ readonly epoch: Scalar;
  /** 0 at the first step of the stage, towards 1 at its last. */ readonly progress: Scalar;
  /** The scheduled learning rate of a part. */ rate(part?: string): Scalar;
  /** In [0, 1), on the device. The same name gives the same numbers within a step. */
  uniform(name: string, shape: readonly number[]): Tensor;
  /** Standard normal, on the device. */ normal(name: string, shape: readonly number[]): Tensor;
  /** A tensor that lives through the stage: owned, snapshotted and disposed of by the core. */
  state(name: string, initial: () => Tensor): Variable;
  /** The step as technique `name` sees it: how an inserted layer reaches its technique's draws. */
  of(name: string): Step;
  gradients(loss: () => Scalar, weights: readonly Weight[]): Grads;
  /** One update of `weights`; returns the loss. */
  minimize(loss: (...how: Parameters<Evaluate>) => Scalar, weights: readonly Weight[], optimizer: Optimizer): Scalar;
  /** Averaged over the logging interval on the device; read back once an interval. */
  log(name: string, value: Scalar): void;
}
