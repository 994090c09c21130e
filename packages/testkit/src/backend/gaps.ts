/** How an op falls short: it throws, its numbers are others, or only its gradient does. */
export type Kind = "missing" | "wrong" | "gradient missing" | "gradient wrong";
export type Gap = { readonly is: Kind; readonly why: string };
/** By the case's name. */
export type Gaps = { readonly [name: string]: Gap };

const these = (is: Kind, why: string, names: readonly string[]): Gaps =>
  Object.fromEntries(names.map((name) => [name, { is, why }]));

const channels = (name: string): string[] => [`${name}, 3 channels`, `${name}, 4 channels`];
const dilated = ["conv2d dilation 2", "conv2d dilation 2 and 3", "depthwise dilation 2"];
const averagesOfParts = [
  ...channels("avgPool 3×3 stride 2 same"),
  ...channels("avgPool 3×3 same"),
  "layer averagePooling2d same",
];
const nearest = ["up", "down", "doubled"].flatMap((where) =>
  ["", ", aligned corners", ", half-pixel centres"].map((how) => `resizeNearestNeighbor ${where}${how}`),
);
const halfPixels = ["up", "down", "doubled"].map((where) => `resizeBilinear ${where}, half-pixel centres`);

const DILATED = "tfjs refuses it";
const einsums = [
  ...["bij,bjk->bik", "ij,ij->i", "bij,kj->bki", "ij->ji", "ij->"].map((equation) => `einsum ${equation}`),
  "image.rgbToGrayscale",
];
const AVERAGES = "it divides by whole windows where they reach over the border";

const cpu: Gaps = {
  ...these("gradient missing", DILATED, [...dilated, ...einsums]),
  ...these("gradient wrong", AVERAGES, [...averagesOfParts, "avgPool3d same"]),
  ...these("gradient wrong", "it adds up windows that do not match the forward op's", [
    ...nearest,
    "layer upSampling2d",
  ]),
  ...these("gradient wrong", "it ignores half-pixel centres", halfPixels),
  ...these("wrong", "it reads the first image for all", ["image.transform of two"]),
  ...these("wrong", "its type is float32", ["int32 unsortedSegmentSum"]),
};

const wasm: Gaps = {
  ...these("wrong", "it gives something else", ["dilation2d"]),
  ...these("wrong", "it fills with bytes", ["image.rotateWithOffset"]),
  ...these("wrong", "it reflects about another point", ["image.transform, reflecting"]),
  ...these("missing", "tfjs has no complex numbers there", ["spectral.rfft"]),
};

const ownNumbers = ["1", "6", "1003"].flatMap((count) => [`uniform [${count}]`, `normal [${count}]`]);

const tensorflow: Gaps = {
  ...these("wrong", "the random numbers are TensorFlow's", [...ownNumbers, "uniform []"]),
  ...these("gradient missing", "tfjs-node knows SAME and VALID only", ["conv2d explicit padding"]),
  ...these("gradient missing", DILATED, [...dilated, ...einsums]),
  ...these("missing", "tfjs-node knows SAME and VALID only", ["maxPool with padding by number"]),
  ...these("missing", "tfjs-node has no such op", [
    "maxPoolWithArgmax",
    "searchSorted",
    "image.rotateWithOffset",
    "image.transform of one image",
    "image.transform of two",
    "image.transform, reflecting",
  ]),
};

const webgpu: Gaps = {
  ...these("gradient missing", DILATED, [...dilated, ...einsums]),
  ...these("wrong", "it reflects about another point", ["image.transform, reflecting"]),
  ...these("wrong", "tfjs moves whole numbers as float32", ["int32 beyond 24 bits, sliced"]),
};

/** What is known to fall short on Regimen's own backends, its own kernels included. Each backend's tests hold it to this. */
export const GAPS: { readonly [backend: string]: Gaps } = {
  cpu,
  wasm,
  node: tensorflow,
  "node-gpu": tensorflow,
  webgpu,
};
