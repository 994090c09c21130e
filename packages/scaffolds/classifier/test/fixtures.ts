import {
  createRng,
  ORIGIN,
  type Batch,
  type Hooks,
  type ImageFormat,
  type Step,
  type WrapOptions,
} from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

export const format: ImageFormat = { h: 8, w: 8, c: 2, range: [0, 255] };
export const CLASSES = 3;

export function how(more: Partial<WrapOptions> = {}): WrapOptions {
  return {
    hooks: [] as readonly Hooks[],
    format,
    classes: CLASSES,
    task: "classification",
    rng: createRng(1),
    ...more,
  };
}

/** [n, 8, 8, 2], pixels 0..255 whose pattern depends on the row's class, row modulo 3. */
export function imagesOf(n: number): tf.Tensor4D {
  const pixel = (i: number): number => {
    const row = Math.floor(i / 128);
    return 127 + 100 * Math.sin((i % 128) * (1 + (row % CLASSES)) + row * 0.01);
  };
  return tf.tensor4d(
    Float32Array.from({ length: n * 128 }, (_, i) => pixel(i)),
    [n, 8, 8, 2],
  );
}

export function batchOf(images: tf.Tensor4D, labels: tf.Tensor2D): Batch {
  const n = images.shape[0];
  return {
    shape: { ...format, n, classes: labels.shape[1] },
    images,
    labels,
    weights: tf.ones([n]),
    origin: tf.mul(tf.ones([n]), ORIGIN.labelled),
    warp: tf.zeros([n, 8]),
    colour: tf.zeros([n, 2, 3]),
    also: {},
  };
}

export function labelsOf(n: number): tf.Tensor2D {
  return tf.cast(
    tf.oneHot(
      Array.from({ length: n }, (_, row) => row % CLASSES),
      CLASSES,
    ),
    "float32",
  ) as tf.Tensor2D;
}

/** A step that gives numbers for layers that draw. */
export const step = {
  fed: {},
  get index() {
    return tf.scalar(1e6);
  },
  uniform: (name: string, shape: readonly number[]) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => ((i + name.length) * 0.618) % 1),
      [...shape],
    ),
  of: () => step,
} as unknown as Step;

const layers = tfl.layers;
type Node = tfl.SymbolicTensor;

/** Models of every shape that users bring. */
export const MODELS: { readonly [kind: string]: () => tfl.LayersModel } = {
  "a sequential model with softmax in its last layer": () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, activation: "relu", name: "conv" }),
        layers.batchNormalization({ name: "bn" }),
        layers.dropout({ rate: 0.5, name: "drop" }),
        layers.flatten({ name: "flat" }),
        layers.dense({ units: 3, activation: "softmax", name: "out" }),
      ],
    }),
  "a functional residual model with a Softmax layer": () => {
    const image = tfl.input({ shape: [8, 8, 2], name: "image" });
    const conv = (name: string, x: Node): Node =>
      layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", name }).apply(x) as Node;
    const first = conv("a", image);
    const sum = layers.add({ name: "sum" }).apply([conv("b", first), first]) as Node;
    const pooled = layers.globalAveragePooling2d({ name: "pool" }).apply(sum) as Node;
    const dense = layers.dense({ units: 3, name: "dense" }).apply(pooled) as Node;
    return tfl.model({ inputs: image, outputs: layers.softmax({ name: "soft" }).apply(dense) as Node });
  },
  "a nested model that gives logits": () => {
    const base = tfl.sequential({
      name: "base",
      layers: [
        layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, name: "conv" }),
        layers.batchNormalization({ name: "bn" }),
        layers.globalMaxPooling2d({ name: "pool" }),
      ],
    });
    const image = tfl.input({ shape: [8, 8, 2], name: "image" });
    return tfl.model({
      inputs: image,
      outputs: layers.dense({ units: 3, name: "logits" }).apply(base.apply(image)) as Node,
    });
  },
  "a convolutional head under pooling, with a softmax activation": () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, strides: 2, name: "conv" }),
        layers.reLU({ name: "relu" }),
        layers.conv2d({ filters: 3, kernelSize: 1, name: "head" }),
        layers.globalAveragePooling2d({ name: "pool" }),
        layers.activation({ activation: "softmax", name: "soft" }),
      ],
    }),
  "an ensemble that averages probabilities": () => {
    const image = tfl.input({ shape: [8, 8, 2], name: "image" });
    const flat = layers.flatten({ name: "flat" }).apply(image) as Node;
    const member = (name: string): Node => layers.dense({ units: 3, activation: "softmax", name }).apply(flat) as Node;
    return tfl.model({
      inputs: image,
      outputs: layers.average({ name: "mean" }).apply([member("one"), member("two")]) as Node,
    });
  },
  "a model with a Rescaling of its own": () =>
    tfl.sequential({
      layers: [
        layers.rescaling({ scale: 1 / 255, inputShape: [8, 8, 2], name: "own_rescaling" }),
        layers.flatten({ name: "flat" }),
        layers.dense({ units: 3, activation: "softmax", name: "out" }),
      ],
    }),
};

/** Small weights, the same each time, so that images of 0..255 do not saturate the softmax. */
export function calm(model: tfl.LayersModel): tfl.LayersModel {
  for (const weight of model.weights) {
    const size = tf.util.sizeFromShape(weight.shape as number[]);
    const value = (i: number): number =>
      weight.originalName.endsWith("variance") ? 1 + (i % 3) : 0.02 * Math.sin(i + weight.originalName.length);
    weight.write(
      tf.tensor(
        Float32Array.from({ length: size }, (_, i) => value(i)),
        weight.shape as number[],
      ),
    );
  }
  return model;
}
