import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** Pixels that one product of matrices makes along a side: longer ones multiply mostly zeros. */
const BLOCK = 32;

/**
 * Gaussian blur, each example with its own width, reflected at the border (edge pixels not doubled): torchvision's, with a
 * kernel of 2 · radius + 1. Sigma 0 copies an example to the bit. The caller disposes of what comes back.
 *
 * @param images [n, h, w, c], float32
 * @param sigma [n], pixels
 * @param radius whole pixels, one for all examples: three times the largest sigma leaves 0.3 % out. Cut to what a side allows.
 * @returns [n, h, w, c]
 */
export function blur(images: Tensor4D, sigma: Tensor1D, radius: number): Tensor4D {
  return tf.tidy(() => {
    const [n, h, w, c] = images.shape;
    const rows = tf.reshape(images, [n, h, w * c]) as Tensor3D;
    const down = tf.add(rows, products(rows, sigma, { along: 1, side: h, width: 1, radius })) as Tensor3D;
    const across = tf.add(down, products(down, sigma, { along: 2, side: w, width: c, radius }));
    return tf.reshape(across, [n, h, w, c]);
  });
}

/** One axis of a tensor [n, h, w · c]: `side` pixels of `width` numbers each. */
type Axis = { readonly along: 1 | 2; readonly side: number; readonly width: number; readonly radius: number };
/** Pixels `at` to `to` are made of pixels `from` to `until`. */
type Block = { readonly at: number; readonly to: number; readonly from: number; readonly until: number };

/** How much the blur changes: a convolution as products with banded matrices, which devices do fastest. */
function products(x: Tensor3D, sigma: Tensor1D, axis: Axis): Tensor3D {
  const { along, side, width } = axis;
  const radius = Math.min(axis.radius, side - 1);
  const weights = changes(sigma, radius);
  const known = new Map<string, Tensor3D>();
  const parts: Tensor3D[] = [];
  for (let at = 0; at < side; at += BLOCK) {
    const to = Math.min(side, at + BLOCK);
    const block = { at, to, from: Math.max(0, at - radius), until: Math.min(side, to + radius) };
    // Blocks away from the border have one matrix.
    const place = at - block.from < radius || block.until - to < radius ? at : -1;
    const key = `${place}/${to - at}`;
    const matrix = known.get(key) ?? bands(weights, block, { ...axis, radius });
    known.set(key, matrix);
    const [n, h, row] = x.shape;
    const long = (block.until - block.from) * width;
    parts.push(
      along === 1
        ? tf.matMul(matrix, tf.slice(x, [0, block.from, 0], [n, long, row]))
        : tf.matMul(tf.slice(x, [0, 0, block.from * width], [n, h, long]), matrix, false, true),
    );
  }
  return parts.length === 1 ? parts[0]! : tf.concat(parts, along);
}

/**
 * The bell's weights less 1 in the middle: [n, 2 · radius + 1]. Changes, so that 0 is exact on devices that round products,
 * and what they round is small.
 */
function changes(sigma: Tensor1D, radius: number): Tensor2D {
  const apart = tf.reshape(tf.range(-radius, radius + 1), [1, 2 * radius + 1]);
  // So narrow that nothing but the middle counts.
  const by = tf.reshape(tf.maximum(sigma, 0.02), [-1, 1]);
  const bell = tf.exp(tf.mul(tf.square(tf.div(apart, by)), -0.5));
  const middle = tf.cast(tf.equal(apart, 0), "float32");
  return tf.sub(tf.div(bell, tf.sum(bell, 1, true)), middle) as Tensor2D;
}

/** `weights` [n, 2 · radius + 1] as matrices [n, pixels made · width, pixels read · width], reflecting at the border. */
function bands(weights: Tensor2D, { at, to, from, until }: Block, { side, width, radius }: Axis): Tensor3D {
  const height = (to - at) * width;
  const length = (until - from) * width;
  const places = new Float32Array((2 * radius + 1) * height * length);
  for (let k = 0; k <= 2 * radius; k++)
    for (let pixel = at; pixel < to; pixel++) {
      const wanted = Math.abs(pixel + k - radius);
      const read = wanted < side ? wanted : 2 * (side - 1) - wanted;
      for (let i = 0; i < width; i++) {
        const row = k * height + (pixel - at) * width + i;
        places[row * length + (read - from) * width + i] = 1;
      }
    }
  const spread = tf.tensor2d(places, [2 * radius + 1, height * length]);
  return tf.reshape(tf.matMul(weights, spread), [weights.shape[0], height, length]);
}
