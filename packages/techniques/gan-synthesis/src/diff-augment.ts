import { warp } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";

export const TRANSFORMS = ["brightness", "saturation", "contrast", "shift", "cutout"] as const;
export type Transform = (typeof TRANSFORMS)[number];

/** The last parts of techniques' names, each of which, refused, forbids a transform here too. */
const FORBIDDEN_BY: Readonly<Record<Transform, readonly string[]>> = {
  brightness: ["brightness"],
  saturation: ["saturation", "grayscale"],
  contrast: ["contrast"],
  shift: ["translate", "translate-x", "translate-y", "crop"],
  cutout: ["cutout"],
};
/** The transforms that are left when the techniques of these names are refused. */
export const allowedTransforms = (refused: readonly string[]): Transform[] =>
  TRANSFORMS.filter(
    (one) => !refused.some((name) => FORBIDDEN_BY[one].includes(name.slice(name.lastIndexOf("/") + 1))),
  );

/** How far images move, as a share of their side, and how large the hole is. */
const [SHIFT, HOLE] = [1 / 8, 1 / 2];

/** Random numbers in [0, 1), by name: each [n]. One set serves real and generated images of one step. */
export type Chances = (name: string) => Tensor;

/**
 * DiffAugment (Zhao et al. 2020): brightness ±0.5, saturation × 0..2, contrast × 0.5..1.5, a shift of up to ⅛ of a side, a
 * hole of half a side, in this order. Linear in each pixel and differentiable: the generator learns through it. What is
 * outside and what is cut out is 0, and nothing is clipped, as in the authors' code.
 *
 * @param images [n, h, w, c], black −1 and white 1
 * @param transforms which of them act
 * @returns [n, h, w, c]
 */
export function diffAugment(images: Tensor4D, chances: Chances, transforms: readonly Transform[]): Tensor4D {
  return transforms.reduce((seen, one) => ACTIONS[one](seen, chances), images);
}

const ACTIONS: Readonly<Record<Transform, (images: Tensor4D, chances: Chances) => Tensor4D>> = {
  brightness: (images, chances) => tf.add(images, tf.sub(perImage(chances("brightness")), 0.5)),
  saturation: (images, chances) => around(images, tf.mean(images, 3, true), tf.mul(chances("saturation"), 2)),
  contrast: (images, chances) => around(images, tf.mean(images, [1, 2, 3], true), tf.add(chances("contrast"), 0.5)),
  shift: (images, chances) => {
    const [, h, w] = images.shape;
    const across = whole(chances("shift-x"), Math.round(w * SHIFT));
    const down = whole(chances("shift-y"), Math.round(h * SHIFT));
    return warp(images, shifted(across, down), { interpolation: "nearest", fill: "constant" });
  },
  cutout: (images, chances) => {
    const [, h, w] = images.shape;
    const rows = hole(chances("hole-y"), h);
    const columns = hole(chances("hole-x"), w);
    const inside = tf.mul(tf.reshape(rows, [-1, h, 1, 1]), tf.reshape(columns, [-1, 1, w, 1]));
    return tf.mul(images, tf.sub(1, inside));
  },
};

const perImage = (values: Tensor): Tensor => tf.reshape(values, [-1, 1, 1, 1]);
/** (x − middle) · by + middle */
const around = (images: Tensor4D, middle: Tensor, by: Tensor): Tensor4D =>
  tf.add(tf.mul(tf.sub(images, middle), perImage(by)), middle);
/** A whole number from −most to most, all equally likely. */
const whole = (chance: Tensor, most: number): Tensor => tf.sub(tf.floor(tf.mul(chance, 2 * most + 1)), most);
/** [n, 8], maps that move the content by so many pixels. */
function shifted(across: Tensor, down: Tensor): Tensor2D {
  const [zero, one] = [tf.zerosLike(across), tf.onesLike(across)];
  return tf.stack([one, zero, tf.neg(across), zero, one, tf.neg(down), zero, zero], 1) as Tensor2D;
}
/** [n, side], 1 in the hole: its middle may be anywhere, so that it is smaller at an edge. */
function hole(chance: Tensor, side: number): Tensor {
  const size = Math.floor(side * HOLE + 0.5);
  const places = side + 1 - (size % 2);
  const middle = tf.reshape(tf.floor(tf.mul(chance, places)), [-1, 1]);
  const from = tf.sub(middle, Math.floor(size / 2));
  const at = tf.reshape(tf.range(0, side), [1, side]);
  // The authors clamp coordinates one by one, which is the same as leaving out what is outside.
  return tf.cast(tf.logicalAnd(tf.greaterEqual(at, from), tf.less(at, tf.add(from, size))), "float32");
}
