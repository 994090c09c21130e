import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";

/** Share of a box's area that must stay in the picture; below it the box gets weight 0. */
const LEAST_VISIBLE = 0.25;

/**
 * Boxes [n, capacity, 4] ([y0, x0, y1, x1] in pixels) through the inverse of `transforms` [n, 8], as `warp` moves the
 * pixels in them: the bounding box of the moved corners, clipped to the picture. Weights [n, capacity] fall to 0 where
 * less than a quarter of the box stays visible.
 */
export function warpBoxes(
  at: Tensor3D,
  weights: Tensor2D,
  transforms: Tensor2D,
  { h, w }: { readonly h: number; readonly w: number },
): { readonly at: Tensor3D; readonly weights: Tensor2D } {
  const n = at.shape[0];
  const [a, b, c, d, e, f, g, i] = tf.split(transforms, 8, 1) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const minus = (p: Tensor, q: Tensor, r: Tensor, s: Tensor): Tensor => tf.sub(tf.mul(p, q), tf.mul(r, s));
  const one = tf.onesLike(a);
  // Adjugate of [[a b c], [d e f], [g i 1]]: the inverse but for a factor that the division below removes.
  const [m0, m1, m2] = [minus(e, one, f, i), minus(c, i, b, one), minus(b, f, c, e)];
  const [m3, m4, m5] = [minus(f, g, d, one), minus(a, one, c, g), minus(c, d, a, f)];
  const [m6, m7, m8] = [minus(d, i, e, g), minus(b, g, a, i), minus(a, e, b, d)];
  const [y0, x0, y1, x1] = tf.split(at, 4, 2).map((t) => tf.squeeze(t, [2])) as [Tensor, Tensor, Tensor, Tensor];
  // Pixel centres stand at whole numbers in the map, edges half a pixel before them.
  const ys = tf.sub(tf.stack([y0, y0, y1, y1], 2), 0.5);
  const xs = tf.sub(tf.stack([x0, x1, x0, x1], 2), 0.5);
  const row = (p: Tensor, q: Tensor, r: Tensor): Tensor => {
    const wide = (t: Tensor): Tensor => tf.reshape(t, [n, 1, 1]);
    return tf.add(tf.add(tf.mul(wide(p), xs), tf.mul(wide(q), ys)), wide(r));
  };
  const k = row(m6, m7, m8);
  const x = tf.add(tf.div(row(m0, m1, m2), k), 0.5);
  const y = tf.add(tf.div(row(m3, m4, m5), k), 0.5);
  const area = (top: Tensor, left: Tensor, bottom: Tensor, right: Tensor): Tensor =>
    tf.mul(tf.sub(bottom, top), tf.sub(right, left));
  const whole = [tf.min(y, 2), tf.min(x, 2), tf.max(y, 2), tf.max(x, 2)] as const;
  const clipped = whole.map((edge, at) => tf.clipByValue(edge, 0, at % 2 ? w : h)) as unknown as typeof whole;
  const visible = tf.div(area(...clipped), tf.maximum(area(...whole), 1e-6));
  const left = tf.mul(weights, tf.cast(tf.greaterEqual(visible, LEAST_VISIBLE), "float32")) as Tensor2D;
  return { at: tf.stack([...clipped], 2) as Tensor3D, weights: left };
}
