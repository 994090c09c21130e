import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
// tfjs-core alone has no gradients: tfjs-layers registers them.
import "@tensorflow/tfjs-layers";
import { expect } from "vitest";
import type { Case } from "./cases/index.ts";

/** Numbers in (−1, 1) from a small generator, the same on every machine. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

function inputsOf({ name, shapes }: Case): tf.Tensor[] {
  const next = numbers([...name].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7));
  return shapes.map((shape) =>
    tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, next), [...shape]),
  );
}

/** Coefficients of the sum that is differentiated. */
function coefficients(shape: number[]): tf.Tensor {
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, numbers(99)), shape);
}

function value(one: Case): Float32Array {
  return tf.tidy(() => Float32Array.from(one.run(...inputsOf(one)).dataSync()));
}

function gradients(one: Case): Float32Array[] {
  return tf.tidy(() => {
    const inputs = inputsOf(one);
    const dy = coefficients(one.run(...inputs).shape);
    return tf
      .grads((...xs: tf.Tensor[]) => one.run(...xs))(inputs, dy)
      .map((gradient) => gradient.dataSync() as Float32Array);
  });
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    scale = Math.max(scale, Math.abs(b[i]!));
    worst = Math.max(worst, Number.isNaN(a[i]!) === Number.isNaN(b[i]!) ? Math.abs(a[i]! - b[i]!) || 0 : Infinity);
  }
  return worst / scale;
}

/** The derivative along one direction of each input, by central differences of the forward op. */
function directional(one: Case, gradient: Float32Array, which: number): { analytic: number; numeric: number } {
  const inputs = inputsOf(one);
  const next = numbers(1000 + which);
  const direction = Float32Array.from({ length: inputs[which]!.size }, next);
  const step = 2 ** -9;
  const at = (sign: number): number =>
    tf.tidy(() => {
      const values = inputs[which]!.dataSync().map((v, i) => v + sign * step * direction[i]!);
      const moved = inputs.map((input, i) => (i === which ? tf.tensor(values, input.shape) : input));
      const y = one.run(...moved);
      const weights = coefficients(y.shape).dataSync();
      return (y.dataSync() as Float32Array).reduce((sum, v, i) => sum + v * weights[i]!, 0);
    });
  const numeric = (at(1) - at(-1)) / (2 * step);
  tf.dispose(inputs);
  return { analytic: gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0), numeric };
}

/**
 * Compares an op's value and gradients on `backend` with those on cpu (where that is right) and its gradients with central
 * differences, which no implementation can be wrong in the same way as.
 */
export async function check(one: Case, backend: string): Promise<void> {
  await tf.setBackend("cpu");
  const expected = value(one);
  const expectedGradients = one.forwardOnly || one.cpuWrong ? [] : gradients(one);
  await tf.setBackend(backend);
  const tensors = tf.memory().numTensors;
  expect(largestDifference(value(one), expected), "value").toBeLessThan(2e-5);
  if (one.forwardOnly) return;
  const got = gradients(one);
  expectedGradients.forEach((gradient, i) => {
    expect(largestDifference(got[i]!, gradient), `gradient ${i} against cpu`).toBeLessThan(2e-5);
  });
  got.forEach((gradient, i) => {
    const { analytic, numeric } = directional(one, gradient, i);
    const difference = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric));
    expect(difference, `gradient ${i} against differences`).toBeLessThan(2e-2);
  });
  expect(tf.memory().numTensors).toBe(tensors);
}
