import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "./kernels.ts";
import { tryKernelOne, withGradient } from "./kernel.ts";

/** n times the map that changes no colour: [n, c, c + 1]. */
export function identityColour(n: number, c: number): tf.Tensor3D {
  return tf.tidy(() => tf.tile(identity(c), [n, 1, 1]));
}

/**
 * The map that does `pending` first and `next` to its result, without the clipping between. Where either is the identity
 * the other comes back unchanged, to the bit.
 *
 * @param pending [n, c, c + 1]
 * @param next [n, c, c + 1]
 * @returns [n, c, c + 1]
 */
export function composeColour(pending: tf.Tensor3D, next: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const [n, c] = pending.shape;
    const matrix = tf.reshape(tf.slice(next, [0, 0, 0], [n, c, c]), [n, c, c, 1]);
    // Products and a sum, not matMul, which some devices round to ten bits.
    const product = tf.sum(tf.mul(matrix, tf.reshape(pending, [n, 1, c, c + 1])), 2);
    const offset = tf.slice(next, [0, 0, c], [n, c, 1]);
    return tf.add(
      product,
      tf.pad(offset, [
        [0, 0],
        [0, 0],
        [c, 0],
      ]),
    ) as tf.Tensor3D;
  });
}

/**
 * A linear map of each pixel's channels, clipped to `range` = [low, high]:
 *
 *   out_i = low + Σ_j m_ij · (in_j − low) + m_ic · (high − low)
 *
 * so that 0 stands for black and offsets are shares of the range, whatever the range is. An image whose map is the
 * identity is copied to the bit (and not clipped). The gradient reaches the images only, and passes where nothing was clipped.
 *
 * @param images [n, h, w, c], float32
 * @param maps [n, c, c + 1]
 * @returns [n, h, w, c]
 */
export function colour(images: tf.Tensor4D, maps: tf.Tensor3D, range: readonly [number, number]): tf.Tensor4D {
  const [n, , , c] = images.shape;
  tf.util.assertShapesMatch(maps.shape, [n, c, c + 1], "colour's maps: ");
  const [low, high] = range;
  const attrs = { low, high };
  return withGradient<tf.Tensor4D>(
    images,
    (x) => ({
      value:
        tryKernelOne<tf.Tensor4D>(KERNELS.colour, { images: x, maps }, attrs) ??
        tf.where(isIdentity(maps), x as tf.Tensor4D, tf.clipByValue(transformed(x, maps, low, high), low, high)),
      saved: [x, maps],
    }),
    (dy, [images, maps]) =>
      tryKernelOne(KERNELS.colourGrad, { dy, images: images!, maps: maps! }, attrs) ??
      backward(dy, images as tf.Tensor4D, maps as tf.Tensor3D, low, high),
  );
}

function transformed(images: tf.Tensor, maps: tf.Tensor3D, low: number, high: number): tf.Tensor4D {
  const c = maps.shape[1];
  const above = tf.sub(images, low);
  const terms = Array.from({ length: c }, (_, j) => tf.mul(channel(above, j), column(maps, j)));
  return tf.add(tf.addN(terms), tf.add(tf.mul(column(maps, c), high - low), low)) as tf.Tensor4D;
}

function backward(dy: tf.Tensor4D, images: tf.Tensor4D, maps: tf.Tensor3D, low: number, high: number): tf.Tensor4D {
  const [n, c] = maps.shape;
  const before = transformed(images, maps, low, high);
  const passes = tf.logicalAnd(tf.greaterEqual(before, low), tf.lessEqual(before, high));
  const passed = tf.where(passes, dy, 0);
  const terms = Array.from({ length: c }, (_, i) =>
    tf.mul(channel(passed, i), tf.reshape(tf.slice(maps, [0, i, 0], [n, 1, c]), [n, 1, 1, c])),
  );
  return tf.where(isIdentity(maps), dy, tf.addN(terms) as tf.Tensor4D);
}

/** [n, h, w, 1] */
function channel(images: tf.Tensor, j: number): tf.Tensor {
  return tf.slice(images, [0, 0, 0, j], [-1, -1, -1, 1]);
}

/** What input channel j (or, at c, the offset) adds to each output channel: [n, 1, 1, c]. */
function column(maps: tf.Tensor3D, j: number): tf.Tensor {
  const [n, c] = maps.shape;
  return tf.reshape(tf.slice(maps, [0, 0, j], [n, c, 1]), [n, 1, 1, c]);
}

/** [n, 1, 1, 1], bool */
function isIdentity(maps: tf.Tensor3D): tf.Tensor {
  const [n, c] = maps.shape;
  return tf.reshape(tf.all(tf.equal(maps, identity(c)), [1, 2]), [n, 1, 1, 1]);
}

/** [1, c, c + 1] */
function identity(c: number): tf.Tensor3D {
  const values = Array.from({ length: c }, (_, i) => Array.from({ length: c + 1 }, (_, j) => (i === j ? 1 : 0)));
  return tf.tensor3d([values]);
}
