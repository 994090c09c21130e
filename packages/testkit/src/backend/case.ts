import * as tf from "@tensorflow/tfjs-core";

/** An op as a function of float tensors of these shapes. */
export type Case = {
  readonly name: string;
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** "none": the op has no gradient worth a check. "unknown": it has one, and tfjs does not know it. */
  readonly gradient?: "none" | "unknown";
  /** Inputs lie in (0, 1) instead of (−1, 1). */ readonly positive?: true;
};

export type Add = <T extends readonly tf.Tensor[]>(
  name: string,
  run: (...inputs: T) => tf.Tensor,
  shapes: readonly (readonly number[])[],
  more?: Pick<Case, "gradient" | "positive">,
) => void;

/**
 * The cases that `list` adds. `run` types its inputs as the op wants them, so that a case stays a line or two; what is
 * passed has the shapes beside it.
 */
export function collect(list: (add: Add) => void): readonly Case[] {
  const cases: Case[] = [];
  list((name, run, shapes, more = {}) => {
    cases.push({ name, run: run as unknown as Case["run"], shapes, ...more });
  });
  return cases;
}

export const noGradient = { gradient: "none" } as const;
/** tfjs has no gradient of this op, on any backend. */
export const unknownGradient = { gradient: "unknown" } as const;
export const positive = { positive: true } as const;

export const ids = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, "int32");
/** Whole numbers from `first` on, as a matrix. */
export const table = (rows: readonly (readonly number[])[], dtype: "int32" | "float32" = "int32"): tf.Tensor2D =>
  tf.tensor2d(
    rows.map((row) => [...row]),
    [rows.length, rows[0]!.length],
    dtype,
  );
