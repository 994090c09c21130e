import { isLinear, valuesOf, type Graph, type Linear, type Value } from "./graph.ts";

/**
 * Batch normalisation (any product and sum per channel) drawn into the convolution or dense layer in front of it, where that
 * is all that reads it. Kernels keep their own values and get factors, so that rounding them comes out as without folding.
 */
export function folded(graph: Graph): Graph {
  const values = valuesOf(graph);
  const readers = new Map<Value, number>();
  const count = (value: Value): unknown => readers.set(value, (readers.get(value) ?? 0) + 1);
  values.forEach(({ inputs }) => inputs.forEach(count));
  graph.outputs.forEach(count);

  const now = new Map<Value, Value>();
  for (const value of values) {
    const inputs = value.inputs.map((input) => now.get(input)!);
    const [before] = inputs;
    const alone = before !== undefined && readers.get(value.inputs[0]!) === 1;
    now.set(
      value,
      value.op.kind === "affine" && alone && isLinear(before.op)
        ? { ...value, op: scaled(before.op, value.op), inputs: before.inputs }
        : { ...value, inputs },
    );
  }
  return { input: now.get(graph.input) ?? graph.input, outputs: graph.outputs.map((output) => now.get(output)!) };
}

function scaled(op: Linear, by: { readonly scale: Float32Array; readonly shift: Float32Array }): Linear {
  const { kernel, bias } = op;
  const channels = kernel.channels.reduce((all, axis) => all * kernel.shape[axis]!, 1);
  const at = (numbers: Float32Array, c: number): number => numbers[numbers.length === 1 ? 0 : c]!;
  const perChannel = (of: (c: number) => number): Float32Array =>
    Float32Array.from({ length: channels }, (_, c) => of(c));
  const factors = perChannel((c) => (kernel.factors?.[c] ?? 1) * at(by.scale, c));
  const shifted = perChannel((c) => (bias?.[c] ?? 0) * at(by.scale, c) + at(by.shift, c));
  return { ...op, kernel: { ...kernel, factors }, bias: shifted };
}
