import * as tf from "@tensorflow/tfjs-core";

/** An op as a function of float tensors of these shapes. */
export type Case = {
  readonly name: string;
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** "none": none worth a check. "refused", "wrong": tfjs' own, the same on every backend, throws or lies. */
  readonly gradient?: "none" | "refused" | "wrong";
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
export const refused = { gradient: "refused" } as const;
export const wrong = { gradient: "wrong" } as const;
export const positive = { positive: true } as const;

export const ids = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, "int32");
export const table = (rows: readonly (readonly number[])[], dtype: "int32" | "float32" = "int32"): tf.Tensor2D =>
  tf.tensor2d(
    rows.map((row) => [...row]),
    [rows.length, rows[0]!.length],
    dtype,
  );
