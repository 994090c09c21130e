import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { RegimenError, nearest, type Batch, type Rng, type Shape, type Step } from "@regimen/contracts";
import { colour, composeColour, composeWarp, identityColour } from "@regimen/ops";
import { brightnessMap, contrastMap, invertMap, saturationMap } from "./colour.ts";
import { PUBLISHED } from "./published.ts";
import {
  OPERATIONS,
  PROPORTIONAL,
  STANDARD,
  WIDE,
  isSigned,
  strengthOf,
  type Operation,
  type Reach,
} from "./strengths.ts";
import { autocontrast, equalize, posterize, sharpen, solarize } from "./texture.ts";

type Size = Pick<Shape, "h" | "w">;
/** A transform and its strength, in the units of `strengthOf`. */
export type Drawn = readonly [operation: Operation, strength: number];
const NOTHING: Drawn = ["identity", 0];

/** A random policy: some transforms, one after the other, for each example. */
export type RandomPolicy = {
  /** Transforms of one example. */ readonly layers: number;
  /** All that it may draw. */ readonly operations: readonly Operation[];
  /** One example's transforms: `layers` of them. */ draw(rng: Rng, size: Size): readonly Drawn[];
};

const drawn = (rng: Rng, operation: Operation, level: number, reach: Reach, size: Size): Drawn => {
  const strength = strengthOf(operation, level, reach, size);
  return [operation, isSigned(operation) && rng.uniform() < 0.5 ? -strength : strength];
};
/** RandAugment and TrivialAugment choose among all but the negative. */
const allBut = (without: readonly Operation[]): Operation[] =>
  OPERATIONS.filter((operation) => operation !== "invert" && !without.includes(operation));

/**
 * RandAugment (Cubuk 2020, arXiv:1909.13719): n transforms, each as likely, all at the same level m of 30. m = 0 is the
 * identity, also for the transforms that have one strength.
 */
export function randAugment(n: number, m: number, without: readonly Operation[] = []): RandomPolicy {
  const operations = m === 0 ? [NOTHING[0]] : allBut(without);
  return {
    layers: n,
    operations,
    draw: (rng, size) =>
      Array.from({ length: n }, () =>
        drawn(rng, operations[rng.int(operations.length)] ?? "identity", m / 30, PROPORTIONAL, size),
      ),
  };
}

/** TrivialAugment (Müller & Hutter 2021, arXiv:2103.10158): one transform at one of 31 levels, each as likely. */
export function trivialAugment(space: "standard" | "wide", without: readonly Operation[] = []): RandomPolicy {
  const operations = allBut(without);
  const reach = space === "wide" ? WIDE : STANDARD;
  return {
    layers: 1,
    operations,
    draw: (rng, size) => [
      drawn(rng, operations[rng.int(operations.length)] ?? "identity", rng.int(31) / 30, reach, size),
    ],
  };
}

/** AutoAugment's published policies (Cubuk 2019, arXiv:1805.09501): one of 25 pairs; what is left out does nothing. */
export function autoAugment(policy: keyof typeof PUBLISHED, without: readonly Operation[] = []): RandomPolicy {
  const pairs = PUBLISHED[policy];
  return {
    layers: 2,
    operations: [...new Set(pairs.flat().map(([operation]) => operation))].filter((one) => !without.includes(one)),
    draw: (rng, size) =>
      pairs[rng.int(pairs.length)]!.map(([operation, probability, level]) => {
        const applied = rng.uniform() < probability && !without.includes(operation);
        return applied ? drawn(rng, operation, level / 9, PROPORTIONAL, size) : NOTHING;
      }),
  };
}

/** Transforms by their names, with spaces or commas between; "translate" and "shear" name both directions. Errors: REG_PARAM. */
export function operationsNamed(text: string): Operation[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((name) => {
      const found = OPERATIONS.filter((operation) => operation === name || operation.replace(/-[xy]$/, "") === name);
      if (found.length) return found;
      const near = nearest(name, OPERATIONS);
      const hint = near ? `the nearest is "${near}"` : `expected some of ${OPERATIONS.join(", ")}`;
      throw new RegimenError("REG_PARAM", `there is no transform "${name}" to leave out; ${hint}`);
    });
}

/**
 * The transforms among techniques that were refused (`run.refused`): `@regimen/technique-augment/rotate` is "rotate".
 * What no policy has is passed over.
 */
export const operationsRefused = (refused: readonly string[]): Operation[] => {
  const names = refused.map((technique) => technique.slice(technique.lastIndexOf("/") + 1));
  return OPERATIONS.filter((one) => names.includes(one) || names.includes(one.replace(/-[xy]$/, "")));
};

/** Of those that are not movements: how each acts on a whole batch, at strengths [n] of which 0 is the identity. */
type Recolouring = (images: Tensor4D, range: Shape["range"], pending: Tensor3D, strength: Tensor1D) => Tensor3D;
type Retexturing = (images: Tensor4D, range: Shape["range"], strength: Tensor1D) => Tensor4D;
const factor = (strength: Tensor1D) => tf.add(1, strength) as Tensor1D;
const COLOURS: { readonly [name in Operation]?: Recolouring } = {
  brightness: ({ shape: [, , , c] }, _, __, strength) => brightnessMap(c, factor(strength), tf.zerosLike(strength)),
  saturation: ({ shape: [, , , c] }, _, __, strength) => saturationMap(c, factor(strength)),
  // About the mean of the grey image, as PIL and torchvision.
  contrast: (images, range, pending, strength) => {
    const grey = saturationMap(images.shape[3], tf.zerosLike(strength));
    return contrastMap(images, range, composeColour(pending, grey), factor(strength));
  },
  invert: ({ shape: [, , , c] }, _, __, strength) => invertMap(c, strength),
};
const TEXTURES: { readonly [name in Operation]?: Retexturing } = {
  sharpen,
  posterize,
  solarize,
  autocontrast,
  equalize,
};
const onPixels = ({ operations }: Pick<RandomPolicy, "operations">): Operation[] =>
  operations.filter((operation) => COLOURS[operation] ?? TEXTURES[operation]);

/**
 * A policy's draws for a batch. `warp`: [n · 8], each example's movements as one map. `strength`: [layers · kinds · n],
 * where kinds are the policy's transforms that are not movements, in order.
 */
export function drawPolicy(policy: RandomPolicy, rng: Rng, { n, h, w }: Pick<Shape, "n" | "h" | "w">) {
  const kinds = onPixels(policy);
  const warp = new Float32Array(8 * n);
  const strength = new Float32Array(policy.layers * kinds.length * n);
  for (let i = 0; i < n; i++) {
    let map = STILL;
    for (const [layer, [operation, by]] of policy.draw(rng, { h, w }).entries()) {
      const kind = kinds.indexOf(operation);
      if (kind >= 0) strength[(layer * kinds.length + kind) * n + i] = by;
      else map = after(map, movement(operation, by, { h, w }));
    }
    warp.set(map, 8 * i);
  }
  return { warp, strength };
}

/**
 * Applies a policy's draws. `fed`: of `drawPolicy`. Movements of all layers become part of the pending warp and the colours of
 * the last layer part of the pending colours; textures, and colours of the layers before it, act on the images at once. So an example
 * gets its colours and textures in the order in which they were drawn, and its movements after them. The batch keeps its shapes.
 */
export function applyPolicy<B extends Pick<Batch, "images" | "warp" | "colour" | "shape">>(
  policy: Pick<RandomPolicy, "layers" | "operations">,
  batch: B,
  fed: Step["fed"],
): B {
  const { n, c, range } = batch.shape;
  const kinds = onPixels(policy);
  let { images, colour: pending } = batch;
  // An example has one transform a layer, so within a layer the order is nobody's.
  for (let layer = 0; kinds.length && layer < policy.layers; layer++) {
    const own = tf.slice(fed["strength"]!, layer * kinds.length * n, kinds.length * n);
    const strengths = tf.unstack(tf.reshape(own, [kinds.length, n])) as Tensor1D[];
    const last = layer === policy.layers - 1;
    const before = last ? pending : identityColour(n, c);
    const map = kinds.reduce((maps, kind, at) => {
      const next = COLOURS[kind]?.(images, range, before, strengths[at]!);
      return next ? composeColour(maps, next) : maps;
    }, before);
    if (last) pending = map;
    else images = colour(images, map, range);
    kinds.forEach((kind, at) => (images = TEXTURES[kind]?.(images, range, strengths[at]!) ?? images));
  }
  const warp = composeWarp(batch.warp, tf.reshape(fed["warp"]!, [n, 8]) as Tensor2D);
  return { ...batch, images, colour: pending, warp };
}

/** A map from output to input pixels, as `warp` takes it. */
type Map = readonly [number, number, number, number, number, number, 0, 0];
const STILL: Map = [1, 0, 0, 0, 1, 0, 0, 0];

/** First `p`, then `q`: of affine maps. */
const after = (p: Map, q: Map): Map => [
  p[0] * q[0] + p[1] * q[3],
  p[0] * q[1] + p[1] * q[4],
  p[0] * q[2] + p[1] * q[5] + p[2],
  p[3] * q[0] + p[4] * q[3],
  p[3] * q[1] + p[4] * q[4],
  p[3] * q[2] + p[4] * q[5] + p[5],
  0,
  0,
];

function movement(operation: Operation, by: number, { h, w }: Size): Map {
  switch (operation) {
    // About the upper left corner, half a pixel before the first pixel's centre, as AutoAugment's.
    case "shear-x":
      return [1, by, by / 2, 0, 1, 0, 0, 0];
    case "shear-y":
      return [1, 0, 0, by, 1, by / 2, 0, 0];
    case "translate-x":
      return [1, 0, -by, 0, 1, 0, 0, 0];
    case "translate-y":
      return [1, 0, 0, 0, 1, -by, 0, 0];
    case "rotate": {
      const angle = (by * Math.PI) / 180;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      const [x, y] = [(w - 1) / 2, (h - 1) / 2];
      return [cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y, 0, 0];
    }
    default:
      return STILL;
  }
}
