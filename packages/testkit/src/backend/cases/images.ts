import * as tf from "@tensorflow/tfjs-core";
import { collect, ids, noGradient, table, refused } from "../case.ts";

type Four = tf.Tensor4D;
const { image } = tf;
const shape = [[2, 6, 6, 3]];

/** Resizing and the other ops on images. */
export const images = collect((add) => {
  for (const [how, aligned, half] of [
    ["", false, false],
    [", aligned corners", true, false],
    [", half-pixel centres", false, true],
  ] as const) {
    for (const [where, size] of [
      ["up", [11, 13]],
      ["down", [4, 3]],
      ["doubled", [12, 12]],
    ] as const) {
      const to = [...size] as [number, number];
      add(`resizeBilinear ${where}${how}`, (x: Four) => image.resizeBilinear(x, to, aligned, half), shape);
      add(
        `resizeNearestNeighbor ${where}${how}`,
        (x: Four) => image.resizeNearestNeighbor(x, to, aligned, half),
        shape,
      );
    }
  }
  add(
    "image.cropAndResize",
    (x: Four) =>
      image.cropAndResize(x, table([[0.1, 0.1, 0.8, 0.9], [0, 0, 1, 1]], "float32"), ids(0, 1), [5, 5]), // prettier-ignore
    [[2, 8, 8, 3]],
    refused,
  );
  add("image.flipLeftRight", (x: Four) => image.flipLeftRight(x), [[2, 8, 8, 3]], refused);
  add("image.rotateWithOffset", (x: Four) => image.rotateWithOffset(x, 0.3, 0.5), [[2, 8, 8, 3]], noGradient);
  add("image.rgbToGrayscale", (x: Four) => image.rgbToGrayscale(x), shape);
  add("image.grayscaleToRGB", (x: Four) => image.grayscaleToRGB(x), [[2, 4, 4, 1]]);
  add("image.transform of one image", (x: Four) => image.transform(x, turn(1), "bilinear"), [[1, 8, 8, 3]], noGradient);
  add("image.transform of two", (x: Four) => image.transform(x, turn(2), "bilinear"), [[2, 8, 8, 3]], noGradient);
  add("image.transform, reflecting", (x: Four) => image.transform(x, turn(1), "nearest", "reflect"), [[1, 8, 8, 3]], noGradient); // prettier-ignore
});

const turn = (n: number): tf.Tensor2D =>
  table(
    Array.from({ length: n }, (_, i) => [0.9 - 0.1 * i, -0.3, 1.1, 0.3, 0.9, -0.7, 0, 0]),
    "float32",
  );
