/**
 * What both formats are written from: a graph of few operations, with images as [n, h, w, c] and TensorFlow's meaning of
 * padding. Values are made in an order in which each stands behind what it reads.
 */
export type Graph = { readonly input: Value; readonly outputs: readonly Value[] };

export type Value = {
  /** Unique in its graph: of the layer that made it, with a suffix where one layer makes several. */
  readonly name: string;
  readonly op: Op;
  readonly inputs: readonly Value[];
  /** The first is the batch, which is null; the others are known. */ readonly shape: Shape;
};
export type Shape = readonly [null, ...number[]];

export type Pair = readonly [number, number];
export type Padding = "same" | "valid";

/** Weights as the model has them, and what each output channel is multiplied by on top. */
export type Kernel = {
  readonly name: string;
  readonly values: Float32Array;
  readonly shape: readonly number[];
  /** The axes that together count the output channels, in this order: one, or two of a depthwise kernel. */
  readonly channels: readonly number[];
  /** Of the length of the output channels; undefined: 1. */ readonly factors?: Float32Array;
};

type Window = { readonly size: Pair; readonly strides: Pair; readonly padding: Padding };
/** What ends in kernel · x + bias, for each output channel. */
export type Linear =
  /** Kernel [kh, kw, in, out]. */
  | ({ readonly kind: "conv"; readonly dilations: Pair } & Window & Weights)
  /** Kernel [kh, kw, in, multiplier]. */
  | ({ readonly kind: "depthwise"; readonly dilations: Pair } & Window & Weights)
  /** Kernel [kh, kw, out, in]. */
  | ({ readonly kind: "transposed" } & Window & Weights)
  /** Kernel [in, out], over the last axis. */
  | ({ readonly kind: "dense" } & Weights);
type Weights = { readonly kernel: Kernel; readonly bias?: Float32Array };

export type Op =
  | { readonly kind: "input" }
  | Linear
  /** x · scale + shift, over the last axis; of length 1 or of that axis. */
  | { readonly kind: "affine"; readonly scale: Float32Array; readonly shift: Float32Array }
  | { readonly kind: "unary"; readonly fn: Unary }
  /** x where x > 0, else alpha · x. */
  | { readonly kind: "leaky"; readonly alpha: number }
  | { readonly kind: "clip"; readonly low: number; readonly high: number }
  | { readonly kind: "binary"; readonly fn: Binary }
  /** Over the last axis. */
  | { readonly kind: "softmax"; readonly log: boolean }
  | ({ readonly kind: "pool"; readonly fn: "max" | "average" } & Window)
  /** Over height and width, which are gone or stay as 1. */
  | { readonly kind: "reduce"; readonly fn: "max" | "mean"; readonly keep: boolean }
  /** To the value's shape. */
  | { readonly kind: "reshape" }
  | { readonly kind: "transpose"; readonly order: readonly number[] }
  | { readonly kind: "concat"; readonly axis: number }
  /** [top, bottom], [left, right], with zeros. */
  | { readonly kind: "pad"; readonly sides: readonly [Pair, Pair] }
  | { readonly kind: "crop"; readonly sides: readonly [Pair, Pair] }
  /** By whole factors; a pixel's corner is where its index says, as tfjs has it. */
  | { readonly kind: "resize"; readonly fn: "nearest" | "bilinear"; readonly by: Pair };

export type Unary = "relu" | "sigmoid" | "tanh" | "softplus" | "softsign" | "erf" | "elu" | "selu" | "log";
export type Binary = "add" | "multiply" | "subtract" | "maximum" | "minimum";

/** Every value that the outputs need, each behind what it reads. */
export function valuesOf({ outputs }: Graph): readonly Value[] {
  const found = new Set<Value>();
  // By hand: a model may be deeper than the stack.
  const open = outputs.toReversed().map((value) => ({ value, ready: false }));
  while (open.length) {
    const { value, ready } = open.pop()!;
    if (found.has(value)) continue;
    if (ready) {
      found.add(value);
      continue;
    }
    open.push({ value, ready: true });
    for (const input of value.inputs.toReversed()) if (!found.has(input)) open.push({ value: input, ready: false });
  }
  return [...found];
}

export const isLinear = (op: Op): op is Linear =>
  op.kind === "conv" || op.kind === "depthwise" || op.kind === "transposed" || op.kind === "dense";

/** How many zeros [before, after] a window needs along one axis for "same": TensorFlow's rule, the odd one behind. */
export function samePadding(length: number, size: number, stride: number, dilation: number): Pair {
  const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + (size - 1) * dilation + 1 - length);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}
