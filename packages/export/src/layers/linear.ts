import type { Kernel, Linear, Padding, Shape, Value } from "../graph.ts";
import { activated } from "./activation.ts";
import { channelsLast, pair, unsupported, type Maker, type Write } from "./maker.ts";

/** The axes of each kernel that count the output channels, by the layer's class and the end of the weight's name. */
export const CHANNELS: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  Conv2D: { kernel: [3] },
  Conv2DTranspose: { kernel: [2] },
  Dense: { kernel: [1] },
  DepthwiseConv2D: { depthwise_kernel: [2, 3] },
  SeparableConv2D: { depthwise_kernel: [2, 3], pointwise_kernel: [3] },
};

function kernelOf({ layer, weight }: Maker, name = "kernel"): Kernel {
  return { ...weight(name)!, channels: CHANNELS[layer.getClassName()]![name]! };
}

const biasOf = ({ weight }: Maker): { bias?: Float32Array } => {
  const bias = weight("bias");
  return bias ? { bias: bias.values } : {};
};

/** With the layer's activation behind it. */
const finished = (maker: Maker, op: Linear, x: Value): Value =>
  activated(maker, maker.config["activation"], (last) => maker.op(op, [x], maker.shape, last ? undefined : "linear"));

function windowOf(maker: Maker, size: readonly number[]) {
  channelsLast(maker);
  const { layer, config } = maker;
  const padding = config["padding"] ?? "valid";
  if (padding !== "same" && padding !== "valid")
    throw unsupported(layer, `its padding is ${JSON.stringify(padding)}; expected "same" or "valid"`);
  const strides = pair(config["strides"], 1);
  const dilations = pair(config["dilationRate"], 1);
  return { size: [size[0]!, size[1]!] as const, strides, dilations, padding: padding as Padding };
}

/** A depthwise convolution and a 1×1 one. */
const separable: Write = (maker, [x]) => {
  const depth = kernelOf(maker, "depthwise_kernel");
  const point = kernelOf(maker, "pointwise_kernel");
  const middle: Shape = [null, maker.shape[1]!, maker.shape[2]!, depth.shape[2]! * depth.shape[3]!];
  const each = maker.op(
    { kind: "depthwise", kernel: depth, ...windowOf(maker, depth.shape) },
    [x!],
    middle,
    "depthwise",
  );
  const only = { size: [1, 1], strides: [1, 1], dilations: [1, 1], padding: "valid" } as const;
  return finished(maker, { kind: "conv", kernel: point, ...biasOf(maker), ...only }, each);
};

export const LINEAR: Readonly<Record<string, Write>> = {
  Conv2D(maker, [x]) {
    const kernel = kernelOf(maker);
    return finished(maker, { kind: "conv", kernel, ...biasOf(maker), ...windowOf(maker, kernel.shape) }, x!);
  },
  DepthwiseConv2D(maker, [x]) {
    const kernel = kernelOf(maker, "depthwise_kernel");
    // What tfjs does: its layer takes a rate of dilation and never passes it on.
    const window = { ...windowOf(maker, kernel.shape), dilations: [1, 1] as const };
    return finished(maker, { kind: "depthwise", kernel, ...biasOf(maker), ...window }, x!);
  },
  SeparableConv2D: separable,
  Conv2DTranspose(maker, [x]) {
    const kernel = kernelOf(maker);
    const { dilations, ...window } = windowOf(maker, kernel.shape);
    if (dilations[0] !== 1 || dilations[1] !== 1) throw unsupported(maker.layer, "it dilates; expected a rate of 1");
    return finished(maker, { kind: "transposed", kernel, ...biasOf(maker), ...window }, x!);
  },
  Dense(maker, [x]) {
    return finished(maker, { kind: "dense", kernel: kernelOf(maker), ...biasOf(maker) }, x!);
  },
};
