import {
  valuesOf,
  type Binary,
  type Graph,
  type Linear,
  type Op,
  type Pair,
  type Unary,
  type Value,
} from "../graph.ts";
import { stored, type Weights } from "../precision.ts";
import { savedModelProto, type Attribute, type Constant, type Node, type Port } from "./proto.ts";

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
  add: "AddV2",
  multiply: "Mul",
  subtract: "Sub",
  maximum: "Maximum",
  minimum: "Minimum",
};

const T: Readonly<Record<string, Attribute>> = { T: { type: "float32" } };
/** Over [n, h, w, c]. */
const window = (sides: Pair): Attribute => ({ ints: [1, ...sides, 1] });
const padding = (how: string): Attribute => ({ text: how.toUpperCase() });

/** The bytes of `saved_model.pb`; weights are constants in it. Errors: REG_MODEL_UNSUPPORTED. */
export function savedModelOf(graph: Graph, weights: Weights): Uint8Array {
  const writer = new Writer(graph, weights);
  for (const value of valuesOf(graph)) writer.write(value);
  const port = (value: Value): Port => ({
    key: value.name.replace(/\W/g, "_"),
    node: writer.nameOf(value),
    shape: value.shape,
  });
  return savedModelProto(writer.nodes, [port(graph.input)], graph.outputs.map(port));
}

class Writer {
  readonly nodes: Node[] = [];
  readonly #weights: Weights;
  readonly #names = new Map<Value, string>();
  readonly #taken = new Set<string>();

  constructor({ input }: Graph, weights: Weights) {
    this.#weights = weights;
    const shape = { dtype: { type: "float32" }, shape: { shape: input.shape } } as const;
    this.#names.set(input, this.#node(input.name, "Placeholder", [], shape));
  }

  nameOf(value: Value): string {
    return this.#names.get(value)!;
  }

  write(value: Value): void {
    if (value.op.kind !== "input") this.#names.set(value, this.#written(value, value.op));
  }

  /** The node whose first output is the value. */
  #written({ name, inputs, shape }: Value, op: Exclude<Op, { kind: "input" }>): string {
    const [from] = inputs as readonly [Value];
    const x = this.nameOf(from);
    const node = (kind: string, operands: readonly string[], attributes = T): string =>
      this.#node(name, kind, operands, attributes);
    const integers = (part: string, values: readonly number[], sides = [values.length]): string =>
      this.#constant(`${name}/${part}`, { dtype: "int32", shape: sides, values: Int32Array.from(values) });
    switch (op.kind) {
      case "conv":
      case "depthwise":
      case "transposed":
      case "dense":
        return this.#linear(name, op, from, shape);
      case "affine": {
        const scale = this.#floats(`${name}/scale`, op.scale);
        if (op.shift.every((by) => by === 0)) return node("Mul", [x, scale]);
        const scaled = this.#node(`${name}/scaled`, "Mul", [x, scale], T);
        return node("AddV2", [scaled, this.#floats(`${name}/shift`, op.shift)]);
      }
      case "unary":
        return node(UNARY[op.fn], [x]);
      case "leaky":
        return node("LeakyRelu", [x], { ...T, alpha: { float: op.alpha } });
      case "clip": {
        const above = this.#node(
          `${name}/above`,
          "Maximum",
          [x, this.#floats(`${name}/low`, Float32Array.of(op.low))],
          T,
        );
        return node("Minimum", [above, this.#floats(`${name}/high`, Float32Array.of(op.high))]);
      }
      case "binary":
        return node(
          BINARY[op.fn],
          inputs.map((input) => this.nameOf(input)),
        );
      case "concat": {
        const parts = inputs.map((input) => this.nameOf(input));
        return node("ConcatV2", [...parts, integers("axis", [op.axis], [])], { ...T, N: { int: parts.length } });
      }
      case "softmax":
        return node(op.log ? "LogSoftmax" : "Softmax", [x]);
      case "pool": {
        const attributes = { ksize: window(op.size), strides: window(op.strides), padding: padding(op.padding) };
        return node(op.fn === "max" ? "MaxPool" : "AvgPool", [x], { ...T, ...attributes });
      }
      case "reduce": {
        const attributes = { ...T, keep_dims: { flag: op.keep } };
        return node(op.fn === "max" ? "Max" : "Mean", [x, integers("axes", [1, 2])], attributes);
      }
      case "reshape":
        return node("Reshape", [x, integers("shape", [-1, ...sidesOf(shape)])]);
      case "transpose":
        return node("Transpose", [x, integers("order", op.order)]);
      case "pad":
        return node("Pad", [x, integers("margins", [0, 0, ...op.sides.flat(), 0, 0], [4, 2])]);
      case "crop": {
        const [[top], [left]] = op.sides;
        const begin = integers("begin", [0, top, left, 0]);
        return node("Slice", [x, begin, integers("size", [-1, ...sidesOf(shape)])], { ...T, Index: { type: "int32" } });
      }
      case "resize": {
        const kind = op.fn === "nearest" ? "ResizeNearestNeighbor" : "ResizeBilinear";
        return node(kind, [x, integers("size", sidesOf(shape).slice(0, 2))]);
      }
    }
  }

  #linear(name: string, op: Linear, from: Value, shape: Value["shape"]): string {
    const x = this.nameOf(from);
    const kernel = this.#kernel(op);
    const made = op.bias ? `${name}/product` : name;
    const product = this.#product(made, op, [x, kernel], { rank: from.shape.length, shape });
    if (!op.bias) return product;
    return this.#node(name, "BiasAdd", [product, this.#floats(`${name}/bias`, op.bias)], T);
  }

  #product(
    name: string,
    op: Linear,
    inputs: readonly [string, string],
    to: { rank: number; shape: Value["shape"] },
  ): string {
    if (op.kind === "dense") return this.#node(name, to.rank === 2 ? "MatMul" : "BatchMatMulV2", inputs, T);
    const attributes = { ...T, strides: window(op.strides), padding: padding(op.padding) };
    if (op.kind === "transposed") {
      // Height and width alone: the batch and the channels are the input's and the kernel's.
      const size = Int32Array.from(sidesOf(to.shape).slice(0, 2));
      const sizes = this.#constant(`${name}/size`, { dtype: "int32", shape: [2], values: size });
      return this.#node(name, "Conv2DBackpropInput", [sizes, inputs[1], inputs[0]], attributes);
    }
    const kind = op.kind === "conv" ? "Conv2D" : "DepthwiseConv2dNative";
    return this.#node(name, kind, inputs, { ...attributes, dilations: window(op.dilations) });
  }

  /** As float32. What is stored smaller is widened by nodes of constants. */
  #kernel({ kernel }: Linear): string {
    const { dtype, shape, values, factors } = stored(kernel, this.#weights);
    const { name } = kernel;
    if (dtype === "float32") return this.#constant(name, { dtype, shape, values });
    const small = this.#constant(`${name}/${dtype}`, { dtype, shape, values });
    const types = { SrcT: { type: dtype }, DstT: { type: "float32" } } as const;
    const wide = this.#node(factors ? `${name}/wide` : name, "Cast", [small], types);
    if (!factors) return wide;
    // One factor for each output channel, as broadcasting wants them beside the kernel.
    const sides = shape.map((side, axis) => (kernel.channels.includes(axis) ? side : 1));
    const each = this.#constant(`${name}/factors`, { dtype: "float32", shape: sides, values: factors });
    return this.#node(name, "Mul", [wide, each], T);
  }

  #floats(name: string, values: Float32Array): string {
    return this.#constant(name, { dtype: "float32", shape: values.length === 1 ? [] : [values.length], values });
  }

  #constant(name: string, tensor: Constant): string {
    return this.#node(name, "Const", [], { dtype: { type: tensor.dtype }, value: { tensor } });
  }

  /** Answers with the node's name, which is `wanted` as TensorFlow can write it, and unique. */
  #node(wanted: string, op: string, inputs: readonly string[], attributes: Node["attributes"]): string {
    const legal = wanted.replace(/[^A-Za-z0-9_.\\/>-]/g, "_").replace(/^[^A-Za-z0-9.]/, "n$&");
    let name = legal;
    for (let n = 2; this.#taken.has(name); n++) name = `${legal}_${n}`;
    this.#taken.add(name);
    this.nodes.push({ name, op, inputs, attributes });
    return name;
  }
}

const sidesOf = ([, ...sides]: Value["shape"]): readonly number[] => sides;
