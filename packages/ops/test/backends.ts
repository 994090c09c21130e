import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
// tfjs-core alone has no gradients of its own ops: tfjs-layers registers them.
import "@tensorflow/tfjs-layers";
import { wasm } from "@regimen/backend-wasm";
import { beforeAll, describe, expect } from "vitest";

/** The same tests where primitives are composed (cpu) and where they are kernels (wasm). */
export function onEachBackend(tests: (backend: string) => void): void {
  for (const backend of ["cpu", "wasm"]) {
    describe(backend, () => {
      beforeAll(async () => {
        if (backend === "wasm") await wasm.load();
        await tf.setBackend(backend);
      });
      tests(backend);
    });
  }
}

/** Numbers in (−1, 1) from a small generator, the same everywhere. */
export function numbers(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

export function random(shape: readonly number[], seed: number): tf.Tensor {
  return tf.tensor(numbers(tf.util.sizeFromShape([...shape]), seed), [...shape]);
}

export function values(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}

/** The largest difference, relative to the largest expected value or 1. */
export function difference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    worst = Math.max(worst, Number.isNaN(got[i]! - expected[i]!) ? Infinity : Math.abs(got[i]! - expected[i]!));
  }
  return worst / scale;
}

/**
 * Compares the gradients of Σ weights · f(inputs) with central differences along a random direction of each input.
 * `step` must be small against the distance to the next kink.
 */
export function checkGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[], step = 2 ** -9): void {
  tf.tidy(() => {
    const weights = random(f(...inputs).shape, 77);
    const gradients = tf.grads((...xs: tf.Tensor[]) => f(...xs))(inputs, weights);
    const perOutput = values(weights);
    inputs.forEach((input, which) => {
      const direction = numbers(input.size, 1000 + which);
      const base = values(input);
      const at = (sign: number): number =>
        tf.tidy(() => {
          const moved = tf.tensor(
            base.map((v, i) => v + sign * step * direction[i]!),
            input.shape,
          );
          return values(f(...inputs.map((x, i) => (i === which ? moved : x)))).reduce(
            (sum, v, i) => sum + v * perOutput[i]!,
            0,
          );
        });
      const numeric = (at(1) - at(-1)) / (2 * step);
      const analytic = values(gradients[which]!).reduce((sum, g, i) => sum + g * direction[i]!, 0);
      expect(Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric)), `input ${which}`).toBeLessThan(1e-2);
    });
  });
}

/** Fails if `use` leaves a tensor behind. */
export function leavesNothing(use: () => void): void {
  const before = tf.memory().numTensors;
  use();
  expect(tf.memory().numTensors).toBe(before);
}
