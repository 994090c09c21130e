import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { imageMeans } from "../src/index.ts";
import { checkGradients, difference, leavesNothing, onEachBackend, random, values } from "./backends.ts";

onEachBackend(() => {
  test.each([
    [2, 3, 5, 4],
    [1, 1, 1, 3],
    [3, 8, 8, 7],
  ])("means and their gradient at [%i, %i, %i, %i]", (n, h, w, c) => {
    leavesNothing(() =>
      tf.tidy(() => {
        const x = random([n, h, w, c], 1) as tf.Tensor4D;
        const dy = random([n, c], 2);
        const [pixels, slopes] = [values(x), values(dy)];
        const means = new Array<number>(n * c).fill(0);
        const spread = pixels.map((value, at) => {
          const into = Math.floor(at / (h * w * c)) * c + (at % c);
          means[into]! += value / (h * w);
          return slopes[into]! / (h * w);
        });
        const got = imageMeans(x);
        expect(got.shape).toEqual([n, c]);
        expect(difference(values(got), means)).toBeLessThan(1e-6);
        expect(difference(values(tf.grad((x) => imageMeans(x as tf.Tensor4D))(x, dy)), spread)).toBeLessThan(1e-6);
        checkGradients((x) => imageMeans(x as tf.Tensor4D), [x]);
      }),
    );
  });
});
