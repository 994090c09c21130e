import * as tf from "@tensorflow/tfjs-core";
import { KERNELS } from "./kernels.ts";
import { tryKernelOne, withGradient } from "./kernel.ts";

export type WarpOptions = {
  readonly interpolation: "bilinear" | "nearest";
  /** Outside the image: its mirror (edge pixels doubled), or `value`. */ readonly fill: "reflect" | "constant";
  /** For `fill: "constant"`; 0 unless told. */ readonly value?: number;
};

/**
 * Resamples each image by a projective map from OUTPUT to INPUT pixels, as TensorFlow's ImageProjectiveTransformV3:
 * with a row (a0 … a7), output (x, y) shows input ((a0 x + a1 y + a2) / k, (a3 x + a4 y + a5) / k), k = a6 x + a7 y + 1.
 * An identity row copies its image to the bit. The gradient reaches the images only: each pixel's is spread over the
 * pixels it came from.
 *
 * @param images [n, h, w, c], float32, any number of channels
 * @param transforms [n, 8]
 * @returns [n, h, w, c]
 */
export function warp(images: tf.Tensor4D, transforms: tf.Tensor2D, how: WarpOptions): tf.Tensor4D {
  tf.util.assertShapesMatch(transforms.shape, [images.shape[0], 8], "warp's transforms: ");
  const { interpolation, fill, value = 0 } = how;
  const attrs = { interpolation, fill, value };
  const shape = images.shape;
  return withGradient<tf.Tensor4D>(
    images,
    (x) => ({
      value:
        tryKernelOne<tf.Tensor4D>(KERNELS.warp, { images: x, transforms }, attrs) ??
        resample(x as tf.Tensor4D, transforms, attrs),
      saved: [transforms],
    }),
    (dy, [transforms]) =>
      tryKernelOne(KERNELS.warpGrad, { dy, transforms: transforms! }, { interpolation, fill }) ??
      spread(dy, transforms as tf.Tensor2D, shape, attrs),
  );
}

/** Where one corner's pixels are in the images flattened to [n · h · w, c] (clamped into them), and how much each counts. */
type Tap = { readonly at: tf.Tensor1D; readonly weight: tf.Tensor; readonly inside: tf.Tensor };

function resample(images: tf.Tensor4D, transforms: tf.Tensor2D, how: Required<WarpOptions>): tf.Tensor4D {
  const [n, h, w, c] = images.shape;
  const flat = tf.reshape(images, [n * h * w, c]);
  const parts = taps(transforms, images.shape, how).map(({ at, weight, inside }) =>
    tf.mul(tf.where(inside, tf.gather(flat, at), how.value), weight),
  );
  const blended = tf.reshape(tf.addN(parts), images.shape);
  // Zero weights times an infinite neighbour, or a negative zero, would not be a copy.
  const identity = tf.reshape(tf.all(tf.equal(transforms, tf.tensor2d([[1, 0, 0, 0, 1, 0, 0, 0]])), 1), [n, 1, 1, 1]);
  return tf.where(identity, images, blended as tf.Tensor4D);
}

function spread(
  dy: tf.Tensor4D,
  transforms: tf.Tensor2D,
  shape: [number, number, number, number],
  how: Required<WarpOptions>,
): tf.Tensor4D {
  const [n, h, w, c] = shape;
  const flat = tf.reshape(dy, [n * h * w, c]);
  const parts = taps(transforms, shape, how).map(({ at, weight, inside }) =>
    tf.unsortedSegmentSum(tf.mul(flat, tf.where(inside, weight, 0)), at, n * h * w),
  );
  return tf.reshape(tf.addN(parts), shape);
}

/** The one (nearest) or four (bilinear) input pixels of every output pixel. */
function taps(transforms: tf.Tensor2D, shape: readonly number[], how: Required<WarpOptions>): Tap[] {
  const [n, h, w] = shape as [number, number, number];
  const column = (k: number) => tf.reshape(tf.slice(transforms, [0, k], [n, 1]), [n, 1, 1]);
  const x = tf.reshape(tf.range(0, w), [1, 1, w]);
  const y = tf.reshape(tf.range(0, h), [1, h, 1]);
  const linear = (k: number) => tf.add(tf.mul(column(k), x), tf.mul(column(k + 1), y));
  const divisor = tf.add(linear(6), 1);
  // A point at infinity is nowhere in the image.
  const finite = tf.notEqual(divisor, 0);
  const by = tf.where(finite, divisor, tf.onesLike(divisor));
  const inX = fold(tf.div(tf.add(linear(0), column(2)), by), w, how.fill);
  const inY = fold(tf.div(tf.add(linear(3), column(5)), by), h, how.fill);
  const image = tf.mul(tf.reshape(tf.range(0, n, 1, "int32"), [n, 1, 1]), tf.scalar(h * w, "int32"));
  const tap = (px: tf.Tensor, py: tf.Tensor, weight: tf.Tensor): Tap => {
    const inside = tf.logicalAnd(tf.logicalAnd(within(px, w), within(py, h)), finite);
    const row = tf.cast(tf.clipByValue(py, 0, h - 1), "int32");
    const at = tf.add(
      image,
      tf.add(tf.mul(row, tf.scalar(w, "int32")), tf.cast(tf.clipByValue(px, 0, w - 1), "int32")),
    );
    return {
      at: tf.reshape(at, [n * h * w]),
      weight: tf.reshape(weight, [n * h * w, 1]),
      inside: tf.reshape(inside, [n * h * w, 1]),
    };
  };
  if (how.interpolation === "nearest") return [tap(halfAwayFromZero(inX), halfAwayFromZero(inY), tf.onesLike(inX))];
  const x0 = tf.floor(inX);
  const y0 = tf.floor(inY);
  const right = tf.sub(inX, x0);
  const down = tf.sub(inY, y0);
  const left = tf.sub(1, right);
  const up = tf.sub(1, down);
  const x1 = tf.add(x0, 1);
  const y1 = tf.add(y0, 1);
  return [
    tap(x0, y0, tf.mul(left, up)),
    tap(x1, y0, tf.mul(right, up)),
    tap(x0, y1, tf.mul(left, down)),
    tap(x1, y1, tf.mul(right, down)),
  ];
}

function within(position: tf.Tensor, length: number): tf.Tensor {
  return tf.logicalAnd(tf.greaterEqual(position, 0), tf.less(position, length));
}

/** Mirrors a coordinate into the image: … 1 0 | 0 1 … length−1 | length−1 … */
function fold(at: tf.Tensor, length: number, fill: "reflect" | "constant"): tf.Tensor {
  if (fill === "constant") return at;
  const period = 2 * length;
  const inPeriod = tf.sub(at, tf.mul(tf.floor(tf.div(at, period)), period));
  const mirrored = tf.where(tf.less(inPeriod, length), inPeriod, tf.sub(period - 1, inPeriod));
  return tf.clipByValue(mirrored, 0, length - 1);
}

function halfAwayFromZero(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sign(x), tf.floor(tf.add(tf.abs(x), 0.5)));
}
