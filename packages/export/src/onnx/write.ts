import { valuesOf, type Binary, type Graph, type Op, type Unary, type Value } from "../graph.ts";
import type { Weights } from "../precision.ts";
import { windowOf, writeLinear } from "./linear.ts";
import { modelProto } from "./proto.ts";
import { Sheet, type Layout } from "./sheet.ts";

const UNARY: Readonly<Record<Unary, string>> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softplus: "Softplus",
  softsign: "Softsign",
  erf: "Erf",
  elu: "Elu",
  selu: "Selu",
  log: "Log",
};
const BINARY: Readonly<Record<Binary, string>> = {
  add: "Add",
  multiply: "Mul",
  subtract: "Sub",
  maximum: "Max",
  minimum: "Min",
};

/** The bytes of an `.onnx` file. Errors: REG_MODEL_UNSUPPORTED. */
export function onnxOf(
  graph: Graph,
  how: { name: string; weights: Weights; notes: Record<string, string> },
): Uint8Array {
  const sheet = new Sheet(graph, how.weights);
  for (const value of valuesOf(graph)) write(sheet, value);
  const outputs = graph.outputs.map((value) => ({ name: sheet.read(value, "last"), shape: value.shape }));
  const { nodes, tensors } = sheet;
  const inputs = [{ name: graph.input.name, shape: graph.input.shape }];
  return modelProto({ name: how.name, nodes, tensors: [...tensors.values()], inputs, outputs, notes: how.notes });
}

function write(sheet: Sheet, value: Value): void {
  const { op, name, shape, inputs } = value;
  const [x] = inputs as readonly [Value];
  /** One node that works in either layout, in the one that its input has. */
  const either = (
    kind: string,
    attributes: Parameters<Sheet["node"]>[2] = {},
    constants: readonly string[] = [],
  ): void => {
    const layout = sheet.layout(x);
    sheet.write(value, layout, kind, [sheet.read(x, layout), ...constants], attributes);
  };
  switch (op.kind) {
    case "input":
      return;
    case "conv":
    case "depthwise":
    case "transposed":
    case "dense":
      return writeLinear(sheet, value, op);
    case "affine":
      return affine(sheet, value, op);
    case "unary":
      return either(UNARY[op.fn]);
    case "leaky":
      return either("LeakyRelu", { alpha: { float: op.alpha } });
    case "clip":
      return either("Clip", {}, [
        sheet.floats(`${name}/low`, [op.low], []),
        sheet.floats(`${name}/high`, [op.high], []),
      ]);
    case "binary": {
      const layout = common(sheet, inputs);
      return sheet.write(
        value,
        layout,
        BINARY[op.fn],
        inputs.map((input) => sheet.read(input, layout)),
      );
    }
    case "concat": {
      const layout = common(sheet, inputs);
      const axis = layout === "first" ? AXES[op.axis]! : op.axis;
      return sheet.write(
        value,
        layout,
        "Concat",
        inputs.map((input) => sheet.read(input, layout)),
        { axis },
      );
    }
    case "softmax":
      return either(op.log ? "LogSoftmax" : "Softmax", { axis: sheet.layout(x) === "first" ? 1 : shape.length - 1 });
    case "pool": {
      const kind = op.fn === "max" ? "MaxPool" : "AveragePool";
      return sheet.write(value, "first", kind, [sheet.read(x, "first")], windowOf(op, x));
    }
    case "reduce": {
      const layout = sheet.layout(x);
      const attributes = { axes: layout === "first" ? [2, 3] : [1, 2], keepdims: op.keep ? 1 : 0 };
      const kind = op.fn === "max" ? "ReduceMax" : "ReduceMean";
      return sheet.write(value, op.keep ? layout : "last", kind, [sheet.read(x, layout)], attributes);
    }
    case "reshape":
      return reshape(sheet, value, x);
    case "transpose":
      return sheet.write(value, "last", "Transpose", [sheet.read(x, "last")], { perm: op.order });
    case "pad":
    case "crop":
      return margins(sheet, value, x, op);
    case "resize": {
      const scales = sheet.floats(`${name}/scales`, [1, 1, ...op.by], [4]);
      const shared = { coordinate_transformation_mode: "asymmetric" };
      const how = op.fn === "nearest" ? { mode: "nearest", nearest_mode: "floor" } : { mode: "linear" };
      return sheet.write(value, "first", "Resize", [sheet.read(x, "first"), "", scales], { ...shared, ...how });
    }
  }
}

/** Where the axes of [n, h, w, c] are when channels come first. */
const AXES: readonly number[] = [0, 2, 3, 1];

const common = (sheet: Sheet, inputs: readonly Value[]): Layout =>
  inputs.some((input) => sheet.layout(input) === "first") ? "first" : "last";

function affine(sheet: Sheet, value: Value, { scale, shift }: Op & { kind: "affine" }): void {
  const { name, inputs } = value;
  const [x] = inputs as readonly [Value];
  const layout = sheet.layout(x);
  const constant = (part: string, values: Float32Array): string => {
    const side = values.length === 1 ? [] : layout === "first" ? [values.length, 1, 1] : [values.length];
    return sheet.floats(`${name}/${part}`, values, side);
  };
  const from = sheet.read(x, layout);
  if (shift.every((by) => by === 0)) return sheet.write(value, layout, "Mul", [from, constant("scale", scale)]);
  const scaled = sheet.node("Mul", [from, constant("scale", scale)], {}, `${name}/scaled`);
  sheet.write(value, layout, "Add", [scaled, constant("shift", shift)]);
}

/** Where an image is one pixel or one channel, both layouts are the same numbers in the same order. */
function reshape(sheet: Sheet, value: Value, x: Value): void {
  const either = ({ shape: [, h, w, c, more] }: Value): boolean =>
    c !== undefined && more === undefined && (c === 1 || (h === 1 && w === 1));
  const [from, to]: readonly Layout[] = [either(x) ? sheet.layout(x) : "last", either(value) ? "first" : "last"];
  const [, ...sides] = value.shape;
  const [h, w, c] = sides as [number, number, number];
  const target = sheet.integers(`${value.name}/shape`, [-1, ...(to === "first" ? [c, h, w] : sides)]);
  sheet.write(value, to!, "Reshape", [sheet.read(x, from!), target]);
}

function margins(sheet: Sheet, value: Value, x: Value, { kind, sides }: Op & { kind: "pad" | "crop" }): void {
  const [[top, bottom], [left, right]] = sides;
  const layout = sheet.layout(x);
  const from = sheet.read(x, layout);
  const { name } = value;
  if (kind === "pad") {
    const along = ([h, w]: readonly [number, number]) => (layout === "first" ? [0, 0, h, w] : [0, h, w, 0]);
    const pads = sheet.integers(`${name}/pads`, [...along([top, left]), ...along([bottom, right])]);
    return sheet.write(value, layout, "Pad", [from, pads]);
  }
  const [, h, w] = x.shape as readonly [null, number, number, number];
  const starts = sheet.integers(`${name}/starts`, [top, left]);
  const ends = sheet.integers(`${name}/ends`, [h - bottom, w - right]);
  const axes = sheet.integers(`${name}/axes`, layout === "first" ? [2, 3] : [1, 2]);
  sheet.write(value, layout, "Slice", [from, starts, ends, axes]);
}
