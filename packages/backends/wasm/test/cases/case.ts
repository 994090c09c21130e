import * as tf from "@tensorflow/tfjs-core";

/** An op as a function of float tensors of these shapes. */
export type Case = {
  readonly name: string;
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** The cpu backend's gradient is wrong or refused: only central differences judge. */
  readonly cpuWrong?: true;
  /** No gradient to check. */
  readonly forwardOnly?: true;
};

type Add = <T extends readonly tf.Tensor[]>(
  name: string,
  run: (...inputs: T) => tf.Tensor,
  shapes: readonly (readonly number[])[],
  more?: Pick<Case, "cpuWrong" | "forwardOnly">,
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

export const forwardOnly = { forwardOnly: true } as const;
export const ids = (...values: number[]) => tf.tensor1d(values, "int32");
