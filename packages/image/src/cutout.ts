import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Rng, Shape } from "@regimen/contracts";
import type { Window } from "./spatial.ts";

/**
 * Fills a window of each image with the middle of `range`, grey. What a window has outside the image is cut off it; a
 * window without height or width leaves its image as it is, to the bit.
 *
 * @param images [n, h, w, c]
 * @param window each [n], whole pixels
 * @returns [n, h, w, c]
 */
export function cutout(images: Tensor4D, range: readonly [number, number], window: Window): Tensor4D {
  const [, h, w] = images.shape;
  return tf.tidy(() => {
    const within = (length: number, from: Tensor, extent: Tensor): Tensor => {
      const at = tf.expandDims(tf.range(0, length), 0);
      const begin = tf.expandDims(from, 1);
      return tf.logicalAnd(tf.greaterEqual(at, begin), tf.less(at, tf.add(begin, tf.expandDims(extent, 1))));
    };
    const rows = tf.reshape(within(h, window.top, window.height), [-1, h, 1, 1]);
    const columns = tf.reshape(within(w, window.left, window.width), [-1, 1, w, 1]);
    const cut = tf.broadcastTo(tf.logicalAnd(rows, columns), images.shape);
    return tf.where(cut, (range[0] + range[1]) / 2, images) as Tensor4D;
  });
}

/**
 * Windows of `share` of each side whose centres are uniform over the image (DeVries & Taylor 2017, arXiv:1708.04552,
 * section 3.2): at the border, part of a window is outside.
 */
export function drawCutout(rng: Rng, { n, h, w }: Pick<Shape, "n" | "h" | "w">, share: number): Window<Float32Array> {
  const along = (side: number) => {
    const length = Math.round(share * side);
    const from = Float32Array.from({ length: n }, () => rng.int(side) - Math.floor(length / 2));
    return [from, new Float32Array(n).fill(length)] as const;
  };
  const [top, height] = along(h);
  const [left, width] = along(w);
  return { top, left, height, width };
}
