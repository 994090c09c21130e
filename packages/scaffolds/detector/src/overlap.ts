import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** torchvision's: keeps divisions by empty boxes finite. */
const EPSILON = 1e-7;

type Sides = readonly [y0: Tensor, x0: Tensor, y1: Tensor, x1: Tensor];

/** [..., 4] ⇒ four of [...]. */
export function sidesOf(boxes: Tensor): Sides {
  const last = boxes.rank - 1;
  return tf.split(boxes, 4, last).map((side) => tf.squeeze(side, [last])) as unknown as Sides;
}

const area = ([y0, x0, y1, x1]: Sides): Tensor => tf.mul(tf.sub(y1, y0), tf.sub(x1, x0));

function shared(a: Sides, b: Sides): { readonly both: Tensor; readonly either: Tensor } {
  const along = (from: 0 | 1) =>
    tf.maximum(tf.sub(tf.minimum(a[from + 2]!, b[from + 2]!), tf.maximum(a[from], b[from])), 0);
  const both = tf.mul(along(0), along(1));
  return { both, either: tf.sub(tf.add(area(a), area(b)), both) };
}

/** Intersection over union of boxes [..., 4], in any broadcastable shapes: 0..1. */
export function overlap(a: Tensor, b: Tensor): Tensor {
  const { both, either } = shared(sidesOf(a), sidesOf(b));
  return tf.div(both, tf.maximum(either, EPSILON));
}

/**
 * 1 − GIoU (Rezatofighi et al. 2019, arXiv:1902.09630, algorithm 1), 0..2, of boxes [..., 4] with y0 ≤ y1 and x0 ≤ x1: like
 * 1 − IoU, and with a gradient where two boxes do not touch.
 */
export function giouLoss(a: Tensor, b: Tensor): Tensor {
  const [one, other] = [sidesOf(a), sidesOf(b)];
  const { both, either } = shared(one, other);
  const around = area([
    tf.minimum(one[0], other[0]),
    tf.minimum(one[1], other[1]),
    tf.maximum(one[2], other[2]),
    tf.maximum(one[3], other[3]),
  ]);
  const iou = tf.div(both, tf.add(either, EPSILON));
  const empty = tf.div(tf.sub(around, either), tf.add(around, EPSILON));
  return tf.add(tf.sub(1, iou), empty);
}
