import { nearest, RegimenError, type Architecture, type Params } from "@regimen/core";
import * as tfl from "@tensorflow/tfjs-layers";

export type How = Parameters<Architecture["build"]>[0];
/** A symbolic tensor of the functional API. */
export type Node = tfl.SymbolicTensor;

/**
 * Layers with names that never depend on what was built before. Convolutions have no bias where batch normalisation follows.
 * He-normal initialisation (He et al. 2015a); batch normalisation with epsilon 1e-5 and moving averages that keep 0.9, as in
 * the reference implementation of He et al. (fb.resnet.torch) and in torchvision.
 */
export class Blocks {
  readonly #seeds: () => number;
  /** Multiplies the filters of every hidden layer. */ readonly #width: number;

  constructor(how: How) {
    this.#seeds = how.seeds;
    this.#width = widthOf(how.with);
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

  norm(x: Node, name: string): Node {
    return tfl.layers.batchNormalization({ name, momentum: 0.9, epsilon: 1e-5 }).apply(x) as Node;
  }

  relu(x: Node, name: string): Node {
    return tfl.layers.activation({ name, activation: "relu" }).apply(x) as Node;
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

  averagePool(x: Node): Node {
    return tfl.layers.globalAveragePooling2d({ name: "pool" }).apply(x) as Node;
  }

  dense(x: Node, name: string, units: number): Node {
    const kernelInitializer = this.#heNormal();
    return tfl.layers.dense({ name, units, activation: "relu", kernelInitializer }).apply(x) as Node;
  }

  /** The head, "predictions", and the model around it. */
  model(name: string, input: Node, features: Node, classes: number): tfl.LayersModel {
    const kernelInitializer = this.#heNormal();
    const head = tfl.layers.dense({ name: "predictions", units: classes, activation: "softmax", kernelInitializer });
    return tfl.model({ name, inputs: input, outputs: head.apply(features) as Node });
  }

  #heNormal(): ReturnType<typeof tfl.initializers.heNormal> {
    // tfjs takes the seed 0 for no seed.
    return tfl.initializers.heNormal({ seed: this.#seeds() + 1 });
  }
}

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
  if (typeof width !== "number" || !(width > 0) || !Number.isFinite(width))
    throw new RegimenError("REG_PARAM", `width is ${JSON.stringify(width)}; expected a number above 0, such as 1 or 2`);
  return width;
}
