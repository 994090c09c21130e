import { Float16Array } from "@petamoriken/float16";
import { RegimenError } from "@regimen/contracts";
import type { Kernel } from "./graph.ts";

/** How kernels are stored: computation stays in float32, and so do biases and what normalises. */
export const WEIGHTS = ["float32", "float16", "int8"] as const;
export type Weights = (typeof WEIGHTS)[number];

/** A kernel as it is stored: its values times `factors`, one for each output channel. */
export type Stored = { readonly shape: readonly number[]; readonly factors?: Float32Array } & (
  | { readonly dtype: "float32"; readonly values: Float32Array }
  /** Of 16 bits each. */
  | { readonly dtype: "float16"; readonly values: Uint16Array }
  | { readonly dtype: "int8"; readonly values: Int8Array }
);

/** Errors: REG_MODEL_UNSUPPORTED for a weight that is beyond float16. */
export function stored(kernel: Kernel, weights: Weights): Stored {
  const { values, shape, factors } = kernel;
  switch (weights) {
    case "float32":
      return { dtype: "float32", shape, values: factors ? product(kernel, values, factors) : values };
    case "float16":
      return { dtype: "float16", shape, values: toHalf(values, kernel.name), ...(factors && { factors }) };
    case "int8": {
      const steps = stepsOf(kernel);
      const codes = new Int8Array(values.length);
      perChannel(kernel, (i, c) => (codes[i] = Math.round(values[i]! / steps[c]!)));
      return {
        dtype: "int8",
        shape,
        values: codes,
        factors: factors ? steps.map((step, c) => step * factors[c]!) : steps,
      };
    }
  }
}

/** The values that `stored` stands for, without the kernel's factors. Errors: as `stored`. */
export function rounded(kernel: Kernel, weights: Weights): Float32Array {
  const { factors: _, ...plain } = kernel;
  const { dtype, values, factors } = stored(plain, weights);
  if (dtype === "float16") return new Float32Array(new Float16Array(values.buffer));
  return dtype === "int8" ? product(kernel, values, factors!) : values;
}

/** Symmetric: the largest weight of each channel becomes ±127, and 0 stays 0. */
function stepsOf(kernel: Kernel): Float32Array {
  const { values } = kernel;
  const most = new Float32Array(countOf(kernel));
  perChannel(kernel, (i, c) => (most[c] = Math.max(most[c]!, Math.abs(values[i]!))));
  return most.map((value) => value / 127 || 1);
}

function product(kernel: Kernel, values: Float32Array | Int8Array, factors: Float32Array): Float32Array {
  const all = new Float32Array(values.length);
  perChannel(kernel, (i, c) => (all[i] = values[i]! * factors[c]!));
  return all;
}

const size = (sides: readonly number[]): number => sides.reduce((all, side) => all * side, 1);
const countOf = ({ shape, channels }: Kernel): number => size(channels.map((axis) => shape[axis]!));

/** Every value's index, and that of its output channel. */
function perChannel(kernel: Kernel, visit: (i: number, channel: number) => void): void {
  const { values, shape, channels } = kernel;
  const count = countOf(kernel);
  const inner = size(shape.slice(channels.at(-1)! + 1));
  for (let i = 0; i < values.length;) for (let c = 0; c < count; c++) for (let n = 0; n < inner; n++) visit(i++, c);
}

/** Errors: REG_MODEL_UNSUPPORTED. */
export function toHalf(values: Float32Array, name: string): Uint16Array {
  const halves = new Float16Array(values);
  const beyond = halves.findIndex((value) => !Number.isFinite(value));
  if (beyond >= 0)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `the weight "${name}" holds ${values[beyond]}, which float16 cannot; expected at most ±65504: export float32 or int8`,
    );
  return new Uint16Array(halves.buffer);
}
