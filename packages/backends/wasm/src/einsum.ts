import * as tf from "@tensorflow/tfjs-core";
import { register } from "./register.ts";

/** Einsum as products and a sum: every operand is laid out over all the dimensions. */
export function registerEinsum(): void {
  register("Einsum", ({ inputs, attrs }) => {
    const operands = Object.values(inputs) as tf.Tensor[];
    const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(
      attrs["equation"] as string,
      operands.length,
    );
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, operands);
    return tf.tidy(() => {
      const product = operands
        .map((operand, i) => over(operand, idDims[i]!, allDims.length))
        .reduce((a, b) => tf.mul(a, b));
      return summedDims.length === 0 ? product : tf.sum(product, summedDims);
    });
  });
}

/** `dimensions[i]` is where axis i of `operand` belongs; the other axes have length 1. */
function over(operand: tf.Tensor, dimensions: readonly number[], rank: number): tf.Tensor {
  const order = dimensions.map((_, axis) => axis).sort((a, b) => dimensions[a]! - dimensions[b]!);
  const shape = new Array<number>(rank).fill(1);
  dimensions.forEach((dimension, axis) => (shape[dimension] = operand.shape[axis]!));
  return tf.reshape(tf.transpose(operand, order), shape);
}
