import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { drawBoxes } from "../src/draw.ts";

beforeAll(() => tf.setBackend("cpu").then(() => undefined));

it("draws the image, its objects and the answers in their classes' colours; what is not judged in grey", async () => {
  const format = { h: 48, w: 96, c: 1, range: [0, 1] } as const;
  const cells = Array.from({ length: 6 * 12 }, (_, i) => (i === 14 ? [-9, 3, 0, 0, 0, 0] : [-9, -9, 0, 0, 0, 0]));
  const map = tf.tensor4d(cells.flat(), [1, 6, 12, 6]);
  const boxes = {
    at: Float32Array.of(0, 0, 10, 10, 20, 20, 40, 60, 0, 0, 9, 9),
    labels: Float32Array.of(1, 0, 0, -2, 0, 1),
    weights: Float32Array.of(1, 1, 0),
  };
  const before = tf.memory().numTensors;
  const drawn = await drawBoxes({ images: new Float32Array(48 * 96).fill(0.2), boxes }, map, format);
  expect(tf.memory().numTensors).toBe(before);
  expect(drawn.format).toEqual({ h: 96, w: 192, c: 3, range: [0, 255] });
  expect(drawn.columns).toBe(3);
  const at = (picture: number, y: number, x: number) => [
    ...drawn.images.subarray(((picture * 96 + y) * 192 + x) * 3, ((picture * 96 + y) * 192 + x + 1) * 3),
  ];
  const plain = [51, 51, 51];
  expect([at(0, 0, 0), at(0, 40, 40)]).toEqual([plain, plain]);
  // Twice as large: the first object's frame goes from 0 to 19.
  expect([at(1, 0, 0), at(1, 19, 5), at(1, 5, 19), at(1, 10, 10)]).toEqual([
    [230, 159, 0],
    [230, 159, 0],
    [230, 159, 0],
    plain,
  ]);
  expect(at(1, 40, 50)).toEqual([128, 128, 128]);
  // Cell 14: row 1, column 2 of 8 × 8 pixels.
  expect([at(2, 16, 32), at(2, 31, 47), at(2, 0, 0)]).toEqual([[86, 180, 233], [86, 180, 233], plain]);
});
