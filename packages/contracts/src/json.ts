/** Anything that survives `JSON.stringify` and back. Types that must be `Json` are `type`s, since interfaces are not assignable to it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Hyperparameters of a technique, an optimizer or a schedule: flat, readable, JSON. */
export type Params = { readonly [key: string]: number | string | boolean };

export type Task =
  "binary_classification" | "classification" | "multilabel_classification" | "detection" | "semantic_segmentation";

/** What work costs. An image that went forward and backward counts as 1 `trained`, forward alone as 1 `inferred`. */
export type Cost = { readonly trained: number; readonly inferred: number; readonly seconds: number };

/**
 * `error`, 0..1: the share of wrong answers; of independent labels 1 − mean average precision, in segmentation 1 − mean IoU,
 * in detection 1 − mAP@0.5. `loss`: the task's own, a mean over images (cross entropy in nats). `ece`: expected calibration
 * error, 0..1.
 */
export type Score = {
  readonly error: number;
  readonly loss: number;
  readonly ece: number | null;
  /**
   * The loss at the best temperature, where the task has one: what a model knows, however sure it is of it. Policies are compared
   * by it, since being less sure lowers the loss of an overfitted model and mends none of its answers.
   */
  readonly calibrated?: number;
};
