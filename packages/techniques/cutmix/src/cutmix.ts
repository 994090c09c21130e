import { mixLabels } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { pasteBoxes } from "./boxes.ts";

/**
 * A rectangle and a partner for each example (Yun 2019, equation 2): sides √(1 − λ) of the image's with λ ~ Beta(α, α),
 * centre uniform over the image, clipped; α = 0 gives empty rectangles.
 * `box`: [n · 4], whole pixels y0, x0, y1, x1, the ends exclusive. `partner`: [n], a permutation of 0..n-1.
 */
export function drawCutmix(rng: Rng, { n, h, w }: Pick<Shape, "n" | "h" | "w">, alpha: number) {
  const box = new Float32Array(4 * n);
  for (let i = 0; i < n; i++) {
    const side = alpha > 0 ? Math.sqrt(1 - rng.beta(alpha, alpha)) : 0;
    const [y0, y1] = extent(rng.uniform(), side, h);
    const [x0, x1] = extent(rng.uniform(), side, w);
    box.set([y0, x0, y1, x1], 4 * i);
  }
  return { box, partner: rng.permutation(n) };
}

/** Both edges rounded: with a uniform centre the mean width is exact, where rounding the width would make it even. */
function extent(centre: number, side: number, pixels: number): readonly [number, number] {
  const edge = (at: number) => Math.round(pixels * Math.min(1, Math.max(0, at)));
  return [edge(centre - side / 2), edge(centre + side / 2)];
}

/**
 * Pastes each partner's rectangle over the example; λ is then the share of whole pixels that are the example's own.
 * `fed`: `box` [n · 4] and `partner` [n], int32. Labels are mixed by λ, in proportion to the loss weights; masks and boxes
 * follow the pixels. An empty rectangle leaves an example as it is, to the bit. `origin`, `also` and pending maps stay its own.
 */
export function applyCutmix(batch: Batch, fed: Step["fed"]): Batch {
  const { n, h, w } = batch.shape;
  const other = <T extends Tensor>(tensor: T): T => tf.gather(tensor, fed["partner"]! as Tensor1D) as T;
  const [y0, x0, y1, x1] = tf.split(tf.reshape(fed["box"]!, [n, 4, 1]), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const within = (from: Tensor, to: Tensor, pixels: number) => {
    const at = tf.reshape(tf.range(0, pixels), [1, 1, pixels]);
    return tf.logicalAnd(tf.greaterEqual(at, from), tf.less(at, to));
  };
  const pasted = tf.logicalAnd(tf.reshape(within(y0, y1, h), [n, h, 1]), within(x0, x1, w));
  const area = tf.mul(tf.sub(y1, y0), tf.sub(x1, x0));
  const rest = tf.reshape(tf.div(area, h * w), [n]) as Tensor1D;
  const { images, masks, boxes } = batch;
  return {
    ...batch,
    images: tf.where(tf.expandDims(pasted, 3), other(images), images) as typeof images,
    ...mixLabels(batch, tf.sub(1, rest) as Tensor1D, rest, other),
    ...(masks && { masks: tf.where(pasted, other(masks), masks) as typeof masks }),
    ...(boxes && { boxes: pasteBoxes(boxes, fed["box"]!, other) }),
  };
}

/** CutMix, one rectangle an example. */
export const cutmix: Technique<{ alpha: number; rr: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "regularization",
  prior: 0.5,
  paper:
    "Yun et al. 2019, CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features, arXiv:1905.04899",
  space: {
    alpha: { kind: "m", range: [0, 1], default: 1, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "mix", oneOf: "mix" },
  create: ({ alpha }) => ({
    draw: (rng, shape) => drawCutmix(rng, shape, alpha),
    batch: (batch, step) => applyCutmix(batch, step.fed),
  }),
};
