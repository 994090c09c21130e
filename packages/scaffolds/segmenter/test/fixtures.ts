import { ORIGIN, createRng, type Batch, type ImageFormat, type WrapOptions } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

export const format: ImageFormat = { h: 8, w: 8, c: 1, range: [0, 255] };
export const CLASSES = 3;

export const how = (more: Partial<WrapOptions> = {}): WrapOptions => ({
  hooks: [],
  format,
  classes: CLASSES,
  task: "semantic_segmentation",
  rng: createRng(1),
  ...more,
});

/** Pixels whose level tells their class: 0, 100 or 200 and a little of something else. */
export function scene(n: number): { images: tf.Tensor4D; masks: tf.Tensor3D } {
  const classes = Int32Array.from(
    { length: n * 64 },
    (_, i) => (Math.floor((i % 64) / 24) + Math.floor(i / 64)) % CLASSES,
  );
  const pixels = Float32Array.from(classes, (k, i) => 100 * k + 20 * Math.sin(i));
  return { images: tf.tensor4d(pixels, [n, 8, 8, 1]), masks: tf.tensor3d(classes, [n, 8, 8], "int32") };
}

export function batchOf(images: tf.Tensor4D, masks: tf.Tensor3D, classes = CLASSES): Batch {
  const n = images.shape[0];
  return {
    shape: { ...format, n, classes },
    images,
    masks,
    labels: tf.zeros([n, classes]),
    weights: tf.ones([n]),
    origin: tf.mul(tf.ones([n]), ORIGIN.labelled),
    warp: tf.zeros([n, 8]),
    colour: tf.zeros([n, 1, 2]),
    also: {},
  };
}

type Node = tfl.SymbolicTensor;
const { layers } = tfl;
const conv = (filters: number, kernelSize: number, name: string, activation?: "softmax" | "relu" | "sigmoid") =>
  layers.conv2d({ filters, kernelSize, padding: "same", name, ...(activation && { activation }) });

/** Models of every shape that users bring; the last answers with one value a pixel. */
export const MODELS: { readonly [kind: string]: () => tfl.LayersModel } = {
  "a softmax in its last convolution": () =>
    tfl.sequential({
      layers: [
        layers.conv2d({
          inputShape: [8, 8, 1],
          filters: 4,
          kernelSize: 3,
          padding: "same",
          activation: "relu",
          name: "a",
        }),
        layers.batchNormalization({ name: "bn" }),
        conv(CLASSES, 1, "out", "softmax"),
      ],
    }),
  "a skip, a Softmax layer and any size of image": () => {
    const image = tfl.input({ shape: [null, null, 1], name: "image" });
    const wide = conv(4, 3, "wide", "relu").apply(image) as Node;
    const low = layers.maxPooling2d({ poolSize: 2, name: "pool" }).apply(wide) as Node;
    const up = layers.upSampling2d({ size: [2, 2], name: "up" }).apply(low) as Node;
    const both = layers.concatenate({ name: "both" }).apply([wide, up]) as Node;
    return tfl.model({
      inputs: image,
      outputs: layers.softmax({ name: "soft", axis: -1 }).apply(conv(CLASSES, 1, "out").apply(both)) as Node,
    });
  },
  "logits at its end": () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, padding: "same", name: "a" }),
        conv(CLASSES, 1, "logits"),
      ],
    }),
};

export const oneColumn = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: [8, 8, 1],
        filters: 4,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        name: "a",
      }),
      conv(1, 1, "out", "sigmoid"),
    ],
  });

/** Small weights, the same each time. */
export function calm(model: tfl.LayersModel): tfl.LayersModel {
  for (const weight of model.weights) {
    const size = tf.util.sizeFromShape(weight.shape as number[]);
    const value = (i: number): number =>
      weight.originalName.endsWith("moving_variance") ? 1 + (i % 3) : 0.02 * Math.sin(i + weight.originalName.length);
    weight.write(
      tf.tensor(
        Float32Array.from({ length: size }, (_, i) => value(i)),
        weight.shape as number[],
      ),
    );
  }
  return model;
}
