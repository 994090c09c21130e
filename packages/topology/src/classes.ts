import type { Json, LayerNode, LayerSpec } from "@regimen/contracts";

/** Layers with a kernel: what a head or a residual branch is made of. */
export const WEIGHTED = new Set([
  "Conv1D",
  "Conv2D",
  "Conv2DTranspose",
  "Conv3D",
  "Conv3DTranspose",
  "Dense",
  "DepthwiseConv2D",
  "SeparableConv2D",
]);

const NORMALIZATION = new Set(["BatchNormalization", "LayerNormalization", "Regimen>BatchNormalization"]);

/** Layers that draw random numbers while training. */
export const STOCHASTIC = new Set([
  "AlphaDropout",
  "Dropout",
  "GaussianDropout",
  "GaussianNoise",
  "SpatialDropout1D",
  "SpatialDropout2D",
]);

const PASSIVE = new Set([
  ...NORMALIZATION,
  ...STOCHASTIC,
  "Activation",
  "AveragePooling1D",
  "AveragePooling2D",
  "AveragePooling3D",
  "Cropping2D",
  "ELU",
  "Flatten",
  "GlobalAveragePooling1D",
  "GlobalAveragePooling2D",
  "GlobalMaxPooling1D",
  "GlobalMaxPooling2D",
  "LeakyReLU",
  "MaxPooling1D",
  "MaxPooling2D",
  "MaxPooling3D",
  "PReLU",
  "Permute",
  "ReLU",
  "Rescaling",
  "Reshape",
  "Softmax",
  "ThresholdedReLU",
  "UpSampling2D",
  "ZeroPadding2D",
]);

/** One input, one output, no kernel: it shapes, pools, normalises or bends what passes, and learns no mapping. */
export const isPassive = (layer: LayerSpec): boolean => PASSIVE.has(layer.className) || isCustom(layer);

/** Of Regimen or of a plug-in: the prefix keeps class names of several packages apart. */
export const isCustom = (layer: LayerSpec): boolean => layer.className.includes(">");

export type Config = LayerNode["config"];

export const isConfig = (value: Json | undefined): value is { readonly [key: string]: Json | undefined } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
