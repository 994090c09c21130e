import { RegimenError, type Batch } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { assign } from "./assign.ts";
import { boxesFrom, gridOf, partsOf } from "./grid.ts";
import { giouLoss } from "./overlap.ts";

/** What an object counts beside background; the exponent γ is 2 (Lin et al. 2017, section 5.1). */
const ALPHA = 0.25;

/**
 * Focal loss (Lin et al. 2017, arXiv:1708.02002, equation 5) of independent labels, elementwise: cross entropy that fades where
 * the answer is right already. `labels` 0..1, of one shape with `logits`.
 */
export function focalLoss(logits: Tensor, labels: Tensor): Tensor {
  const entropy = tf.sub(tf.softplus(logits), tf.mul(logits, labels));
  const p = tf.sigmoid(logits);
  const wrong = tf.sub(tf.add(p, labels), tf.mul(2, tf.mul(p, labels)));
  const balance = tf.add(1 - ALPHA, tf.mul(2 * ALPHA - 1, labels));
  return tf.mul(balance, tf.mul(tf.square(wrong), entropy));
}

/**
 * The loss of each example [n] of a map [n, rows, columns, classes + 4]: the focal loss of all cells' classes and the GIoU loss of the cells that
 * stand for an object, over the weight of those cells (1 at least). 0 for examples without labels. Errors: REG_DATA_MISMATCH.
 */
export function detectionLoss(map: Tensor4D, batch: Batch): Tensor1D {
  const boxes = boxesOf(batch);
  const grid = gridOf(map, batch.shape);
  const { labels, boxes: wanted, object, judged } = tf.tidy(() => assign(boxes, grid));
  const { logits, raw } = partsOf(map);
  const classes = tf.sum(tf.mul(focalLoss(logits, labels), tf.expandDims(judged, 2)), [1, 2]);
  const places = tf.sum(tf.mul(giouLoss(boxesFrom(raw, grid), wanted), object), 1);
  const losses = tf.div(tf.add(classes, places), tf.maximum(tf.sum(object, 1), 1));
  return tf.mul(losses, tf.cast(tf.greater(batch.origin, 0), "float32")) as Tensor1D;
}

/** Errors: REG_DATA_MISMATCH where the data has none. */
export function boxesOf({ boxes }: Batch): NonNullable<Batch["boxes"]> {
  if (boxes) return boxes;
  throw new RegimenError(
    "REG_DATA_MISMATCH",
    "the data has no boxes, and detection learns from them; read it with a reader of boxes (coco, yolo, voc, boxes-csv)",
  );
}
