import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Batch, Rng, Shape, Step, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** Host, each step: how strong the noise of each example is, [n], 0..m. Lengths depend on the shape alone. */
export function draw__TITLE__(rng: Rng, shape: Pick<Shape, "n">, m: number) {
  return { strength: Float32Array.from({ length: shape.n }, () => m * rng.uniform()) };
}

/**
 * Device, recorded once: grey noise of a standard deviation of `strength` times a tenth of the range. `step.fed.strength`:
 * [n]. A strength of 0 leaves an example as it is, to the bit.
 */
export function apply__TITLE__(batch: Batch, step: Step): Batch {
  const [low, high] = batch.shape.range;
  const { n, h, w } = batch.shape;
  const strength = tf.reshape(step.fed["strength"]!, [n, 1, 1, 1]);
  const noise = tf.mul(step.normal("noise", [n, h, w, 1]), tf.mul(strength, (high - low) / 10));
  return { ...batch, images: tf.clipByValue(tf.add(batch.images, noise), low, high) as Tensor4D };
}

/** Noise on some of the images. */
export const __IDENT__: Technique<{ m: number; rr: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "augmentation",
  paper: "folklore",
  space: {
    m: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "texture" },
  create: ({ m }) => ({
    draw: (rng, shape) => draw__TITLE__(rng, shape, m),
    batch: apply__TITLE__,
  }),
};
