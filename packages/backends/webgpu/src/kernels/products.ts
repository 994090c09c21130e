import * as tf from "@tensorflow/tfjs-core";
import { registerPart } from "../register.ts";

const FLAG = "WEBGPU_MATMUL_PROGRAM_TYPE";
/** Long rows for few tiles of 32 × 32: there tfjs lets workgroups add up parts in any order. */
const LONG = 2000;
const FEW = 32;
/** tfjs' programs, by number: small tiles, and whatever it finds best. */
const [SMALL_TILES, BEST] = [2, -1];

/** The same inputs shall give the same bits: no sum in the order in which workgroups happen to end. */
export function registerProducts(): void {
  for (const name of ["BatchMatMul", "_FusedMatMul"]) {
    const stock = tf.getKernel(name, "webgpu").kernelFunc;
    registerPart(name, ({ inputs, attrs, gpu }) => {
      const [a, b] = [inputs["a"]!.shape, inputs["b"]!.shape];
      const [inner, rows] = [a.at(attrs["transposeA"] ? -2 : -1)!, a.at(attrs["transposeA"] ? -1 : -2)!];
      const columns = b.at(attrs["transposeB"] ? -2 : -1)!;
      if (inner < LONG || Math.ceil(rows / 32) * Math.ceil(columns / 32) > FEW) return undefined;
      tf.env().set(FLAG, SMALL_TILES);
      try {
        return stock({ inputs, attrs, backend: gpu }) as tf.TensorInfo;
      } finally {
        tf.env().set(FLAG, BEST);
      }
    });
  }
}
