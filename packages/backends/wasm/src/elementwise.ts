import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { registerFast } from "./register.ts";

/** Elementwise kernels where tfjs' own are slow, for float32 operands of one shape or a number; tfjs' own do the rest. */
export function registerElementwise(memory: Memory): void {
  for (const [name, kernel, dtype] of [
    ["Maximum", "maximum", "float32"],
    ["Minimum", "minimum", "float32"],
    ["Greater", "greater", "bool"],
    ["GreaterEqual", "greater_equal", "bool"],
    ["Less", "less", "bool"],
    ["LessEqual", "less_equal", "bool"],
  ] as const) {
    registerFast(name, ({ inputs }) => {
      const a = inputs["a"]!;
      const b = inputs["b"]!;
      const [sizeA, sizeB] = [tf.util.sizeFromShape(a.shape), tf.util.sizeFromShape(b.shape)];
      if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
      if (!tf.util.arraysEqual(a.shape, b.shape) && sizeA !== 1 && sizeB !== 1) return undefined;
      const out = memory.output(tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape), dtype);
      const size = tf.util.sizeFromShape(out.shape);
      memory.call(kernel, memory.at(a), memory.at(b), memory.at(out), size, Number(sizeA !== 1), Number(sizeB !== 1));
      return out;
    });
  }

  registerFast("LeakyRelu", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    if (x.dtype !== "float32") return undefined;
    const out = memory.output(x.shape);
    memory.call("leaky_relu", memory.at(x), memory.at(out), tf.util.sizeFromShape(x.shape), attrs["alpha"] as number);
    return out;
  });
}
