import { createRng, ORIGIN, type Batch, type ImageFormat, type WrapOptions } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

export const format: ImageFormat = { h: 32, w: 48, c: 3, range: [0, 255] };
export const CLASSES = 2;

export const how = (more: Partial<WrapOptions> = {}): WrapOptions => ({
  hooks: [],
  format,
  classes: CLASSES,
  task: "detection",
  rng: createRng(1),
  ...more,
});

/** [y0, x0, y1, x1, class number, weight]; of the label's value `is`, 1 unless told. */
export type Row = readonly [number, number, number, number, number, number, is?: number];

/** A batch of pictures of `size` whose boxes are these, padded to one capacity. */
export function batchOf(rows: readonly (readonly Row[])[], size = format, classes = CLASSES): Batch {
  const n = rows.length;
  const capacity = Math.max(1, ...rows.map((row) => row.length));
  const [at, labels, weights] = [4, classes, 1].map((width) => new Float32Array(n * capacity * width)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  rows.forEach((row, i) =>
    row.forEach(([y0, x0, y1, x1, label, weight, is = 1], j) => {
      at.set([y0, x0, y1, x1], (i * capacity + j) * 4);
      labels[(i * capacity + j) * classes + label] = is;
      weights[i * capacity + j] = weight;
    }),
  );
  return {
    shape: { ...size, n, classes },
    images: tf.zeros([n, size.h, size.w, size.c]),
    labels: tf.zeros([n, classes]),
    weights: tf.ones([n]),
    origin: tf.fill([n], ORIGIN.labelled),
    boxes: {
      at: tf.tensor3d(at, [n, capacity, 4]),
      labels: tf.tensor3d(labels, [n, capacity, classes]),
      weights: tf.tensor2d(weights, [n, capacity]),
    },
    warp: tf.zeros([n, 8]),
    colour: tf.zeros([n, size.c, size.c + 1]),
    also: {},
  };
}

/** A classifier with a map of 4 × 6 cells before its pooling. */
export function classifier(): tfl.LayersModel {
  const { conv2d, batchNormalization, globalAveragePooling2d, dense } = tfl.layers;
  return tfl.sequential({
    layers: [
      conv2d({ inputShape: [32, 48, 3], filters: 8, kernelSize: 3, strides: 4, padding: "same", name: "a" }),
      batchNormalization({ name: "norm" }),
      conv2d({ filters: 12, kernelSize: 3, strides: 2, padding: "same", activation: "relu", name: "b" }),
      globalAveragePooling2d({ name: "pool" }),
      dense({ units: 5, activation: "softmax", name: "out" }),
    ],
  });
}

/** Maps of 4 × 6 cells that are sure of these boxes: [class, score's logit, y0, x0, y1, x1]. */
export function mapOf(images: readonly (readonly number[])[][]): tf.Tensor4D {
  const map = tf.buffer([images.length, 4, 6, 6]);
  images.forEach((boxes, i) => {
    for (let cell = 0; cell < 24; cell++) for (const k of [0, 1]) map.set(-12, i, Math.floor(cell / 6), cell % 6, k);
    for (const [k, logit, y0, x0, y1, x1] of boxes as [number, number, number, number, number, number][]) {
      const [y, x] = [(y0 + y1) / 16, (x0 + x1) / 16];
      const [row, column] = [Math.floor(y), Math.floor(x)];
      map.set(logit, i, row, column, k);
      [y - row - 0.5, x - column - 0.5, Math.log((y1 - y0) / 8), Math.log((x1 - x0) / 8)].forEach((value, at) =>
        map.set(value, i, row, column, 2 + at),
      );
    }
  });
  return map.toTensor() as tf.Tensor4D;
}
