import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { softmaxCrossEntropy } from "../src/index.ts";
import { checkGradients, difference, leavesNothing, onEachBackend, random, values } from "./backends.ts";

function transcription(labels: Float32Array, logits: Float32Array, classes: number): number[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const z = Array.from(logits.subarray(row * classes, (row + 1) * classes));
    const top = Math.max(...z);
    const logSum = top + Math.log(z.reduce((sum, v) => sum + Math.exp(v - top), 0));
    return z.reduce((sum, v, k) => sum + labels[row * classes + k]! * (logSum - v), 0);
  });
}

onEachBackend(() => {
  test("soft labels that need not sum to 1, against a transcription", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        const labels = tf.abs(random([6, 7], 1)) as tf.Tensor2D;
        const logits = tf.mul(random([6, 7], 2), 5) as tf.Tensor2D;
        const got = softmaxCrossEntropy(labels, logits);
        expect(got.shape).toEqual([6]);
        expect(difference(values(got), transcription(values(labels), values(logits), 7))).toBeLessThan(1e-6);
      }),
    );
  });

  test("logits of any size stay finite", () => {
    tf.tidy(() => {
      const got = values(
        softmaxCrossEntropy(
          tf.tensor2d([
            [1, 0],
            [0, 1],
          ]),
          tf.tensor2d([
            [1000, -1000],
            [1000, -1000],
          ]),
        ),
      );
      expect(got[0]).toBeCloseTo(0, 6);
      expect(got[1]).toBe(2000);
    });
  });

  test("the gradient is softmax · Σ labels − labels, for the logits only", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        const labels = tf.abs(random([3, 4], 3)) as tf.Tensor2D;
        const logits = random([3, 4], 4) as tf.Tensor2D;
        const [l, z] = [values(labels), values(logits)];
        const got = values(tf.grad((z) => tf.sum(softmaxCrossEntropy(labels, z as tf.Tensor2D)))(logits));
        for (let row = 0; row < 3; row++) {
          const exps = [0, 1, 2, 3].map((k) => Math.exp(z[4 * row + k]!));
          const total = exps.reduce((a, b) => a + b);
          const mass = [0, 1, 2, 3].reduce((sum, k) => sum + l[4 * row + k]!, 0);
          exps.forEach((e, k) => expect(got[4 * row + k]).toBeCloseTo((e / total) * mass - l[4 * row + k]!, 5));
        }
        checkGradients((z) => softmaxCrossEntropy(labels, z as tf.Tensor2D), [logits]);
      }),
    );
  });
});
