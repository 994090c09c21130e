import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { colour, composeColour, identityColour } from "../src/index.ts";
import { checkGradients, difference, leavesNothing, numbers, onEachBackend, random, values } from "./backends.ts";

const pixels = (shape: readonly number[], seed: number, low: number, high: number) =>
  tf.tensor(
    numbers(tf.util.sizeFromShape([...shape]), seed).map((v) => low + ((v + 1) / 2) * (high - low)),
    [...shape] as [number, number, number, number],
  ) as tf.Tensor4D;

function transcription(
  images: Float32Array,
  [n, h, w, c]: readonly number[],
  maps: Float32Array,
  [low, high]: readonly [number, number],
): Float64Array {
  const out = new Float64Array(images.length);
  for (let b = 0; b < n!; b++) {
    for (let p = 0; p < h! * w!; p++) {
      for (let i = 0; i < c!; i++) {
        const row = maps.slice((b * c! + i) * (c! + 1), (b * c! + i + 1) * (c! + 1));
        let sum = low + row[c!]! * (high - low);
        for (let j = 0; j < c!; j++) sum += row[j]! * (images[(b * h! * w! + p) * c! + j]! - low);
        out[(b * h! * w! + p) * c! + i] = Math.min(Math.max(sum, low), high);
      }
    }
  }
  return out;
}

onEachBackend(() => {
  for (const c of [1, 3, 4, 5]) {
    for (const range of [
      [0, 255],
      [-1, 1],
    ] as const) {
      test(`${c} channels in [${range.join(", ")}], against a transcription`, () => {
        leavesNothing(() =>
          tf.tidy(() => {
            const images = pixels([3, 4, 5, c], 1, range[0], range[1]);
            const maps = random([3, c, c + 1], 2) as tf.Tensor3D;
            const got = values(colour(images, maps, range));
            expect(difference(got, transcription(values(images), images.shape, values(maps), range))).toBeLessThan(
              1e-5,
            );
          }),
        );
      });
    }
  }

  test("an identity map is a copy to the bit, beside another that is not", () => {
    tf.tidy(() => {
      const values1 = numbers(2 * 2 * 2 * 3, 3).map((v) => v * 300);
      values1[4] = -0;
      const images = tf.tensor4d(values1, [2, 2, 2, 3]);
      const maps = tf.concat([identityColour(1, 3), tf.mul(identityColour(1, 3), 0.5)]) as tf.Tensor3D;
      const got = values(colour(images, maps, [0, 255]));
      expect(got.slice(0, 12).every((v, i) => Object.is(v, values1[i]))).toBe(true);
      expect(got[12]).toBeCloseTo(Math.max(values1[12]! / 2, 0), 4);
    });
  });

  test("brightness by an offset, contrast about the middle, grey: hand-worked", () => {
    tf.tidy(() => {
      const images = tf.tensor4d([100, 150, 200], [1, 1, 1, 3]);
      const of = (...rows: number[][]) =>
        [...values(colour(images, tf.tensor3d([rows]), [0, 255]))].map((v) => Math.round(v * 1000) / 1000);
      expect(of([1, 0, 0, 0.2], [0, 1, 0, 0.2], [0, 0, 1, 0.4])).toEqual([151, 201, 255]);
      expect(of([2, 0, 0, -0.5], [0, 2, 0, -0.5], [0, 0, 2, -0.5])).toEqual([72.5, 172.5, 255]);
      expect(of([0.5, 0.25, 0.25, 0], [0.5, 0.25, 0.25, 0], [0.5, 0.25, 0.25, 0])).toEqual([137.5, 137.5, 137.5]);
    });
  });

  test("composing two maps does what one after the other does, where nothing is clipped", () => {
    tf.tidy(() => {
      const images = pixels([2, 3, 3, 3], 4, 0.4, 0.6);
      const first = tf.add(tf.mul(random([2, 3, 4], 5), 0.1), identityColour(2, 3)) as tf.Tensor3D;
      const second = tf.add(tf.mul(random([2, 3, 4], 6), 0.1), identityColour(2, 3)) as tf.Tensor3D;
      const twice = colour(colour(images, first, [0, 1]), second, [0, 1]);
      expect(difference(values(colour(images, composeColour(first, second), [0, 1])), values(twice))).toBeLessThan(
        1e-6,
      );
    });
  });

  test("composing with the identity changes nothing, to the bit", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        const some = random([20, 3, 4], 7) as tf.Tensor3D;
        expect(values(composeColour(some, identityColour(20, 3)))).toEqual(values(some));
        expect(values(composeColour(identityColour(20, 3), some))).toEqual(values(some));
      }),
    );
  });

  test("gradient to the images, clipped pixels and identity rows included", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        const images = pixels([3, 4, 4, 3], 8, 0, 1);
        const maps = tf.concat([random([2, 3, 4], 9), identityColour(1, 3)]) as tf.Tensor3D;
        const clipped = values(colour(images, maps, [0, 1])).filter((v) => v === 0 || v === 1).length;
        expect(clipped).toBeGreaterThan(5);
        checkGradients((x) => colour(x as tf.Tensor4D, maps, [0, 1]), [images], 2 ** -12);
      }),
    );
  });
});
