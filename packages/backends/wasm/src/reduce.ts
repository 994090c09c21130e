import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { registerFast } from "./register.ts";

/** Sums and means over leading axes; the others stay tfjs' own. */
export function registerReduce(memory: Memory): void {
  for (const kernel of ["Sum", "Mean"]) {
    registerFast(kernel, ({ inputs, attrs }) => {
      const x = inputs["x"]!;
      const axes = tf.util.parseAxisParam(attrs["axis"] as number[], x.shape).sort((a, b) => a - b);
      const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((axis, i) => axis === i);
      const rest = x.shape.slice(axes.length);
      const columns = tf.util.sizeFromShape(rest);
      if (x.dtype !== "float32" || !leading || columns === 0) return undefined;
      const rows = tf.util.sizeFromShape(x.shape) / columns;
      const out = memory.output(attrs["keepDims"] ? [...axes.map(() => 1), ...rest] : rest);
      memory.call("column_sums", memory.at(x), memory.at(out), rows, columns, kernel === "Mean" ? rows : 1);
      return out;
    });
  }
}
