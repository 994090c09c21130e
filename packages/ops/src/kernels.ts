/**
 * The kernels a backend may register to make the primitives fast. All optional, all float32 unless said. A backend that
 * registers a forward kernel with a gradient beside it need not register the gradient's: that is then composed.
 *
 * | kernel | inputs | attrs | outputs |
 * | --- | --- | --- | --- |
 * | `RegimenUniform` | seed [2] int32 | shape | [shape], in [0, 1) |
 * | `RegimenNormal` | seed [2] int32 | shape | [shape] |
 * | `RegimenBatchNorm` | x [..., c], gamma [c], beta [c] | epsilon | y, mean [c], biased variance [c], then whatever its gradient wants back |
 * | `RegimenBatchNormGrad` | dy, x, gamma, mean, variance, and extra0, extra1, … | epsilon | dx, dgamma, dbeta |
 * | `RegimenReluGrad` | dy, y (relu's output) | | dx |
 * | `RegimenSwish` | x | | y |
 * | `RegimenSwishGrad` | dy, x | | dx |
 * | `RegimenWarp` | images [n, h, w, c], transforms [n, 8] | interpolation, fill, value | [n, h, w, c] |
 * | `RegimenWarpGrad` | dy [n, h, w, c], transforms [n, 8] | interpolation, fill | dimages |
 * | `RegimenColour` | images [n, h, w, c], maps [n, c, c + 1] | low, high | [n, h, w, c] |
 * | `RegimenColourGrad` | dy, images, maps | low, high | dimages |
 */
export const KERNELS = {
  uniform: "RegimenUniform",
  normal: "RegimenNormal",
  batchNorm: "RegimenBatchNorm",
  batchNormGrad: "RegimenBatchNormGrad",
  reluGrad: "RegimenReluGrad",
  swish: "RegimenSwish",
  swishGrad: "RegimenSwishGrad",
  warp: "RegimenWarp",
  warpGrad: "RegimenWarpGrad",
  colour: "RegimenColour",
  colourGrad: "RegimenColourGrad",
} as const;
