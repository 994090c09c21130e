import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { register } from "./register.ts";

/** Sum over leading axes by a kernel of ours; other sums stay tfjs' own. */
export function registerReduce(memory: Memory): void {
  const stock = tf.getKernel("Sum", "wasm").kernelFunc;
  register("Sum", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const axes = tf.util.parseAxisParam(attrs["axis"] as number[], x.shape).sort((a, b) => a - b);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((axis, i) => axis === i);
    if (x.dtype !== "float32" || !leading) return stock({ inputs, attrs, backend: tf.backend() }) as tf.TensorInfo;
    const rest = x.shape.slice(axes.length);
    const columns = tf.util.sizeFromShape(rest);
    const out = memory.output(attrs["keepDims"] ? [...axes.map(() => 1), ...rest] : rest);
    if (columns > 0) {
      memory.call("column_sums", memory.at(x), memory.at(out), tf.util.sizeFromShape(x.shape) / columns, columns);
    }
    return out;
  });
}
