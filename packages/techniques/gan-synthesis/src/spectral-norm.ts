import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";

/** A kernel as the matrix whose largest singular value counts: [everything before the outputs, outputs]. */
export const matrixOf = (kernel: Tensor): Tensor2D => tf.reshape(kernel, [-1, kernel.shape.at(-1)!]);

const EPSILON = 1e-12;
const unit = (x: Tensor): Tensor1D => {
  const vector = tf.reshape(x, [-1]);
  return tf.div(vector, tf.maximum(tf.sqrt(tf.sum(tf.square(vector))), EPSILON));
};

/** Estimates of a matrix' first singular vectors. `left`: [rows]; `right`: [columns]. */
export type Singular = { readonly left: Tensor1D; readonly right: Tensor1D };

/**
 * One round of the power method from `right` (Miyato et al. 2018, algorithm 1): left ← W right, right ← Wᵀ left, each of length 1.
 *
 * @param matrix [rows, columns]
 * @param right [columns], the estimate so far: any vector that is not orthogonal to the true one
 */
export function powerIteration(matrix: Tensor2D, right: Tensor1D): Singular {
  const left = unit(tf.matMul(matrix, tf.expandDims(right, 1) as Tensor2D));
  return { left, right: unit(tf.matMul(matrix, tf.expandDims(left, 1) as Tensor2D, true)) };
}

/** leftᵀ W right: the largest singular value, as far as the vectors are right. Its gradient reaches the matrix (equation 12 there). */
export const spectralNorm = (matrix: Tensor2D, { left, right }: Singular): Scalar =>
  tf.sum(tf.mul(tf.expandDims(left, 1), tf.mul(matrix, tf.expandDims(right, 0))));
