import * as tf from "@tensorflow/tfjs-core";
import { meeting } from "./broadcast.ts";
import type { Memory } from "./memory.ts";
import { registerFast, type Arguments } from "./register.ts";

/** Our kernels for a dense layer's activations; the others are tfjs' own business. */
const ACTIVATIONS: Readonly<Record<string, string>> = { relu: "relu", relu6: "relu6", sigmoid: "sigmoid" };

/** matMul of float32 and int32, transposed (as in every gradient) or not, and dense layers. */
export function registerMatMul(memory: Memory): void {
  registerFast("BatchMatMul", ({ inputs, attrs }) => product(memory, inputs["a"]!, inputs["b"]!, attrs));

  registerFast("_FusedMatMul", ({ inputs, attrs }) => {
    const { bias } = inputs;
    const activation = attrs["activation"] as string;
    const kernel = ACTIVATIONS[activation];
    if (kernel === undefined && activation !== "linear") return undefined;
    const out = product(memory, inputs["a"]!, inputs["b"]!, attrs);
    if (out === undefined) return undefined;
    const at = memory.at(out);
    const size = tf.util.sizeFromShape(out.shape);
    // Both work in place: an element depends on no other.
    if (bias) {
      const { middle, inner, steps } = meeting(out.shape, bias.shape)!;
      const rows = { units: Math.ceil(size / inner), work: inner / 4 };
      memory.each("plus", rows, at, memory.at(bias), at, size, middle, inner, ...steps);
    }
    if (kernel) memory.each(kernel, { units: Math.ceil(size / 1024), work: 256 }, at, at, size);
    return out;
  });
}

function product(
  memory: Memory,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  attrs: Arguments["attrs"],
): tf.TensorInfo | undefined {
  const transposeA = Number(attrs["transposeA"]);
  const transposeB = Number(attrs["transposeB"]);
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
  memory.scratch(float ? inner * Math.ceil(columns / 4) * 4 : 0, (packed) => {
    for (let i = 0; i < products; i++) {
      const atA = memory.at(a) + i * stepA;
      const atB = memory.at(b) + i * stepB;
      const at = memory.at(out) + i * 4 * rows * columns;
      if (!float) {
        memory.call("matmul_int", atA, atB, at, rows, inner, columns, transposeA, transposeB);
        continue;
      }
      if (i === 0 || stepB > 0) {
        const tiles = { units: Math.ceil(columns / 8), work: 2 * inner };
        memory.each("matmul_pack", tiles, atB, packed, inner, columns, transposeB);
      }
      const fours = { units: Math.ceil(rows / 4), work: inner * columns };
      memory.each("matmul_float", fours, atA, packed, at, rows, inner, columns, transposeA);
    }
  });
  return out;
}
