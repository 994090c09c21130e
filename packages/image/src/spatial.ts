import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { Rng, Shape } from "@regimen/contracts";

type Size = Pick<Shape, "h" | "w">;

/** A window of the image, in pixels; each [n]. */
export type Window<Numbers = Tensor1D> = {
  readonly top: Numbers;
  readonly left: Numbers;
  readonly height: Numbers;
  readonly width: Numbers;
};

/**
 * The map that shows a window of each image over the whole frame: what `warp` and `composeWarp` take. The window may
 * reach beyond the image. A window that is the whole image gives the identity, to the bit.
 *
 * @returns [n, 8]
 */
export function cropWarp(size: Size, { top, left, height, width }: Window): Tensor2D {
  return tf.tidy(() => {
    // Pixel centres stand at whole numbers, edges half a pixel before them.
    const along = (from: Tensor1D, length: Tensor1D, side: number) => {
      const scale = tf.div(length, side);
      return [scale, tf.add(from, tf.sub(tf.mul(scale, 0.5), 0.5))] as const;
    };
    const [x, fromX] = along(left, width, size.w);
    const [y, fromY] = along(top, height, size.h);
    const zero = tf.zerosLike(x);
    return tf.stack([x, zero, fromX, zero, y, fromY, zero, zero], 1) as Tensor2D;
  });
}

/**
 * Windows as torchvision's RandomResizedCrop draws them (Szegedy 2015, arXiv:1409.4842, section 6): the area uniform in
 * `scale` (shares of the image's), width over height log-uniform in `ratio`, whole pixels, any place in the image. After ten windows that do not
 * fit: the largest central one within `ratio`.
 */
export function drawWindows(
  rng: Rng,
  { n, h, w }: Pick<Shape, "n" | "h" | "w">,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): Window<Float32Array> {
  const windows = Array.from({ length: n }, () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = h * w * (scale[0] + (scale[1] - scale[0]) * rng.uniform());
      const aspect = ratio[0] * (ratio[1] / ratio[0]) ** rng.uniform();
      const width = Math.round(Math.sqrt(area * aspect));
      const height = Math.round(Math.sqrt(area / aspect));
      if (width > 0 && width <= w && height > 0 && height <= h)
        return { top: rng.int(h - height + 1), left: rng.int(w - width + 1), height, width };
    }
    const aspect = Math.min(ratio[1], Math.max(ratio[0], w / h));
    const width = Math.min(w, Math.round(h * aspect));
    const height = Math.min(h, Math.round(w / aspect));
    return { top: Math.floor((h - height) / 2), left: Math.floor((w - width) / 2), height, width };
  });
  const column = (key: keyof Window) => Float32Array.from(windows, (window) => window[key]);
  return { top: column("top"), left: column("left"), height: column("height"), width: column("width") };
}

/**
 * Quarter turns counter-clockwise. Square images keep every pixel's value; others are stretched to their frame, so that
 * all of the image stays in it.
 *
 * @param turns [n], int32, 0 to 3
 * @returns [n, 8]
 */
export function quarterTurns({ h, w }: Size, turns: Tensor1D): Tensor2D {
  const [across, down] = [w / h, h / w];
  // An output pixel's place, mirrored or not, along the one input axis or the other.
  const kept = [
    [1, 0, 0, 0, 1, 0, 0, 0],
    [0, -across, w - across / 2 - 0.5, down, 0, down / 2 - 0.5, 0, 0],
    [-1, 0, w - 1, 0, -1, h - 1, 0, 0],
    [0, across, across / 2 - 0.5, -down, 0, h - down / 2 - 0.5, 0, 0],
  ];
  return tf.tidy(() => tf.gather(tf.tensor2d(kept), turns) as Tensor2D);
}
