import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { identityColour } from "@regimen/ops";

// Linear colour maps [n, c, c + 1] for `colour` and `composeColour` of @regimen/ops. At its identity each of them is the
// identity map to the bit. The caller disposes of what comes back.

/** How bright red, green and blue look: ITU-R BT.601, as PIL's grey and torchvision's. */
export const LUMA: readonly number[] = [0.299, 0.587, 0.114];
/** The plain mean of the channels: DiffAugment's grey. */
export const MEAN: readonly number[] = [1 / 3, 1 / 3, 1 / 3];

/**
 * out = factor · in + offset, the same for all channels.
 *
 * @param factor [n]
 * @param offset [n], shares of the range
 */
export const brightnessMap = (channels: number, factor: Tensor1D, offset: Tensor1D): Tensor3D =>
  mapOf(channels, [
    [tf.sub(factor, 1), (i, j) => (i === j ? 1 : 0)],
    [offset, (_, j) => (j === channels ? 1 : 0)],
  ]);

/**
 * out = (in − μ) · factor + μ, where μ is the mean over all of an image's pixels and channels, as the colours pending so
 * far will have made it (clipping and movements left aside).
 *
 * @param pending [n, c, c + 1]
 * @param factor [n]
 */
export function contrastMap(
  images: Tensor4D,
  range: readonly [number, number],
  pending: Tensor3D,
  factor: Tensor1D,
): Tensor3D {
  return tf.tidy(() => {
    const [n, h, w, c] = images.shape;
    // Rows first: devices are slow at sums whose neighbours are a few channels apart.
    const rows = tf.mean(tf.reshape(images, [n, h, w * c]), 1);
    const means = tf.div(tf.sub(tf.mean(tf.reshape(rows, [n, w, c]), 1), range[0]), range[1] - range[0]);
    // The pending map is linear, so the mean goes through it as a pixel does.
    const pixel = tf.reshape(tf.concat([means, tf.ones([n, 1])], 1), [n, 1, c + 1]);
    const mean = tf.mean(tf.sum(tf.mul(pending, pixel), 2), 1);
    return brightnessMap(c, factor, tf.mul(tf.sub(1, factor), mean) as Tensor1D);
  });
}

/**
 * out = (in − g) · factor + g, where g is the pixel's own grey: 0 takes the colour away, 2 doubles it (PIL's Color,
 * torchvision's adjust_saturation). Three channels have colour; with any other number the map is the identity.
 *
 * @param factor [n]
 * @param grey how much each channel counts; they sum to 1
 */
export const saturationMap = (channels: number, factor: Tensor1D, grey = LUMA): Tensor3D =>
  channels === 3
    ? mapOf(3, [[tf.sub(factor, 1), (i, j) => (i === j ? 1 : 0) - (grey[j] ?? 0)]])
    : identityColour(factor.shape[0], channels);

/** Takes the share `strength` of the colour away; at 1, PIL's grey. `strength`: [n], 0..1. See `saturationMap`. */
export const grayscaleMap = (channels: number, strength: Tensor1D): Tensor3D =>
  saturationMap(channels, tf.sub(1, strength));

/**
 * Rotates colours about the axis from black to white (Karras et al. 2020, arXiv:2006.06676, appendix B): a third of a turn
 * makes red green, green blue and blue red. Three channels have a hue; with any other number the map is the identity.
 *
 * @param turns [n]
 */
export const hueMap = (channels: number, turns: Tensor1D): Tensor3D => {
  if (channels !== 3) return identityColour(turns.shape[0], channels);
  const angle = tf.mul(turns, 2 * Math.PI) as Tensor1D;
  // Rodrigues' formula: 1 + sin(angle) K + (1 − cos(angle)) K², with the axis (1, 1, 1) / √3.
  const cross = [0, -1, 1];
  return mapOf(3, [
    [tf.sin(angle), (i, j) => (j === 3 ? 0 : cross[(j - i + 3) % 3]! / Math.sqrt(3))],
    [tf.sub(1, tf.cos(angle)), (i, j) => (j === 3 ? 0 : 1 / 3 - (i === j ? 1 : 0))],
  ]);
};

/** out = in + strength · (1 − 2 in): at 1 the negative, at ½ all is grey. `strength`: [n], 0..1. */
export const invertMap = (channels: number, strength: Tensor1D): Tensor3D =>
  mapOf(channels, [[strength, (i, j) => (j === channels ? 1 : i === j ? -2 : 0)]]);

type Term = readonly [by: Tensor1D, entry: (i: number, j: number) => number];

/** The identity map, and to it a matrix times a number of each example, for each term. */
const mapOf = (c: number, terms: readonly Term[]): Tensor3D =>
  tf.tidy(() => {
    const matrix = (entry: Term[1]) =>
      tf.tensor3d([Array.from({ length: c }, (_, i) => Array.from({ length: c + 1 }, (_, j) => entry(i, j)))]);
    const added = terms.map(([by, entry]) => tf.mul(tf.reshape(by, [-1, 1, 1]), matrix(entry)));
    return tf.add(
      matrix((i, j) => (i === j ? 1 : 0)),
      tf.addN(added),
    ) as Tensor3D;
  });
