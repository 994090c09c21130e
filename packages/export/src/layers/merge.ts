import type { Binary, Value } from "../graph.ts";
import { unsupported, type Maker, type Write } from "./maker.ts";
import { alike } from "./shape.ts";

/** Two at a time, in order. */
function folded(maker: Maker, inputs: readonly Value[], fn: Binary, last: boolean): Value {
  const { layer, op, shape } = maker;
  if (!alike(inputs.map((input) => input.shape)))
    throw unsupported(layer, "it merges values of different ranks; expected one rank");
  return inputs.slice(1).reduce((sum, input, at) => {
    const done = last && at === inputs.length - 2;
    return op({ kind: "binary", fn }, [sum, input], shape, done ? undefined : `${fn}${at + 1}`);
  }, inputs[0]!);
}

const merge =
  (fn: Binary): Write =>
  (maker, inputs) =>
    folded(maker, inputs, fn, true);

export const MERGES: Readonly<Record<string, Write>> = {
  Add: merge("add"),
  Multiply: merge("multiply"),
  Maximum: merge("maximum"),
  Minimum: merge("minimum"),
  Average(maker, inputs) {
    const sum = folded(maker, inputs, "add", false);
    return maker.op({ kind: "affine", scale: Float32Array.of(1 / inputs.length), shift: Float32Array.of(0) }, [sum]);
  },
  Concatenate({ config, op, shape }, inputs) {
    const axis = Number(config["axis"] ?? -1);
    return op({ kind: "concat", axis: axis < 0 ? axis + shape.length : axis }, inputs);
  },
};
