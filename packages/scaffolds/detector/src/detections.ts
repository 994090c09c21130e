import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { boxesFrom, gridOf, partsOf } from "./grid.ts";
import { overlap } from "./overlap.ts";

/** At most so many to an image, as COCO counts them. */
export const MOST = 100;
/** Answers that suppression chooses from, of each image. */
const CANDIDATES = 512;
/** Two of one class that overlap more are one object (Tian et al. 2019). */
const SAME = 0.6;
/** Nothing below is an answer. */
const LEAST_SCORE = 0.01;

/** Best first; score 0 and class −1 where there are no more. */
export type Detections = {
  /** [n, 100, 4] as [y0, x0, y1, x1] in pixels, within the picture */ readonly boxes: Tensor3D;
  /** [n, 100], 0..1 */ readonly scores: Tensor2D;
  /** [n, 100], class numbers */ readonly classes: Tensor2D;
};

/**
 * The objects that a detector's map [n, rows, columns, classes + 4] shows in pictures of `size` pixels: on the device, with no
 * host read. The plain model's answer is such a map. The caller disposes of what it gets.
 */
export function detect(map: Tensor4D, size: { readonly h: number; readonly w: number }): Detections {
  return tf.tidy(() => {
    const { logits, raw } = partsOf(map);
    const [n, count, classes] = logits.shape;
    const sides = tf.split(boxesFrom(raw, gridOf(map, size)), 4, 2);
    const boxes = tf.concat(
      sides.map((side, i) => tf.clipByValue(side, 0, i % 2 ? size.w : size.h)),
      2,
    );
    const all = tf.reshape(tf.sigmoid(logits), [n, count * classes]);
    const { values, indices } = tf.topk(all, Math.min(CANDIDATES, count * classes));
    // In float32, exact for every index a map can have: integer division is not in every backend.
    const index = tf.cast(indices, "float32");
    const cell = tf.floor(tf.div(tf.add(index, 0.5), classes));
    const found = tf.sub(index, tf.mul(cell, classes)) as Tensor2D;
    const kept = index.shape[1]!;
    const flat = tf.reshape(tf.add(cell, tf.mul(tf.reshape(tf.range(0, n), [n, 1]), count)), [n * kept]);
    const at = tf.gather(tf.reshape(boxes, [n * count, 4]), tf.cast(flat, "int32") as tf.Tensor1D);
    return suppress(tf.reshape(at, [n, kept, 4]) as Tensor3D, values as Tensor2D, found);
  });
}

/**
 * Greedy non-maximum suppression, class by class: the best answer stays, those of its class that overlap it by more than 0.6 go,
 * and so on. A loop of fixed length without a host read, so that it can be recorded.
 *
 * @param boxes [n, candidates, 4]; `scores` and `classes` [n, candidates]
 */
export function suppress(boxes: Tensor3D, scores: Tensor2D, classes: Tensor2D): Detections {
  const candidates = scores.shape[1];
  let left: Tensor = tf.mul(scores, tf.cast(tf.greaterEqual(scores, LEAST_SCORE), "float32"));
  const found: { boxes: Tensor; score: Tensor; class: Tensor }[] = [];
  for (let turn = 0; turn < MOST; turn++) {
    const chosen = tf.cast(tf.oneHot(tf.cast(tf.argMax(left, 1), "int32"), candidates), "float32");
    const score = tf.max(left, 1, true);
    const there = tf.cast(tf.greater(score, 0), "float32");
    const own = tf.sum(tf.mul(boxes, tf.expandDims(chosen, 2)), 1, true);
    const label = tf.sum(tf.mul(classes, chosen), 1, true);
    const same = tf.logicalAnd(tf.greater(overlap(boxes, own), SAME), tf.equal(classes, label));
    const gone = tf.maximum(tf.cast(same, "float32"), chosen);
    left = tf.mul(left, tf.sub(1, gone));
    found.push({
      boxes: tf.mul(own, tf.expandDims(there, 2)),
      score,
      class: tf.sub(tf.mul(tf.add(label, 1), there), 1),
    });
  }
  const joined = (part: keyof (typeof found)[number]) =>
    tf.concat(
      found.map((one) => one[part]),
      1,
    );
  return {
    boxes: joined("boxes") as Tensor3D,
    scores: joined("score") as Tensor2D,
    classes: joined("class") as Tensor2D,
  };
}
