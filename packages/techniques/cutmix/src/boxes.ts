import { keepLargest } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { Batch } from "@regimen/core";

type BoxesOfBatch = NonNullable<Batch["boxes"]>;
/** [n, boxes, 1] each. */
type Edges = { readonly y0: Tensor; readonly x0: Tensor; readonly y1: Tensor; readonly x1: Tensor };

/** A box of which less than this share is still to be seen is dropped. */
const LEAST_VISIBLE = 0.25;

/**
 * The boxes after the partner's rectangle `pasted` [n · 4] was laid over the image: own boxes are cut where a whole side is
 * covered, the partner's are clipped to the rectangle, and those of which too little is left get weight 0. Where there are
 * more than the fixed capacity, the smallest are left out; those that stay keep their order, own boxes first.
 */
export function pasteBoxes(
  own: BoxesOfBatch,
  pasted: Tensor1D,
  other: <T extends Tensor>(tensor: T) => T,
): BoxesOfBatch {
  const patch = edges(tf.reshape(pasted, [-1, 1, 4]) as Tensor3D);
  const mine = edges(own.at);
  const theirs = edges(other(own.at));
  const covered = area(intersection(mine, patch));
  const seen = intersection(theirs, patch);
  const ownLeft = tf.sub(area(mine), covered);
  const otherLeft = area(seen);
  const at = tf.concat([joined(cut(mine, patch)), joined(seen)], 1) as Tensor3D;
  const left = tf.squeeze(tf.concat([ownLeft, otherLeft], 1), [2]) as Tensor2D;
  const weights = tf.concat(
    [
      weighed(own.weights, tf.greaterEqual(ownLeft, tf.mul(area(mine), LEAST_VISIBLE))),
      weighed(
        other(own.weights),
        tf.logicalAnd(tf.greater(otherLeft, 0), tf.greaterEqual(otherLeft, tf.mul(area(theirs), LEAST_VISIBLE))),
      ),
    ],
    1,
  ) as Tensor2D;
  // 1 more than the area: a weighted box without area still comes before padding.
  const size = tf.where(tf.greater(weights, 0), tf.add(left, 1), tf.zerosLike(left)) as Tensor2D;
  const keep = keepLargest(size, own.weights.shape[1]);
  return {
    at: keep(at),
    labels: keep(tf.concat([own.labels, other(own.labels)], 1) as Tensor3D),
    weights: keep(weights),
  };
}

function edges(at: Tensor3D): Edges {
  const [y0, x0, y1, x1] = tf.split(at, 4, 2) as [Tensor, Tensor, Tensor, Tensor];
  return { y0, x0, y1, x1 };
}
const joined = ({ y0, x0, y1, x1 }: Edges): Tensor => tf.concat([y0, x0, y1, x1], 2);
const area = ({ y0, x0, y1, x1 }: Edges): Tensor => tf.mul(tf.sub(y1, y0), tf.sub(x1, x0));
const weighed = (weights: Tensor2D, kept: Tensor): Tensor => tf.mul(weights, tf.cast(tf.squeeze(kept, [2]), "float32"));

function intersection(box: Edges, patch: Edges): Edges {
  const y0 = tf.maximum(box.y0, patch.y0);
  const x0 = tf.maximum(box.x0, patch.x0);
  // Never before the start: where they do not meet, the area is 0.
  return {
    y0,
    x0,
    y1: tf.maximum(y0, tf.minimum(box.y1, patch.y1)),
    x1: tf.maximum(x0, tf.minimum(box.x1, patch.x1)),
  };
}

/** What is still to be seen of a box is a smaller box only where the patch covers one of its sides from end to end. */
function cut(box: Edges, patch: Edges): Edges {
  const tall = tf.logicalAnd(tf.lessEqual(patch.y0, box.y0), tf.greaterEqual(patch.y1, box.y1));
  const wide = tf.logicalAnd(tf.lessEqual(patch.x0, box.x0), tf.greaterEqual(patch.x1, box.x1));
  // Not where both hold: nothing is left of that box, and it is dropped as it was.
  const rows = tf.logicalAnd(wide, tf.logicalNot(tall));
  const columns = tf.logicalAnd(tall, tf.logicalNot(wide));
  const start = (cuts: Tensor, from: Tensor, to: Tensor, a: Tensor, b: Tensor): Tensor =>
    tf.where(tf.logicalAnd(cuts, tf.lessEqual(a, from)), tf.minimum(tf.maximum(b, from), to), from);
  const end = (cuts: Tensor, from: Tensor, to: Tensor, a: Tensor, b: Tensor): Tensor =>
    tf.where(tf.logicalAnd(cuts, tf.greaterEqual(b, to)), tf.maximum(tf.minimum(a, to), from), to);
  return {
    y0: start(rows, box.y0, box.y1, patch.y0, patch.y1),
    x0: start(columns, box.x0, box.x1, patch.x0, patch.x1),
    y1: end(rows, box.y0, box.y1, patch.y0, patch.y1),
    x1: end(columns, box.x0, box.x1, patch.x0, patch.x1),
  };
}
