import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { collect, noGradient, refused } from "../case.ts";

const { layers } = tfl;
type Layer = ReturnType<typeof layers.dense>;
const start = (): ReturnType<typeof tfl.initializers.heNormal> => tfl.initializers.heNormal({ seed: 3 });

/** Layers of a user's own model, with gradients to what they are applied to. */
export const userLayers = collect((add) => {
  for (const [name, make, shape] of [
    ["lstm", () => layers.lstm({ units: 4, kernelInitializer: start(), recurrentInitializer: start() }), [2, 5, 3]],
    ["gru", () => layers.gru({ units: 4, kernelInitializer: start(), recurrentInitializer: start() }), [2, 5, 3]],
    ["dense, swish", () => layers.dense({ units: 3, activation: "swish", kernelInitializer: start() }), [4, 5]],
    [
      "conv2d with bias",
      () =>
        layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", kernelInitializer: start() }),
      [2, 5, 5, 3],
    ],
    [
      "conv2dTranspose",
      () =>
        layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same", kernelInitializer: start() }),
      [2, 4, 4, 2],
    ],
    [
      "separableConv2d",
      () =>
        layers.separableConv2d({
          filters: 4,
          kernelSize: 3,
          depthwiseInitializer: start(),
          pointwiseInitializer: start(),
        }),
      [2, 5, 5, 3],
    ],
    [
      "depthwiseConv2d stride 2",
      () => layers.depthwiseConv2d({ kernelSize: 5, strides: 2, padding: "same", depthwiseInitializer: start() }),
      [2, 8, 8, 4],
    ],
    ["layerNormalization", () => layers.layerNormalization({}), [3, 4, 6]],
    ["batchNormalization, not training", () => layers.batchNormalization({}), [3, 4, 4, 3]],
    ["upSampling2d", () => layers.upSampling2d({ size: [2, 2] }), [2, 3, 3, 2]],
    ["upSampling2d, bilinear", () => layers.upSampling2d({ size: [2, 2], interpolation: "bilinear" }), [2, 3, 3, 2]],
    [
      "zeroPadding2d",
      () =>
        layers.zeroPadding2d({
          padding: [
            [1, 0],
            [2, 1],
          ],
        }),
      [2, 3, 3, 2],
    ],
    [
      "cropping2D",
      () =>
        layers.cropping2D({
          cropping: [
            [1, 0],
            [1, 1],
          ],
        }),
      [2, 5, 5, 2],
    ],
    [
      "averagePooling2d same",
      () => layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      [2, 5, 5, 3],
    ],
    ["maxPooling1d", () => layers.maxPooling1d({ poolSize: 2 }), [2, 6, 3]],
    ["globalMaxPooling2d", () => layers.globalMaxPooling2d({}), [2, 3, 3, 4]],
    ["flatten, NHWC", () => layers.flatten(), [2, 3, 3, 2]],
    ["permute", () => layers.permute({ dims: [2, 1] }), [2, 3, 4]],
    ["softmax", () => layers.softmax(), [3, 5]],
  ] as readonly (readonly [string, () => unknown, readonly number[]])[]) {
    add(`layer ${name}`, (x) => applied(make() as Layer, x), [shape]);
  }
  add(
    "layer thresholdedReLU",
    (x) => applied(layers.thresholdedReLU({ theta: 0.3 }) as unknown as Layer, x),
    [[3, 5]],
    refused,
  );
  add(
    "layer embedding",
    () =>
      applied(
        layers.embedding({ inputDim: 5, outputDim: 3, embeddingsInitializer: start() }) as unknown as Layer,
        tf.tensor2d([0, 4, 2, 2], [2, 2]),
      ),
    [],
    noGradient,
  );
});

/** The layer's weights go with it: a gradient keeps what it needs. */
function applied(layer: Layer, x: tf.Tensor): tf.Tensor {
  const y = layer.apply(x) as tf.Tensor;
  layer.dispose();
  return y;
}
