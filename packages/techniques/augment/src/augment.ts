import type { Technique, TechniqueMeta } from "@regimen/core";
import { alternatingMirror } from "./alternate.ts";
import { brightness, contrast, grayscale, hue, invert, saturation } from "./colour.ts";
import { crop, resizedCrop } from "./crop.ts";
import { cutout } from "./cutout.ts";
import {
  flipVertical,
  mirror,
  rot90,
  rotate,
  shearX,
  shearY,
  translate,
  translateX,
  translateY,
  zoom,
} from "./spatial.ts";
import { autocontrast, blur, desharpen, equalize, posterize, sharpen, solarize } from "./texture.ts";

export * from "./alternate.ts";
export * from "./colour.ts";
export * from "./crop.ts";
export * from "./cutout.ts";
export * from "./spatial.ts";
export * from "./texture.ts";

/** Each a technique of its own, with a magnitude, a rate or both: a metalearner chooses among them one by one. */
export const augmentations = {
  mirror,
  alternatingMirror,
  flipVertical,
  rot90,
  rotate,
  shearX,
  shearY,
  translate,
  translateX,
  translateY,
  zoom,
  crop,
  resizedCrop,
  cutout,
  brightness,
  contrast,
  saturation,
  hue,
  grayscale,
  invert,
  autocontrast,
  equalize,
  solarize,
  posterize,
  sharpen,
  desharpen,
  blur,
} satisfies Readonly<Record<string, Pick<Technique, keyof TechniqueMeta>>>;
