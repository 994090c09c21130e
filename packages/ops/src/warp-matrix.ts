import * as tf from "@tensorflow/tfjs-core";

/** n times the map that moves nothing: [n, 8]. */
export function identityWarp(n: number): tf.Tensor2D {
  return tf.tidy(() => tf.tile(tf.tensor2d([[1, 0, 0, 0, 1, 0, 0, 0]]), [n, 1]));
}

/**
 * The map that does `pending` first and `next` to its result. Maps lead from output to input, so this is the matrix
 * product pending · next, divided by its last element. Where either is the identity the other comes back unchanged, to the bit.
 *
 * @param pending [n, 8]
 * @param next [n, 8]
 * @returns [n, 8]
 */
export function composeWarp(pending: tf.Tensor2D, next: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const n = pending.shape[0];
    const one = tf.ones([n, 1]);
    const p = tf.reshape(tf.concat([pending, one], 1), [n, 3, 3, 1]);
    const q = tf.reshape(tf.concat([next, one], 1), [n, 1, 3, 3]);
    // Products and a sum, not matMul, which some devices round to ten bits.
    const product = tf.reshape(tf.sum(tf.mul(p, q), 2), [n, 9]);
    return tf.div(tf.slice(product, [0, 0], [n, 8]), tf.slice(product, [0, 8], [n, 1])) as tf.Tensor2D;
  });
}

/** Each [n]. What is absent is at its identity: 0, or 1 for the scales. */
export type AffineParts = {
  /** Radians, counter-clockwise as seen. */ readonly angle?: tf.Tensor1D;
  /** Above 1, the content grows. Not 0. */ readonly scaleX?: tf.Tensor1D;
  readonly scaleY?: tf.Tensor1D;
  /** How far content moves right for each pixel down from the centre. */ readonly shearX?: tf.Tensor1D;
  /** How far content moves down for each pixel right of the centre. */ readonly shearY?: tf.Tensor1D;
  /** Pixels, to the right. */ readonly shiftX?: tf.Tensor1D;
  /** Pixels, downwards. */ readonly shiftY?: tf.Tensor1D;
  /** 1: mirrored left to right. */ readonly flipX?: tf.Tensor1D;
};

/**
 * Affine maps about the centre of an h × w image, for `warp`. The content is mirrored, scaled, sheared along x, sheared
 * along y, rotated and shifted, in this order. At least one part must be there, since it tells n; a row whose parts are
 * all at their identity is exactly the identity.
 *
 * @returns [n, 8]
 */
export function affineWarp(size: { readonly h: number; readonly w: number }, parts: AffineParts): tf.Tensor2D {
  const some = Object.values(parts).find((part) => part !== undefined);
  tf.util.assert(some !== undefined, () => "affineWarp got no part; expected at least one tensor [n].");
  return tf.tidy(() => {
    const zero = tf.zerosLike(some!);
    const one = tf.onesLike(some!);
    const { angle, shearX = zero, shearY = zero, shiftX = zero, shiftY = zero, flipX = zero } = parts;
    const cosine = angle ? tf.cos(angle) : one;
    const sine = angle ? tf.sin(angle) : zero;
    const perX = tf.div(tf.sub(1, tf.mul(2, flipX)), parts.scaleX ?? one);
    const perY = tf.div(one, parts.scaleY ?? one);
    // From output to input, each step undone: rotation, shear along y, shear along x, scale, mirror.
    const both = tf.add(1, tf.mul(shearX, shearY));
    const a = tf.mul(perX, tf.sub(tf.mul(both, cosine), tf.mul(shearX, sine)));
    const b = tf.mul(perX, tf.neg(tf.add(tf.mul(both, sine), tf.mul(shearX, cosine))));
    const c = tf.mul(perY, tf.sub(sine, tf.mul(shearY, cosine)));
    const d = tf.mul(perY, tf.add(cosine, tf.mul(shearY, sine)));
    const centreX = (size.w - 1) / 2;
    const centreY = (size.h - 1) / 2;
    const fromX = tf.add(shiftX, centreX);
    const fromY = tf.add(shiftY, centreY);
    const moveX = tf.sub(centreX, tf.add(tf.mul(a, fromX), tf.mul(b, fromY)));
    const moveY = tf.sub(centreY, tf.add(tf.mul(c, fromX), tf.mul(d, fromY)));
    return tf.stack([a, b, moveX, c, d, moveY, zero, zero], 1) as tf.Tensor2D;
  });
}
