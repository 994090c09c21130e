import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { registerFast } from "./register.ts";

/** matMul of float32 and int32, transposed (as in every gradient) or not. */
export function registerMatMul(memory: Memory): void {
  registerFast("BatchMatMul", ({ inputs, attrs }) => {
    const a = inputs["a"]!;
    const b = inputs["b"]!;
    const transposeA = Boolean(attrs["transposeA"]);
    const transposeB = Boolean(attrs["transposeB"]);
    const float = a.dtype === "float32" && b.dtype === "float32";
    if (!float && (a.dtype !== "int32" || b.dtype !== "int32")) return undefined;
    const [heightA, widthA] = a.shape.slice(-2) as [number, number];
    const [heightB, widthB] = b.shape.slice(-2) as [number, number];
    const [rows, inner] = transposeA ? [widthA, heightA] : [heightA, widthA];
    const columns = transposeB ? heightB : widthB;
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const products = tf.util.sizeFromShape(batch);
    // tfjs' matMul broadcasts a batch only from 1 to n.
    const stepA = tf.util.sizeFromShape(a.shape.slice(0, -2)) === 1 ? 0 : 4 * rows * inner;
    const stepB = tf.util.sizeFromShape(b.shape.slice(0, -2)) === 1 ? 0 : 4 * inner * columns;
    const out = memory.output([...batch, rows, columns], float ? "float32" : "int32");
    const shape = [rows, inner, columns, Number(transposeA), Number(transposeB)];
    memory.scratch(float ? 8 * inner : 0, (scratch) => {
      for (let i = 0; i < products; i++) {
        const at = [memory.at(a) + i * stepA, memory.at(b) + i * stepB, memory.at(out) + i * 4 * rows * columns];
        if (float) memory.call("matmul_float", ...at, scratch, ...shape);
        else memory.call("matmul_int", ...at, ...shape);
      }
    });
    return out;
  });
}
