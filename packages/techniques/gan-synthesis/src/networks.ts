import { batchNormTrain, relu } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ImageFormat, Rng, Weight } from "@regimen/core";
import { matrixOf, spectralNorm, type Singular } from "./spectral-norm.ts";

/** What both networks are made for. */
export type Layout = {
  /** The size at which they work. */ readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly classes: number;
  /** How often the generator doubles its map, and the discriminator halves its own. */ readonly doublings: number;
};

/** Beyond this side a network so small invents nothing: images are made smaller before, and larger afterwards. */
const LARGEST = 64;
/** The smallest map has about so many pixels a side. */
const SEED_MAP = 4;
/** Numbers that the generator starts from. */
export const LATENT = 128;
/** Channels of the widest and of the narrowest map. */
const [MOST, LEAST] = [256, 32];

export function layoutOf({ h, w, c }: ImageFormat, classes: number): Layout {
  const shrink = Math.min(1, LARGEST / Math.max(h, w));
  const [height, width] = [Math.max(1, Math.round(h * shrink)), Math.max(1, Math.round(w * shrink))];
  const doublings = Math.max(1, Math.floor(Math.log2(Math.min(height, width) / SEED_MAP)));
  return { h: height, w: width, c, classes, doublings };
}
/** Channels of a map that is 2^at times smaller than the image. */
const channels = (at: number): number => Math.min(MOST, LEAST * 2 ** at);
const seedMap = ({ h, w, doublings }: Layout): readonly [number, number] => [
  Math.ceil(h / 2 ** doublings),
  Math.ceil(w / 2 ** doublings),
];

type Shapes = Readonly<Record<string, readonly number[]>>;
function generatorShapes(layout: Layout): Shapes {
  const { c, classes, doublings } = layout;
  const [y, x] = seedMap(layout);
  const widest = channels(doublings);
  const shapes: Record<string, readonly number[]> = { "seed/kernel": [LATENT, y * x * widest] };
  const norm = (name: string, width: number): void => {
    shapes[`${name}/gain`] = [classes, width];
    shapes[`${name}/shift`] = [classes, width];
  };
  norm("seed", widest);
  for (let at = doublings; at > 0; at--) {
    shapes[`up${at}/kernel`] = [4, 4, channels(at - 1), channels(at)];
    norm(`up${at}`, channels(at - 1));
  }
  shapes["image/kernel"] = [3, 3, channels(0), c];
  shapes["image/bias"] = [c];
  return shapes;
}
function discriminatorShapes({ c, classes, doublings }: Layout): Shapes {
  const shapes: Record<string, readonly number[]> = {
    "image/kernel": [3, 3, c, channels(0)],
    "image/bias": [channels(0)],
  };
  for (let at = 1; at <= doublings; at++) {
    shapes[`down${at}/kernel`] = [4, 4, channels(at - 1), channels(at)];
    shapes[`down${at}/bias`] = [channels(at)];
  }
  shapes["score/kernel"] = [channels(doublings), 1];
  shapes["score/bias"] = [1];
  shapes["class/kernel"] = [classes, channels(doublings)];
  return shapes;
}

/** Kernels are normal with the deviation 0.02 (Radford et al. 2016); everything else starts at 0. The caller disposes of the variables. */
function weightsOf(part: string, shapes: Shapes, rng: Rng): Weight[] {
  return Object.entries(shapes).map(([name, shape]) => {
    const kernel = name.endsWith("/kernel");
    const draw = rng.fork(name);
    const size = shape.reduce((product, side) => product * side, 1);
    const values = Float32Array.from({ length: size }, () => (kernel ? 0.02 * draw.normal() : 0));
    return {
      name: `${part}/${name}`,
      variable: tf.tidy(() => tf.variable(tf.tensor(values, [...shape]))),
      part,
      role: kernel ? "kernel" : "bias",
    };
  });
}
export const generatorWeights = (layout: Layout, rng: Rng): Weight[] =>
  weightsOf("generator", generatorShapes(layout), rng.fork("generator"));
export const discriminatorWeights = (layout: Layout, rng: Rng): Weight[] =>
  weightsOf("discriminator", discriminatorShapes(layout), rng.fork("discriminator"));

/** Weights by what stands after their network's name. */
export type Named = Readonly<Record<string, Tensor>>;
export const byName = (weights: readonly Weight[]): Named =>
  Object.fromEntries(weights.map(({ name, variable }) => [name.slice(name.indexOf("/") + 1), variable]));

/**
 * Conditional batch normalisation (Dumoulin et al. 2017; Miyato and Koyama 2018): the batch's own statistics, then a gain and
 * a shift for each class.
 *
 * @param x [n, h, w, width]
 * @param labels [n, classes]
 * @param gain [classes, width], over 1
 * @param shift [classes, width]
 */
export function conditionalNorm(x: Tensor4D, labels: Tensor2D, gain: Tensor2D, shift: Tensor2D): Tensor4D {
  const { y } = batchNormTrain(x, null, null, 1e-5);
  const own = (table: Tensor2D): Tensor => tf.reshape(tf.matMul(labels, table), [x.shape[0], 1, 1, x.shape[3]]);
  return tf.add(tf.mul(y, tf.add(own(gain), 1)), own(shift)) as Tensor4D;
}

/**
 * The generator: latent numbers to a small map, doubled by transposed convolutions of 4 × 4 (Radford et al. 2016), classes by
 * conditional batch normalisation. Images of one batch share their statistics.
 *
 * @param latent [n, LATENT], standard normal
 * @param labels [n, classes]
 * @returns [n, h, w, c], black −1 and white 1
 */
export function generate(weights: Named, latent: Tensor2D, labels: Tensor2D, layout: Layout): Tensor4D {
  const n = latent.shape[0];
  const { h, w, doublings } = layout;
  let [y, x] = seedMap(layout);
  const activated = (name: string, map: Tensor4D): Tensor4D =>
    relu(conditionalNorm(map, labels, weights[`${name}/gain`] as Tensor2D, weights[`${name}/shift`] as Tensor2D));
  let map = activated(
    "seed",
    tf.reshape(tf.matMul(latent, weights["seed/kernel"] as Tensor2D), [n, y, x, channels(doublings)]),
  );
  for (let at = doublings; at > 0; at--) {
    [y, x] = [2 * y, 2 * x];
    const kernel = weights[`up${at}/kernel`] as Tensor4D;
    map = activated(`up${at}`, tf.conv2dTranspose(map, kernel, [n, y, x, channels(at - 1)], 2, "same"));
  }
  // Sizes that are no multiple of the smallest map's are cut out of the middle.
  const cut = tf.slice(map, [0, (y - h) >> 1, (x - w) >> 1, 0], [n, h, w, channels(0)]);
  const colours = tf.conv2d(cut, weights["image/kernel"] as Tensor4D, 1, "same");
  return tf.tanh(tf.add(colours, weights["image/bias"]!));
}

/** Every kernel over its spectral norm; the rest as it is. */
export function normalized(weights: Named, vectors: Readonly<Record<string, Singular>>): Named {
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => {
      const found = vectors[name];
      return [name, found ? tf.div(weight, spectralNorm(matrixOf(weight), found)) : weight];
    }),
  );
}
export const isKernel = (name: string): boolean => name.endsWith("/kernel");

/**
 * The projection discriminator (Miyato and Koyama 2018, equation 3): convolutions of stride 2, summed over places to features φ;
 * the score is ψ(φ) + ⟨class, φ⟩.
 *
 * @param weights its kernels over their spectral norms
 * @param images [n, h, w, c], black −1 and white 1
 * @param labels [n, classes]
 * @returns [n], above 0 where it takes them for real
 */
export function judge(weights: Named, images: Tensor4D, labels: Tensor2D, { doublings }: Layout): Tensor1D {
  const layer = (x: Tensor4D, name: string, strides: number): Tensor4D =>
    tf.leakyRelu(
      tf.add(tf.conv2d(x, weights[`${name}/kernel`] as Tensor4D, strides, "same"), weights[`${name}/bias`]!),
      0.1,
    );
  let map = layer(images, "image", 1);
  for (let at = 1; at <= doublings; at++) map = layer(map, `down${at}`, 2);
  const features = tf.sum(map, [1, 2]) as Tensor2D;
  const score = tf.add(tf.matMul(features, weights["score/kernel"] as Tensor2D), weights["score/bias"]!);
  const projected = tf.sum(tf.mul(tf.matMul(labels, weights["class/kernel"] as Tensor2D), features), 1, true);
  return tf.reshape(tf.add(score, projected), [-1]);
}
