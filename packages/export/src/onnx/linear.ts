import { samePadding, type Linear, type Pair, type Value } from "../graph.ts";
import type { Node } from "./proto.ts";
import type { Sheet } from "./sheet.ts";

/** Errors: as `stored`. */
export function writeLinear(sheet: Sheet, value: Value, op: Linear): void {
  const [x] = value.inputs as readonly [Value];
  const bias = op.bias ? [sheet.floats(`${value.name}/bias`, op.bias, [op.bias.length])] : [];
  const { kernel } = op;
  const [a, b, c, d] = kernel.shape as readonly [number, number, number, number];
  switch (op.kind) {
    case "conv": {
      const w = sheet.kernel(kernel, [3, 2, 0, 1], [d, c, a, b], [d, 1, 1, 1]);
      return convolution(w, { ...windowOf(op, x), dilations: [...op.dilations] });
    }
    case "depthwise": {
      const w = sheet.kernel(kernel, [2, 3, 0, 1], [c * d, 1, a, b], [c * d, 1, 1, 1]);
      return convolution(w, { ...windowOf(op, x), dilations: [...op.dilations], group: c });
    }
    case "transposed": {
      const w = sheet.kernel(kernel, [3, 2, 0, 1], [d, c, a, b], [1, c, 1, 1]);
      const inputs = [sheet.read(x, "first"), w, ...bias];
      return sheet.write(value, "first", "ConvTranspose", inputs, transposedWindow(op));
    }
    case "dense": {
      const inputs = [sheet.read(x, "last"), sheet.kernel(kernel, [0, 1], [a, b], [1, b])];
      if (x.shape.length === 2) return sheet.write(value, "last", "Gemm", [...inputs, ...bias]);
      if (bias.length === 0) return sheet.write(value, "last", "MatMul", inputs);
      const product = sheet.node("MatMul", inputs, {}, `${value.name}/product`);
      return sheet.write(value, "last", "Add", [product, ...bias]);
    }
  }

  function convolution(w: string, attributes: Node["attributes"]): void {
    sheet.write(value, "first", "Conv", [sheet.read(x, "first"), w, ...bias], attributes);
  }
}

type Window = { readonly size: Pair; readonly strides: Pair; readonly padding: string; readonly dilations?: Pair };

/** Attributes of a window over `x`. */
export function windowOf({ size, strides, padding, dilations }: Window, x: Value): Node["attributes"] {
  const sides = [0, 1].map((at): Pair => {
    if (padding === "valid") return [0, 0];
    return samePadding(x.shape[at + 1] as number, size[at]!, strides[at]!, dilations?.[at] ?? 1);
  });
  return { kernel_shape: [...size], strides: [...strides], pads: padsOf(sides) };
}

/** "same": `stride` times as long, with what is over cut as the convolution's padding would be. */
function transposedWindow({ size, strides, padding }: Window): Node["attributes"] {
  const over = [0, 1].map((at) => Math.max(0, size[at]! - strides[at]!));
  const short = [0, 1].map((at) => Math.max(0, strides[at]! - size[at]!));
  const sides = over.map((all): Pair => (padding === "valid" ? [0, 0] : [Math.floor(all / 2), Math.ceil(all / 2)]));
  return { kernel_shape: [...size], strides: [...strides], pads: padsOf(sides), output_padding: short };
}

const padsOf = (sides: readonly Pair[]): readonly number[] => [
  ...sides.map(([before]) => before),
  ...sides.map(([, after]) => after),
];
