// One small model for each kind of layer and each of its odd cases.
import * as tfl from "@tensorflow/tfjs-layers";

const { layers } = tfl;
type Layer = tfl.layers.Layer;
type Node = tfl.SymbolicTensor;
const chain = (x: Node, ...each: Layer[]): Node => each.reduce((at, layer) => layer.apply(at) as Node, x);

/** Side 7, 6 of width, 3 channels: nothing divides evenly. */
export const SHAPE = [7, 6, 3] as const;
const from = (build: (image: Node) => Node | Node[]): tfl.LayersModel => {
  const image = tfl.input({ shape: [...SHAPE], name: "image" });
  return tfl.model({ inputs: image, outputs: build(image) });
};
const of = (...each: Layer[]): tfl.LayersModel => from((image) => chain(image, ...each));

const conv = (more: object) =>
  layers.conv2d({ filters: 4, kernelSize: 3, biasInitializer: "randomNormal", ...more } as never);
const up = (more: object) =>
  layers.conv2dTranspose({ filters: 4, kernelSize: 3, biasInitializer: "randomNormal", ...more } as never);

/** tfjs exports no constructor of these. */
const made = (name: string, config: object): Layer =>
  (tfl as unknown as { layers: Record<string, (config: object) => Layer> }).layers[name]!(config);

/** A model inside a model, and a layer that is used twice. */
function shared(): tfl.LayersModel {
  const inside = tfl.sequential({
    layers: [conv({ inputShape: [...SHAPE], padding: "same", filters: 3 }), layers.batchNormalization({})],
  });
  const twice = conv({ padding: "same", filters: 3 });
  return from((image) => chain(chain(image, inside as unknown as Layer), twice, layers.reLU(), twice));
}

export const LAYERS: Readonly<Record<string, () => tfl.LayersModel>> = {
  "convolution, same": () => of(conv({ padding: "same" })),
  "convolution, same, strides": () => of(conv({ padding: "same", strides: 2 })),
  "convolution, valid, even kernel": () => of(conv({ kernelSize: [2, 4], strides: [1, 2] })),
  "convolution, dilated": () => of(conv({ padding: "same", dilationRate: 2 })),
  "convolution, no bias": () => of(conv({ useBias: false })),
  depthwise: () => of(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same", strides: [2, 2] })),
  "depthwise, whose dilation tfjs ignores": () =>
    of(layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2 } as never)),
  separable: () => of(layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, padding: "same" })),
  "transposed, same": () => of(up({ strides: 2, padding: "same" })),
  "transposed, valid": () => of(up({ strides: 2 })),
  "transposed, kernel below stride": () => of(up({ strides: 3, kernelSize: 2, padding: "same" })),
  "batch normalisation folded": () =>
    of(
      conv({ padding: "same" }),
      layers.batchNormalization({}),
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
      layers.batchNormalization({}),
      up({ strides: 2 }),
      layers.batchNormalization({}),
    ),
  "batch normalisation that cannot be folded": () =>
    of(layers.batchNormalization({}), conv({ activation: "relu" }), layers.batchNormalization({ scale: false })),
  "dense after flattening": () =>
    of(
      conv({}),
      layers.flatten(),
      layers.dense({ units: 5 }),
      layers.batchNormalization({}),
      layers.activation({ activation: "tanh" }),
    ),
  "dense on pixels": () => of(conv({}), layers.dense({ units: 5, biasInitializer: "randomNormal" })),
  rescaling: () => of(made("rescaling", { scale: 0.4, offset: -0.5 }), conv({})),
  pooling: () =>
    from(
      (image) =>
        layers
          .concatenate()
          .apply([
            chain(image, layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })),
            chain(image, layers.averagePooling2d({ poolSize: [3, 2], strides: 2, padding: "same" })),
          ]) as Node,
    ),
  "pooling, valid": () => of(layers.averagePooling2d({ poolSize: 2 }), layers.globalMaxPooling2d({})),
  "merging, of images": () =>
    from((image) => {
      const other = chain(image, conv({ padding: "same", filters: 3 }));
      const pairs = [layers.add(), layers.multiply(), layers.average(), layers.maximum(), layers.minimum()];
      return layers.concatenate().apply(pairs.map((layer) => layer.apply([image, other, image]) as Node)) as Node;
    }),
  "gates of squeeze and excitation": () =>
    from((image) => {
      const wide = chain(image, conv({ padding: "same" }));
      const gate = chain(wide, layers.globalAveragePooling2d({}), layers.dense({ units: 4, activation: "sigmoid" }));
      return layers.multiply().apply([wide, chain(gate, layers.reshape({ targetShape: [1, 1, 4] }))]) as Node;
    }),
  "reshaped and permuted": () =>
    of(conv({ filters: 6 }), layers.reshape({ targetShape: [4, 6, 5] }), layers.permute({ dims: [3, 1, 2] }), conv({})),
  "padded, cropped": () =>
    of(
      conv({}),
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
      layers.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    ),
  "doubled, nearest": () => of(conv({}), layers.upSampling2d({ size: [2, 3] })),
  "doubled, bilinear": () => of(conv({}), layers.upSampling2d({ size: [2, 2], interpolation: "bilinear" } as never)),
  "noise and dropout": () =>
    of(conv({}), layers.dropout({ rate: 0.5 }), layers.gaussianNoise({ stddev: 1 }), layers.reLU()),
  rectifiers: () =>
    of(
      conv({}),
      layers.reLU({ maxValue: 1 }),
      conv({ padding: "same" }),
      layers.leakyReLU({ alpha: 0.2 }),
      conv({ padding: "same" }),
      layers.elu({}),
    ),
  "softmax over channels": () => of(conv({}), layers.softmax({ axis: -1 })),
  shared,
  "two outputs": () =>
    from((image) => [chain(image, conv({})), chain(image, layers.flatten(), layers.dense({ units: 2 }))]),
};

export const ACTIVATIONS = [
  "relu",
  "relu6",
  "sigmoid",
  "hardSigmoid",
  "tanh",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "softmax",
  "logSoftmax",
  "swish",
  "mish",
  "gelu",
  "linear",
];
for (const activation of ACTIVATIONS)
  Object.assign(LAYERS, { [`activation ${activation}`]: () => of(conv({ activation })) });
