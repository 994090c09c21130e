import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { colour } from "@regimen/ops";

// Images [n, h, w, c], float32, black and white at the ends of `range`; each example with its own strength [n]. Strength 0
// copies an example to the bit. The caller disposes of what comes back.

type Range = readonly [low: number, high: number];
/** Levels of an image file. */
const LEVELS = 256;
/** Of an image file's 8 bits, how many strength 1 clears. */
const MOST_BITS = 7;
/** Farther out than any pixel. */
const FAR = 1e30;

/** Inverts what is at least as bright as 1 − strength: at 1, everything (PIL's solarize). `strength`: 0..1. */
export function solarize(images: Tensor4D, [low, high]: Range, strength: Tensor1D): Tensor4D {
  return tf.tidy(() => {
    const threshold = tf.where(tf.greater(strength, 0), tf.sub(high, tf.mul(strength, high - low)), FAR);
    return tf.where(tf.greaterEqual(images, perExample(threshold)), tf.sub(low + high, images), images) as Tensor4D;
  });
}

/** Clears the ⌊7 · strength + ½⌋ lowest of 8 bits (PIL's posterize to the rest). `strength`: 0..1. */
export function posterize(images: Tensor4D, [low, high]: Range, strength: Tensor1D): Tensor4D {
  return tf.tidy(() => {
    const bits = tf.floor(tf.add(tf.mul(strength, MOST_BITS), 0.5));
    const step = tf.mul(tf.pow(2, bits), (high - low) / (LEVELS - 1));
    const steps = tf.div(tf.sub(images, low), perExample(step));
    // Down to a whole step, which a pixel that a division left just below one counts as having reached.
    const cleared = tf.sub(steps, tf.floor(tf.add(steps, 1e-3)));
    const kept = tf.where(tf.greater(bits, 0), step, 0);
    return tf.sub(images, tf.mul(cleared, perExample(kept))) as Tensor4D;
  });
}

/**
 * Stretches each channel so that its darkest pixel is black and its brightest white; `strength`, 0..1, is the share of the
 * way there (1: PIL's autocontrast). A channel of one value stays as it is. The gradient takes both ends as given.
 */
export function autocontrast(images: Tensor4D, range: Range, strength: Tensor1D): Tensor4D {
  return tf.tidy(() => {
    const [low, high] = range;
    const [n, h, w, c] = images.shape;
    // Whole rows first: devices are slow at reductions whose neighbours are a few channels apart.
    const rows = tf.reshape(images, [n, h, w * c]);
    const extreme = (of: typeof tf.min): Tensor2D => of(tf.reshape(of(rows, 1), [n, w, c]), 1);
    const darkest = extreme(tf.min);
    const span = tf.sub(extreme(tf.max), darkest);
    const plain = tf.lessEqual(span, 0);
    const factor = tf.where(plain, 1, tf.div(high - low, tf.where(plain, 1, span)));
    const by = tf.where(plain, 0, tf.expandDims(strength, 1));
    const scale = tf.add(1, tf.mul(by, tf.sub(factor, 1)));
    // In shares of the range: what comes out black is `darkest`.
    const offset = tf.mul(tf.mul(by, factor), tf.div(tf.sub(low, darkest), high - low));
    const matrix = tf.mul(tf.reshape(scale, [n, c, 1]), tf.expandDims(tf.eye(c), 0));
    return colour(images, tf.concat([matrix, tf.reshape(offset, [n, c, 1])], 2) as Tensor3D, range);
  });
}

/**
 * Spreads each channel's 256 levels so that they are equally frequent, as far as whole levels can be; `strength`, 0..1, is
 * the share of the way there (1: PIL's equalize). The gradient takes the new levels as given: it is 1 − strength.
 */
export function equalize(images: Tensor4D, [low, high]: Range, strength: Tensor1D): Tensor4D {
  return tf.tidy(() => {
    const unit = (high - low) / (LEVELS - 1);
    const equalized = withoutGradient(images, (x) => {
      const [n, h, w, c] = x.shape;
      const level = tf.clipByValue(tf.floor(tf.add(tf.div(tf.sub(x, low), unit), 0.5)), 0, LEVELS - 1);
      // Each channel of each image has a table of its own.
      const table = tf.reshape(tf.mul(tf.range(0, n * c), LEVELS), [n, 1, 1, c]);
      const at = tf.reshape(tf.cast(tf.add(level, table), "int32"), [n * h * w * c]) as Tensor1D;
      const counts = tf.unsortedSegmentSum(tf.ones([n * h * w * c]), at, n * c * LEVELS);
      const levels = newLevels(tf.reshape(counts, [n * c, LEVELS]), h * w);
      const found = tf.gather(tf.reshape(levels, [n * c * LEVELS]), at);
      return tf.add(tf.mul(tf.reshape(found, [n, h, w, c]), unit), low) as Tensor4D;
    });
    return tf.add(images, tf.mul(tf.sub(equalized, images), perExample(strength))) as Tensor4D;
  });
}

/** PIL's table of new levels, from how many of `pixels` have each: [tables, 256] both. */
function newLevels(counts: Tensor2D, pixels: number): Tensor {
  const upTo = tf.cumsum(counts, 1);
  const before = tf.sub(upTo, counts);
  // Of the brightest level that occurs: the first up to which all pixels are.
  const brightest = tf.logicalAnd(tf.greaterEqual(upTo, pixels), tf.less(before, pixels));
  const rest = tf.sub(pixels, tf.sum(tf.where(brightest, counts, 0), 1, true));
  const step = quotient(rest, LEVELS - 1);
  const some = tf.greater(step, 0);
  const by = tf.where(some, step, 1);
  const spread = tf.minimum(quotient(tf.add(before, quotient(by, 2)), by), LEVELS - 1);
  return tf.where(some, spread, tf.reshape(tf.range(0, LEVELS), [1, LEVELS]));
}

/** ⌊a / b⌋ of whole numbers: half more, so that no rounding crosses a whole one. */
const quotient = (a: Tensor, b: Tensor | number): Tensor => tf.floor(tf.div(tf.add(a, 0.5), b));

/**
 * x + strength · (x − smooth(x)), clipped, where `smooth` is PIL's 3 × 3 filter (1 1 1, 1 5 1, 1 1 1) / 13 and the border
 * stays: torchvision's adjust_sharpness with a factor of 1 + strength. Below 0 it softens; −1 gives smooth(x) itself.
 */
export function sharpen(images: Tensor4D, [low, high]: Range, strength: Tensor1D): Tensor4D {
  return tf.tidy(() => {
    const [, h, w] = images.shape;
    if (h < 3 || w < 3) return tf.clone(images);
    const inner = tf.slice(images, [0, 1, 1, 0], [-1, h - 2, w - 2, -1]);
    // smooth = (9 · mean + 4 · x) / 13
    const edges = tf.mul(tf.sub(inner, tf.avgPool(images, 3, 1, "valid")), perExample(tf.mul(strength, 9 / 13)));
    const inside = [1, 1] as [number, number];
    const sharpened = tf.add(images, tf.pad(edges, [[0, 0], inside, inside, [0, 0]]));
    const still = perExample(tf.equal(strength, 0));
    return tf.minimum(tf.maximum(sharpened, tf.where(still, -FAR, low)), tf.where(still, FAR, high)) as Tensor4D;
  });
}

/** [n] → [n, 1, 1, 1] */
const perExample = (values: Tensor): Tensor4D => tf.reshape(values, [-1, 1, 1, 1]);

/** What no gradient flows through. */
const withoutGradient = (x: Tensor4D, f: (x: Tensor4D) => Tensor4D): Tensor4D =>
  tf.customGrad((x) => ({ value: f(x as Tensor4D), gradFunc: (dy: Tensor) => tf.zerosLike(dy) }))(x) as Tensor4D;
