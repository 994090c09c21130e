import * as tfl from "@tensorflow/tfjs-layers";

/** Small models of every shape that users bring. All take [8, 8, 2] and give 3 classes. */

export function sequentialModel(): tfl.Sequential {
  return tfl.sequential({
    name: "chain",
    layers: [
      tfl.layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, name: "conv", activation: "relu" }),
      tfl.layers.batchNormalization({ name: "bn" }),
      tfl.layers.dropout({ rate: 0.5, name: "drop" }),
      tfl.layers.flatten({ name: "flat" }),
      tfl.layers.dense({ units: 3, activation: "softmax", name: "out" }),
    ],
  });
}

export function functionalModel(prefix = ""): tfl.LayersModel {
  const input = tfl.input({ shape: [8, 8, 2], name: `${prefix}image` });
  const conv = (name: string, x: tfl.SymbolicTensor): tfl.SymbolicTensor =>
    tfl.layers
      .conv2d({ filters: 4, kernelSize: 3, padding: "same", name: `${prefix}${name}` })
      .apply(x) as tfl.SymbolicTensor;
  const a = conv("a", input);
  const sum = tfl.layers.add({ name: `${prefix}sum` }).apply([conv("b", a), a]) as tfl.SymbolicTensor;
  const pooled = tfl.layers.globalAveragePooling2d({ name: `${prefix}pool` }).apply(sum) as tfl.SymbolicTensor;
  const out = tfl.layers.dense({ units: 3, name: `${prefix}out` }).apply(pooled) as tfl.SymbolicTensor;
  return tfl.model({ name: `${prefix}net`, inputs: input, outputs: out });
}

/** A functional model around a sequential and a functional one. */
export function nestedModel(): tfl.LayersModel {
  const base = tfl.sequential({
    name: "base",
    layers: [
      tfl.layers.conv2d({ inputShape: [8, 8, 2], filters: 5, kernelSize: 3, name: "base_conv" }),
      tfl.layers.batchNormalization({ name: "base_bn" }),
    ],
  });
  const middleInput = tfl.input({ shape: [6, 6, 5], name: "middle_in" });
  const middle = tfl.model({
    name: "middle",
    inputs: middleInput,
    outputs: tfl.layers
      .globalMaxPooling2d({ name: "middle_pool" })
      .apply(
        tfl.layers.conv2d({ filters: 6, kernelSize: 1, name: "middle_conv" }).apply(middleInput),
      ) as tfl.SymbolicTensor,
  });
  const input = tfl.input({ shape: [8, 8, 2], name: "image" });
  const out = tfl.layers.dense({ units: 3, activation: "softmax", name: "out" }).apply(middle.apply(base.apply(input)));
  return tfl.model({ name: "outer", inputs: input, outputs: out as tfl.SymbolicTensor });
}

/** Squeeze-and-excitation around swish, on its own and inside layers. */
export function gatedModel(): tfl.LayersModel {
  type Node = tfl.SymbolicTensor;
  const image = tfl.input({ shape: [8, 8, 2], name: "image" });
  const depthwise = tfl.layers.depthwiseConv2d({ kernelSize: 3, name: "depthwise", activation: "swish" }).apply(image);
  const bent = tfl.layers.activation({ activation: "swish", name: "bend" }).apply(depthwise) as Node;
  const means = tfl.layers.globalAveragePooling2d({ name: "squeeze" }).apply(bent);
  const few = tfl.layers.dense({ units: 3, activation: "swish", name: "reduce" }).apply(means);
  const gate = tfl.layers.dense({ units: 2, activation: "sigmoid", name: "expand" }).apply(few);
  const spread = tfl.layers.reshape({ targetShape: [1, 1, 2], name: "reshape" }).apply(gate) as Node;
  const excited = tfl.layers.multiply({ name: "excite" }).apply([bent, spread]);
  const pooled = tfl.layers.globalAveragePooling2d({ name: "pool" }).apply(excited);
  const out = tfl.layers.dense({ units: 3, name: "out" }).apply(pooled) as Node;
  return tfl.model({ name: "gated", inputs: image, outputs: out });
}
