import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { registerFast } from "./register.ts";

/** Elementwise kernels where tfjs' own are slow, for float32; tfjs' own do the rest. */
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
      const a = inputs["a"] as tf.Tensor;
      const b = inputs["b"] as tf.Tensor;
      if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const [expandedA, expandedB] = [a, b].map((x) => (x.size === 1 ? x : tf.broadcastTo(x, shape))) as [
        tf.Tensor,
        tf.Tensor,
      ];
      const out = memory.output(shape, dtype);
      memory.call(
        kernel,
        memory.at(expandedA),
        memory.at(expandedB),
        memory.at(out),
        tf.util.sizeFromShape(shape),
        Number(a.size !== 1),
        Number(b.size !== 1),
      );
      for (const [expanded, x] of [
        [expandedA, a],
        [expandedB, b],
      ] as const)
        if (expanded !== x) expanded.dispose();
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
