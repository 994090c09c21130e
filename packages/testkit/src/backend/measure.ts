import * as tf from "@tensorflow/tfjs-core";
import type { Case } from "./case.ts";

/** What a case gives on the backend that tfjs uses. Everything is read without blocking: WebGPU has no other way. */
export type Value = {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number>;
};

const DIRECTIONS = 3;

export async function valueOf(one: Case): Promise<Value> {
  const y = tf.tidy(() => one.run(...inputsOf(one)));
  return { shape: y.shape, dtype: y.dtype, values: (await read([y]))[0]! };
}

/** Gradients of a weighted sum of the outputs, by each input. */
export async function gradientsOf(one: Case): Promise<readonly ArrayLike<number>[]> {
  const found = tf.tidy(() => {
    const inputs = inputsOf(one);
    const weights = tf.keep(weightsOf(tf.tidy(() => one.run(...inputs)).shape));
    const gradients = tf.grads((...xs: tf.Tensor[]) => one.run(...xs))(inputs, weights);
    weights.dispose();
    return gradients;
  });
  return read(found);
}

/** The slope of the same sum along each of some directions of input `which`, by central differences of points 2 `step` apart. */
export async function slopesOf(one: Case, which: number, step: number): Promise<readonly number[]> {
  const slopes: number[] = [];
  for (const direction of directionsOf(one, which)) {
    const ends = [1, -1].map((sign) =>
      tf.tidy(() => {
        const inputs = inputsOf(one);
        const move = tf.tensor(direction, inputs[which]!.shape);
        inputs[which] = tf.add(inputs[which]!, tf.mul(move, sign * step));
        return one.run(...inputs);
      }),
    );
    const weights = numbers(size(ends[0]!.shape), WEIGHTS);
    // Summed in double precision: a sum in single precision would drown small slopes.
    const [ahead, behind] = (await read(ends)).map((values) => dot(values, weights)) as [number, number];
    slopes.push((ahead - behind) / (2 * step));
  }
  return slopes;
}

/** What `slopesOf` gives, by a gradient. */
export function projected(one: Case, which: number, gradient: ArrayLike<number>): readonly number[] {
  return directionsOf(one, which).map((direction) => dot(gradient, direction));
}

/** The largest difference, relative to the largest expected value or 1; infinite where only one is a number, or lengths differ. */
export function difference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let [scale, worst] = [1, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [got[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) continue;
    if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
    worst = Math.max(worst, Number.isFinite(a - b) ? Math.abs(a - b) : Infinity);
  }
  return worst / scale;
}

/** Numbers in (−1, 1) from a small generator: the same on every machine. */
export function numbers(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

const WEIGHTS = 99;
const size = (shape: readonly number[]): number => tf.util.sizeFromShape([...shape]);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);
const weightsOf = (shape: number[]): tf.Tensor => tf.tensor(numbers(size(shape), WEIGHTS), shape);

function inputsOf({ name, shapes, positive }: Case): tf.Tensor[] {
  const seed = [...name].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7);
  return shapes.map((shape, at) => {
    const values = numbers(size(shape), seed + at);
    return tf.tensor(positive ? values.map((v) => (v + 1) / 2) : values, [...shape]);
  });
}

/** Of ones and minus ones, so that every element counts alike. */
function directionsOf(one: Case, which: number): readonly Float32Array[] {
  const length = size(one.shapes[which]!);
  return Array.from({ length: DIRECTIONS }, (_, at) => numbers(length, 1000 * which + at).map(Math.sign));
}

/** The values of tensors, which are disposed of. */
export async function read(tensors: readonly tf.Tensor[]): Promise<(Float32Array | Int32Array | Uint8Array)[]> {
  const values = await Promise.all(tensors.map(async (tensor) => (await tensor.data()).slice()));
  tf.dispose([...tensors]);
  return values;
}
