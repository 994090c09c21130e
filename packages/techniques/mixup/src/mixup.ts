import { mixLabels } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { joinBoxes } from "./boxes.ts";

/**
 * A share λ ~ Beta(α, α) and a partner for each example (Zhang 2017, section 2); α = 0 gives λ = 1.
 * `lambda`: [n], 0..1. `partner`: [n], a permutation of 0..n-1; an example may be its own partner.
 */
export function drawMixup(rng: Rng, shape: Pick<Shape, "n">, alpha: number) {
  const share = () => (alpha > 0 ? rng.beta(alpha, alpha) : 1);
  return { lambda: Float32Array.from({ length: shape.n }, share), partner: rng.permutation(shape.n) };
}

/**
 * Blends each example with its partner: λ of its own, 1 − λ of the other's. λ = 1 leaves an example as it is, to the bit.
 * `fed`: `lambda` [n] and `partner` [n], int32. Images and labels are mixed, labels in proportion to the loss weights;
 * masks are the dominant example's; boxes are both examples', weighted. `origin`, `also` and pending maps stay the example's own.
 */
export function applyMixup(batch: Batch, fed: Step["fed"]): Batch {
  const lambda = fed["lambda"]!;
  const other = <T extends Tensor>(tensor: T): T => tf.gather(tensor, fed["partner"]! as Tensor1D) as T;
  const rest = tf.sub(1, lambda) as Tensor1D;
  const { images, masks, boxes } = batch;
  const blended = tf.add(tf.mul(images, along(lambda, images)), tf.mul(other(images), along(rest, images)));
  return {
    ...batch,
    // Where nothing is mixed, the image itself: 0 · x is not 0 for an infinite x, and −0 + 0 is not −0.
    images: tf.where(along(tf.equal(lambda, 1), images), images, blended) as Batch["images"],
    ...mixLabels(batch, lambda, rest, other),
    ...(masks && { masks: tf.where(along(tf.greaterEqual(lambda, 0.5), masks), masks, other(masks)) as typeof masks }),
    ...(boxes && { boxes: joinBoxes(boxes, lambda, rest, other) }),
  };
}

/** [n] → [n, 1, …], of the rank of `like`. */
const along = (perExample: Tensor, like: Tensor): Tensor =>
  tf.reshape(perExample, [-1, ...like.shape.slice(1).map(() => 1)]);

/** mixup, one λ an example. */
export const mixup: Technique<{ alpha: number; rr: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "regularization",
  prior: 0.5,
  paper: "Zhang et al. 2017, mixup: Beyond Empirical Risk Minimization, arXiv:1710.09412",
  space: {
    alpha: { kind: "m", range: [0, 1], default: 0.2, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
  },
  order: { slot: "mix", oneOf: "mix" },
  create: ({ alpha }) => ({
    draw: (rng, shape) => drawMixup(rng, shape, alpha),
    batch: (batch, step) => applyMixup(batch, step.fed),
  }),
};
