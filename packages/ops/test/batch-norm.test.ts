import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { batchNormTrain } from "../src/index.ts";
import { checkGradients, difference, leavesNothing, numbers, onEachBackend, random, values } from "./backends.ts";

/** In double precision, number by number. */
function transcription(x: Float32Array, c: number, gamma: ArrayLike<number>, beta: ArrayLike<number>, epsilon: number) {
  const rows = x.length / c;
  const mean = new Float64Array(c);
  const variance = new Float64Array(c);
  x.forEach((v, i) => (mean[i % c]! += v / rows));
  x.forEach((v, i) => (variance[i % c]! += (v - mean[i % c]!) ** 2 / rows));
  const y = Float64Array.from(x, (v, i) => {
    const k = i % c;
    return ((v - mean[k]!) / Math.sqrt(variance[k]! + epsilon)) * gamma[k]! + beta[k]!;
  });
  return { y, mean, variance };
}

onEachBackend(() => {
  for (const c of [1, 3, 4, 10, 16, 21, 40]) {
    test(`${c} channels, against a transcription`, () => {
      leavesNothing(() =>
        tf.tidy(() => {
          const x = random([6, 5, 4, c], 1);
          const gamma = random([c], 2) as tf.Tensor1D;
          const beta = random([c], 3) as tf.Tensor1D;
          const { y, mean, variance } = batchNormTrain(x, gamma, beta, 1e-3);
          const expected = transcription(values(x), c, values(gamma), values(beta), 1e-3);
          expect(y.shape).toEqual(x.shape);
          expect(difference(values(y), expected.y)).toBeLessThan(1e-5);
          expect(difference(values(mean), expected.mean)).toBeLessThan(1e-6);
          expect(difference(values(variance), expected.variance)).toBeLessThan(1e-6);
        }),
      );
    });
  }

  test("gamma and beta are 1 and 0 where they are null, and inputs of rank 2 are normalised too", () => {
    tf.tidy(() => {
      const x = random([50, 5], 4);
      const { y } = batchNormTrain(x, null, null, 1e-5);
      const expected = transcription(values(x), 5, [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], 1e-5);
      expect(difference(values(y), expected.y)).toBeLessThan(1e-5);
    });
  });

  test("a mean far from 0 does not drown the variance", () => {
    tf.tidy(() => {
      // Deviations of about 0.6 around 4000: naive E[x²] − E[x]² in single precision has no digit left.
      const x = tf.tensor(
        numbers(2000 * 4, 5).map((v) => 4000 + v),
        [2000, 4],
      );
      const { y, variance } = batchNormTrain(x, null, null, 1e-5);
      const expected = transcription(values(x), 4, [1, 1, 1, 1], [0, 0, 0, 0], 1e-5);
      expect(difference(values(variance), expected.variance)).toBeLessThan(2e-3);
      expect(difference(values(y), expected.y)).toBeLessThan(2e-3);
    });
  });

  test("a constant channel gives beta", () => {
    tf.tidy(() => {
      const { y, variance } = batchNormTrain(tf.fill([7, 3], 5), null, tf.tensor1d([1, 2, 3]), 1e-5);
      expect([...values(variance)]).toEqual([0, 0, 0]);
      expect(Array.from(values(y).subarray(0, 3))).toEqual([1, 2, 3]);
    });
  });

  for (const c of [1, 3, 4, 20]) {
    test(`gradients to x, gamma and beta, ${c} channels`, () => {
      leavesNothing(() =>
        tf.tidy(() =>
          checkGradients(
            (x, gamma, beta) => batchNormTrain(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3).y,
            [random([3, 4, 2, c], 6), random([c], 7), random([c], 8)],
          ),
        ),
      );
    });
  }

  test("no gradient passes the statistics", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        const gradient = tf.grad((x) => {
          const { y, mean, variance } = batchNormTrain(x, null, null, 1e-3);
          return tf.add(tf.sum(tf.mul(y, 0)), tf.sum(tf.add(mean, variance)));
        })(random([6, 3], 9));
        expect([...values(gradient)].every((v) => Math.abs(v) === 0)).toBe(true);
      }),
    );
  });
});
