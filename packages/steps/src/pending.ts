import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { colour, warp, warpBoxes } from "@regimen/ops";
import type { Batch } from "@regimen/contracts";

/**
 * Applies what is pending: one resampling of images and masks (boxes by their corners), one linear colour map.
 * The second argument holds the identity tensors the batch began with: where they still stand, nothing is done.
 */
export function applyPending(batch: Batch, { warp: still, colour: plain }: Pick<Batch, "warp" | "colour">): Batch {
  let { images, masks, boxes } = batch;
  if (batch.warp !== still) {
    const [low, high] = batch.shape.range;
    // Mirrored objects would have no box: there, what comes in from outside is grey.
    const { outside = boxes ? "grey" : "mirror" } = batch;
    const around = (value: number) =>
      outside === "mirror" ? ({ fill: "reflect" } as const) : ({ fill: "constant", value } as const);
    const value = outside === "black" ? low : (low + high) / 2;
    images = warp(images, batch.warp, { interpolation: "bilinear", ...around(value) });
    if (masks) {
      const moved = warp(tf.expandDims(tf.cast(masks, "float32"), 3) as Tensor4D, batch.warp, {
        interpolation: "nearest",
        ...around(0),
      });
      masks = tf.cast(tf.squeeze(moved, [3]), masks.dtype) as Tensor3D;
    }
    if (boxes) boxes = { ...boxes, ...warpBoxes(boxes.at, boxes.weights, batch.warp, batch.shape) };
  }
  if (batch.colour !== plain) images = colour(images, batch.colour, batch.shape.range);
  return { ...batch, images, ...(masks && { masks }), ...(boxes && { boxes }), warp: still, colour: plain };
}

/** `after` where the mask is 1, `before` elsewhere, to the bit; a tensor that was not replaced costs nothing. */
export function blend(mask: Tensor1D, after: Batch, before: Batch): Batch {
  const chosen = tf.cast(mask, "bool");
  const pick = <T extends Tensor>(a: T, b: T): T =>
    a === b
      ? a
      : (tf.where(tf.broadcastTo(tf.reshape(chosen, [-1, ...a.shape.slice(1).map(() => 1)]), a.shape), a, b) as T);
  return {
    ...after,
    images: pick(after.images, before.images),
    labels: pick(after.labels, before.labels),
    weights: pick(after.weights, before.weights),
    origin: pick(after.origin, before.origin),
    warp: pick(after.warp, before.warp),
    colour: pick(after.colour, before.colour),
    ...(after.boxes &&
      before.boxes && {
        boxes: {
          at: pick(after.boxes.at, before.boxes.at),
          labels: pick(after.boxes.labels, before.boxes.labels),
          weights: pick(after.boxes.weights, before.boxes.weights),
        },
      }),
    ...(after.masks && before.masks && { masks: pick(after.masks, before.masks) }),
    also: Object.fromEntries(
      Object.entries(after.also).map(([name, t]) => [name, before.also[name] ? pick(t, before.also[name]) : t]),
    ),
  };
}
