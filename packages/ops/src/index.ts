export { KERNELS } from "./kernels.ts";
export { normal, uniform } from "./random.ts";
export { batchNormTrain, type BatchNormalized } from "./batch-norm.ts";
export { relu } from "./relu.ts";
export { softmaxCrossEntropy } from "./cross-entropy.ts";
export { warp, type WarpOptions } from "./warp.ts";
export { affineWarp, composeWarp, identityWarp, type AffineParts } from "./warp-matrix.ts";
export { colour, composeColour, identityColour } from "./colour.ts";
export { warpBoxes } from "./warp-boxes.ts";
