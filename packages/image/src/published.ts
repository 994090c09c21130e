import type { Operation } from "./strengths.ts";

/** One of a sub-policy's two transforms: how likely it is to be applied, and at which of ten levels (0 to 9). */
type Published = readonly [operation: Operation, probability: number, level: number];
type SubPolicy = readonly [Published, Published];

/** What AutoAugment found on reduced CIFAR-10 (Cubuk 2019, arXiv:1805.09501, table 7). */
// prettier-ignore
const CIFAR10: readonly SubPolicy[] = [
  [["invert", 0.1, 0], ["contrast", 0.2, 6]],
  [["rotate", 0.7, 2], ["translate-x", 0.3, 9]],
  [["sharpen", 0.8, 1], ["sharpen", 0.9, 3]],
  [["shear-y", 0.5, 8], ["translate-y", 0.7, 9]],
  [["autocontrast", 0.5, 0], ["equalize", 0.9, 0]],
  [["shear-y", 0.2, 7], ["posterize", 0.3, 7]],
  [["saturation", 0.4, 3], ["brightness", 0.6, 7]],
  [["sharpen", 0.3, 9], ["brightness", 0.7, 9]],
  [["equalize", 0.6, 0], ["equalize", 0.5, 0]],
  [["contrast", 0.6, 7], ["sharpen", 0.6, 5]],
  [["saturation", 0.7, 7], ["translate-x", 0.5, 8]],
  [["equalize", 0.3, 0], ["autocontrast", 0.4, 0]],
  [["translate-y", 0.4, 3], ["sharpen", 0.2, 6]],
  [["brightness", 0.9, 6], ["saturation", 0.2, 8]],
  [["solarize", 0.5, 2], ["invert", 0, 0]],
  [["equalize", 0.2, 0], ["autocontrast", 0.6, 0]],
  [["equalize", 0.2, 0], ["equalize", 0.6, 0]],
  [["saturation", 0.9, 9], ["equalize", 0.6, 0]],
  [["autocontrast", 0.8, 0], ["solarize", 0.2, 8]],
  [["brightness", 0.1, 3], ["saturation", 0.7, 0]],
  [["solarize", 0.4, 5], ["autocontrast", 0.9, 0]],
  [["translate-y", 0.9, 9], ["translate-y", 0.7, 9]],
  [["autocontrast", 0.9, 0], ["solarize", 0.8, 3]],
  [["equalize", 0.8, 0], ["invert", 0.1, 0]],
  [["translate-y", 0.7, 9], ["autocontrast", 0.9, 0]],
];

/** What it found on reduced SVHN (table 8). */
// prettier-ignore
const SVHN: readonly SubPolicy[] = [
  [["shear-x", 0.9, 4], ["invert", 0.2, 0]],
  [["shear-y", 0.9, 8], ["invert", 0.7, 0]],
  [["equalize", 0.6, 0], ["solarize", 0.6, 6]],
  [["invert", 0.9, 0], ["equalize", 0.6, 0]],
  [["equalize", 0.6, 0], ["rotate", 0.9, 3]],
  [["shear-x", 0.9, 4], ["autocontrast", 0.8, 0]],
  [["shear-y", 0.9, 8], ["invert", 0.4, 0]],
  [["shear-y", 0.9, 5], ["solarize", 0.2, 6]],
  [["invert", 0.9, 0], ["autocontrast", 0.8, 0]],
  [["equalize", 0.6, 0], ["rotate", 0.9, 3]],
  [["shear-x", 0.9, 4], ["solarize", 0.3, 3]],
  [["shear-y", 0.8, 8], ["invert", 0.7, 0]],
  [["equalize", 0.9, 0], ["translate-y", 0.6, 6]],
  [["invert", 0.9, 0], ["equalize", 0.6, 0]],
  [["contrast", 0.3, 3], ["rotate", 0.8, 4]],
  [["invert", 0.8, 0], ["translate-y", 0, 2]],
  [["shear-y", 0.7, 6], ["solarize", 0.4, 8]],
  [["invert", 0.6, 0], ["rotate", 0.8, 4]],
  [["shear-y", 0.3, 7], ["translate-x", 0.9, 3]],
  [["shear-x", 0.1, 6], ["invert", 0.6, 0]],
  [["solarize", 0.7, 2], ["translate-y", 0.6, 7]],
  [["shear-y", 0.8, 4], ["invert", 0.8, 0]],
  [["shear-x", 0.7, 9], ["translate-y", 0.8, 3]],
  [["shear-y", 0.8, 5], ["autocontrast", 0.7, 0]],
  [["shear-x", 0.7, 2], ["invert", 0.1, 0]],
];

export const PUBLISHED = { cifar10: CIFAR10, svhn: SVHN } as const;
