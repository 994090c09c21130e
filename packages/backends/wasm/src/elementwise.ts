import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "@regimen/ops";
import { meeting, type Meeting } from "./broadcast.ts";
import type { Memory } from "./memory.ts";
import { register, registerFast } from "./register.ts";

/** Elements of one unit of work; the kernels know the same number. */
const BLOCK = 1024;

/** tfjs' name, our kernel, and what it costs beside a sum. */
const UNARY = [
  ["Relu", "relu", 1],
  ["Relu6", "relu6", 1],
  ["Neg", "negative", 1],
  ["Abs", "absolute", 1],
  ["Square", "square", 1],
  ["Sqrt", "square_root", 4],
  ["Rsqrt", "inverse_root", 8],
  ["Exp", "exp", 16],
  ["Log", "log", 16],
  ["Sigmoid", "sigmoid", 20],
  ["Tanh", "tanh", 30],
  ["Erf", "erf", 40],
  ["Softplus", "softplus", 40],
  [KERNELS.swish, "swish", 20],
] as const;

const BINARY = [
  ["Add", "plus", "float32"],
  ["Sub", "minus", "float32"],
  ["Multiply", "times", "float32"],
  ["RealDiv", "over", "float32"],
  ["Maximum", "maximum", "float32"],
  ["Minimum", "minimum", "float32"],
  ["SquaredDifference", "squared_difference", "float32"],
  ["Pow", "power_of", "float32"],
  ["Greater", "greater", "bool"],
  ["GreaterEqual", "greater_equal", "bool"],
  ["Less", "less", "bool"],
  ["LessEqual", "less_equal", "bool"],
  ["LogicalAnd", "logical_and", "bool"],
  ["LogicalOr", "logical_or", "bool"],
] as const;

/** Elementwise kernels for float32, and logic of booleans; tfjs' own do other types. */
export function registerElementwise(memory: Memory): void {
  const blocks = (size: number, cost: number) => ({ units: Math.ceil(size / BLOCK), work: (cost * BLOCK) / 4 });

  const changed = (kernel: string, x: tf.TensorInfo, dtype: "float32" | "bool", cost = 1): tf.TensorInfo => {
    const out = memory.output(x.shape, dtype);
    const size = tf.util.sizeFromShape(x.shape);
    memory.each(kernel, blocks(size, cost), memory.at(x), memory.at(out), size);
    return out;
  };

  for (const [name, kernel, cost] of UNARY) {
    const run = (x: tf.TensorInfo): tf.TensorInfo => changed(kernel, x, "float32", cost);
    if (name === KERNELS.swish) register(name, ({ inputs }) => run(inputs["x"]!));
    else registerFast(name, ({ inputs }) => (inputs["x"]!.dtype === "float32" ? run(inputs["x"]!) : undefined));
  }

  for (const [name, kernel, dtype] of BINARY) {
    const run = (a: tf.TensorInfo, b: tf.TensorInfo, how: Meeting): tf.TensorInfo => {
      const { shape, size, middle, inner, steps } = how;
      const out = memory.output(shape, dtype);
      if (size === 0) return out;
      const rows = { units: Math.ceil(size / inner), work: (name === "Pow" ? 30 * inner : inner / 4) + 1 };
      memory.each(kernel, rows, memory.at(a), memory.at(b), memory.at(out), size, middle, inner, ...steps);
      return out;
    };
    registerFast(name, ({ inputs }) => {
      const a = inputs["a"]!;
      const b = inputs["b"]!;
      const type = name.startsWith("Logical") ? "bool" : "float32";
      if (a.dtype !== type || b.dtype !== type) return undefined;
      const how = meeting(a.shape, b.shape);
      if (how !== undefined) return run(a, b, how);
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const [wholeA, wholeB] = [a, b].map((x) => tf.broadcastTo(x as tf.Tensor, shape)) as [tf.Tensor, tf.Tensor];
      const out = run(wholeA, wholeB, meeting(shape, shape)!);
      tf.dispose([wholeA, wholeB]);
      return out;
    });
  }

  for (const [name, kernel, cost, second] of [
    [KERNELS.reluGrad, "relu_gradient", 1, "y"],
    [KERNELS.swishGrad, "swish_gradient", 24, "x"],
  ] as const) {
    register(name, ({ inputs }) => {
      const dy = inputs["dy"]!;
      const out = memory.output(dy.shape);
      const size = tf.util.sizeFromShape(dy.shape);
      memory.each(kernel, blocks(size, cost), memory.at(dy), memory.at(inputs[second]!), memory.at(out), size);
      return out;
    });
  }

  registerFast("LogicalNot", ({ inputs }) => changed("logical_not", inputs["x"]!, "bool"));

  registerFast("Cast", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    // As the gradient of every product asks for.
    if (x.dtype === attrs["dtype"]) return memory.share(x);
    if (x.dtype === "bool" && attrs["dtype"] === "float32") return changed("from_boolean", x, "float32");
    if (x.dtype === "float32" && attrs["dtype"] === "bool") return changed("to_boolean", x, "bool");
    return undefined;
  });

  registerFast("AddN", ({ inputs }) => {
    // AddN's inputs come as an array, whatever the type says.
    const [first, ...others] = inputs as unknown as readonly tf.TensorInfo[];
    if (others.length === 0 || [first!, ...others].some(({ dtype }) => dtype !== "float32")) return undefined;
    const { shape, size, middle, inner, steps } = meeting(first!.shape, first!.shape)!;
    const out = memory.output(shape);
    let sum = first!;
    for (const next of others) {
      const at = [memory.at(sum), memory.at(next), memory.at(out)];
      memory.each("plus", blocks(size, 1), ...at, size, middle, inner, ...steps);
      sum = out;
    }
    return out;
  });

  registerFast("LeakyRelu", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    if (x.dtype !== "float32") return undefined;
    const out = memory.output(x.shape);
    const size = tf.util.sizeFromShape(x.shape);
    memory.each("leaky_relu", blocks(size, 1), memory.at(x), memory.at(out), size, attrs["alpha"] as number);
    return out;
  });

  registerFast("Select", ({ inputs }) => {
    const { condition, t, e } = inputs as Record<"condition" | "t" | "e", tf.TensorInfo>;
    if (t.dtype !== "float32" || e.dtype !== "float32") return undefined;
    const size = tf.util.sizeFromShape(t.shape);
    const conditions = tf.util.sizeFromShape(condition.shape);
    if (conditions === 0) return undefined;
    const out = memory.output(t.shape);
    const at = [memory.at(condition), memory.at(t), memory.at(e), memory.at(out)];
    memory.each("select_where", blocks(size, 4), ...at, size, size / conditions);
    return out;
  });
}
