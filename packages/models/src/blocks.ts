import { nearest, RegimenError, type Architecture, type Params } from "@regimen/core";
import * as tfl from "@tensorflow/tfjs-layers";

export type How = Parameters<Architecture["build"]>[0];
/** A symbolic tensor of the functional API. */
export type Node = tfl.SymbolicTensor;

/** Up to this many pixels a side, networks made for 224 keep their maps larger: little would be left of the image. */
export const SMALL = 64;
export const isSmall = ({ format }: How): boolean => Math.max(format.h, format.w) <= SMALL;

/** What differs from one family of networks to another. */
export type Conventions = {
  /** What batch normalisation's moving averages keep. */ readonly momentum: number;
  readonly epsilon: number;
  /** Which side of a layer its random weights are scaled by (He et al. 2015a, equations 10 and 14). */
  readonly fan: "fanIn" | "fanOut";
};

/** The reference implementation of He et al. (fb.resnet.torch), and torchvision. */
const RESNET: Conventions = { momentum: 0.9, epsilon: 1e-5, fan: "fanIn" };

/**
 * Layers with names that never depend on what was built before. Convolutions have no bias where batch normalisation follows.
 * Initialisation is He-normal (He et al. 2015a).
 */
export class Blocks {
  readonly #seeds: () => number;
  /** Multiplies the filters of every hidden layer. */ readonly #width: number;
  readonly #conventions: Conventions;

  constructor(how: How, conventions = RESNET) {
    this.#seeds = how.seeds;
    this.#width = widthOf(how.with);
    this.#conventions = conventions;
  }

  filters(count: number): number {
    return Math.max(1, Math.round(count * this.#width));
  }

  input({ format }: How): Node {
    return tfl.input({ shape: [format.h, format.w, format.c], name: "image" });
  }

  conv(
    x: Node,
    name: string,
    filters: number,
    kernel: number,
    how: { strides?: number; valid?: boolean; bias?: boolean } = {},
  ): Node {
    const layer = tfl.layers.conv2d({
      name,
      filters,
      kernelSize: kernel,
      strides: how.strides ?? 1,
      padding: how.valid ? "valid" : "same",
      useBias: how.bias ?? false,
      kernelInitializer: this.#heNormal(),
    });
    return layer.apply(x) as Node;
  }

  /** One filter for each channel. */
  depthwise(x: Node, name: string, kernel: number, strides: number): Node {
    const layer = tfl.layers.depthwiseConv2d({
      name,
      kernelSize: kernel,
      strides,
      padding: "same",
      useBias: false,
      depthwiseInitializer: this.#heNormal(),
    });
    return layer.apply(x) as Node;
  }

  norm(x: Node, name: string): Node {
    const { momentum, epsilon } = this.#conventions;
    return tfl.layers.batchNormalization({ name, momentum, epsilon }).apply(x) as Node;
  }

  relu(x: Node, name: string): Node {
    return tfl.layers.activation({ name, activation: "relu" }).apply(x) as Node;
  }

  /** x · σ(x) (Ramachandran et al. 2017). */
  swish(x: Node, name: string): Node {
    return tfl.layers.activation({ name, activation: "swish" }).apply(x) as Node;
  }

  /** Convolution, batch normalisation, relu: "name_conv", "name_bn", "name_relu". */
  convNormRelu(x: Node, name: string, filters: number, kernel: number, how: { strides?: number } = {}): Node {
    return this.relu(this.norm(this.conv(x, `${name}_conv`, filters, kernel, how), `${name}_bn`), `${name}_relu`);
  }

  maxPool(x: Node, name: string, size: number, strides: number, padding: "same" | "valid" = "valid"): Node {
    return tfl.layers.maxPooling2d({ name, poolSize: size, strides, padding }).apply(x) as Node;
  }

  add(a: Node, b: Node, name: string): Node {
    return tfl.layers.add({ name }).apply([a, b]) as Node;
  }

  flatten(x: Node): Node {
    return tfl.layers.flatten({ name: "flatten" }).apply(x) as Node;
  }

  averagePool(x: Node, name = "pool"): Node {
    return tfl.layers.globalAveragePooling2d({ name }).apply(x) as Node;
  }

  dense(x: Node, name: string, units: number, activation: "relu" | "swish" | "sigmoid" = "relu"): Node {
    const kernelInitializer = this.#heNormal();
    return tfl.layers.dense({ name, units, activation, kernelInitializer }).apply(x) as Node;
  }

  /**
   * Squeeze and excitation (Hu et al. 2018, section 3): each channel times a gate in (0, 1) that a layer of `units` between
   * two dense ones computes of all channels' means.
   */
  excite(x: Node, name: string, units: number): Node {
    const channels = x.shape[x.shape.length - 1]!;
    const means = this.averagePool(x, `${name}_squeeze`);
    const gate = this.dense(this.dense(means, `${name}_reduce`, units, "swish"), `${name}_expand`, channels, "sigmoid");
    const spread = tfl.layers.reshape({ name: `${name}_reshape`, targetShape: [1, 1, channels] }).apply(gate) as Node;
    return tfl.layers.multiply({ name: `${name}_excite` }).apply([x, spread]) as Node;
  }

  /** Twice as high and wide, each pixel four times. */
  upsample(x: Node, name: string): Node {
    return tfl.layers.upSampling2d({ name, size: [2, 2] }).apply(x) as Node;
  }

  concat(a: Node, b: Node, name: string): Node {
    return tfl.layers.concatenate({ name, axis: -1 }).apply([a, b]) as Node;
  }

  /** A head for each pixel, "predictions", and the model around it. */
  pixelModel(name: string, input: Node, features: Node, classes: number): tfl.LayersModel {
    const head = tfl.layers.conv2d({
      name: "predictions",
      filters: classes,
      kernelSize: 1,
      activation: "softmax",
      kernelInitializer: this.#heNormal("fanIn"),
    });
    return tfl.model({ name, inputs: input, outputs: head.apply(features) as Node });
  }

  /** The head, "predictions", and the model around it. */
  model(name: string, input: Node, features: Node, classes: number): tfl.LayersModel {
    // Scaled by its outputs, a head for few classes would begin with loud and wrong opinions.
    const kernelInitializer = this.#heNormal("fanIn");
    const head = tfl.layers.dense({ name: "predictions", units: classes, activation: "softmax", kernelInitializer });
    return tfl.model({ name, inputs: input, outputs: head.apply(features) as Node });
  }

  #heNormal(mode = this.#conventions.fan): ReturnType<typeof tfl.initializers.varianceScaling> {
    // tfjs takes the seed 0 for no seed.
    return tfl.initializers.varianceScaling({ scale: 2, mode, distribution: "normal", seed: this.#seeds() + 1 });
  }
}

/** Weights grow by its square: beyond, no machine that this runs on has the memory. */
const WIDEST = 16;

function widthOf(params: Params): number {
  for (const key of Object.keys(params)) {
    if (key === "width") continue;
    const near = nearest(key, ["width"]);
    throw new RegimenError(
      "REG_PARAM_UNKNOWN",
      `an architecture has no parameter "${key}"; ${near ? `the nearest is "${near}"` : `the only one is "width"`}`,
    );
  }
  const width = params["width"] ?? 1;
  if (typeof width !== "number" || !(width > 0 && width <= WIDEST))
    throw new RegimenError(
      "REG_PARAM",
      `width is ${JSON.stringify(width)}; expected a number above 0 and at most ${WIDEST}, such as 1 or 2`,
    );
  return width;
}
