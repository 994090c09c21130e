import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ImageFormat, Rng, Run, Source, Stage, Step, Weight } from "@regimen/core";
import { allowedTransforms, diffAugment, type Chances } from "./diff-augment.ts";
import { discriminatorLoss, generatorLoss } from "./losses.ts";
import {
  LATENT,
  byName,
  discriminatorWeights,
  generate,
  generatorWeights,
  isKernel,
  judge,
  layoutOf,
  normalized,
  type Layout,
} from "./networks.ts";
import { matrixOf, powerIteration, type Singular } from "./spectral-norm.ts";

/** A step of both networks: real and generated images through the discriminator, once more through both, and one generation alone. */
const COST = 3 + 1 / 3;
/** Adam's rates and moments: the discriminator learns faster (Heusel et al. 2017; Zhang et al. 2019, section 4). */
const RATES = { default: 0, generator: 5e-4, discriminator: 1e-3 } as const;
const ADAM = { beta1: 0.5, beta2: 0.99 } as const;
/** Examples of a step: a short training wants many steps rather than large ones. */
export const batchSize = ({ plan }: Pick<Run, "plan">): number => Math.min(32, plan.batch);
/** Whole steps that so many images of the plan pay for, and what they cost. */
export const stepsFor = (run: Pick<Run, "plan">, images: number): { readonly steps: number; readonly cost: number } => {
  const perStep = COST * batchSize(run);
  const steps = Math.floor(images / perStep + 1e-9);
  return { steps, cost: steps * perStep };
};
/** The averaged generator forgets half in so much of the training. */
const HALF_LIFE = 0.05;

/** A generator as it came out of its training. The caller disposes of it. */
export type Generator = {
  /** Weights averaged over the training. */ readonly weights: readonly Weight[];
  readonly layout: Layout;
  dispose(): void;
};

/** Pixels between black −1 and white 1, at the size at which the networks work; [n, h, w, c] both. */
export function toNetwork(images: Tensor4D, { range }: Pick<ImageFormat, "range">, { h, w }: Layout): Tensor4D {
  const [low, high] = range;
  const scaled = tf.sub(tf.mul(tf.sub(images, low), 2 / (high - low)), 1) as Tensor4D;
  return images.shape[1] === h && images.shape[2] === w ? scaled : tf.image.resizeBilinear(scaled, [h, w]);
}
/** And back: raw pixels of the data's size, in its range. */
export function fromNetwork(images: Tensor4D, { h, w, range }: ImageFormat): Tensor4D {
  const [low, high] = range;
  const sized = images.shape[1] === h && images.shape[2] === w ? images : tf.image.resizeBilinear(images, [h, w]);
  return tf.clipByValue(tf.add(tf.mul(tf.add(sized, 1), (high - low) / 2), low), low, high);
}

/**
 * Trains both networks on the chosen classes of `data` as one stage, for `images` of the plan.
 *
 * @param data examples of the chosen classes alone
 * @param chosen their numbers among all classes
 */
export async function trainGenerator(
  run: Run,
  data: Source,
  chosen: readonly number[],
  images: number,
): Promise<Generator> {
  const layout = layoutOf(data.format, chosen.length);
  const rng = run.rng.fork("networks");
  const [g, d] = [generatorWeights(layout, rng), discriminatorWeights(layout, rng)];
  const averaged = g.map((weight): Weight => ({
    ...weight,
    name: `averaged/${weight.name}`,
    variable: tf.tidy(() => tf.variable(weight.variable.clone(), false)),
    role: "statistic",
  }));
  const dispose = (weights: readonly Weight[]): void => weights.forEach(({ variable }) => variable.dispose());
  const batch = batchSize(run);
  try {
    await run.fit({
      name: "gan",
      data,
      cost: COST,
      plan: { images, batch, rates: RATES, schedule: { use: "constant", with: {} } },
      weights: [...g, ...d, ...averaged],
      step: adversarialStep(run, { g, d, averaged, layout, chosen, steps: images / (COST * batch) }),
    });
  } catch (error) {
    dispose(averaged);
    throw error;
  } finally {
    dispose([...g, ...d]);
  }
  return { weights: averaged, layout, dispose: () => dispose(averaged) };
}

type Pair = {
  readonly g: readonly Weight[];
  readonly d: readonly Weight[];
  readonly averaged: readonly Weight[];
  readonly layout: Layout;
  readonly chosen: readonly number[];
  readonly steps: number;
};

/** One update of the discriminator, then one of the generator, then of its average. */
export function adversarialStep(run: Pick<Run, "optimizer" | "refused" | "rng">, pair: Pair): Stage["step"] {
  const { g, d, averaged, layout, chosen, steps } = pair;
  const [forG, forD] = [run.optimizer("adam", ADAM), run.optimizer("adam", ADAM)];
  const transforms = allowedTransforms(run.refused);
  const first = run.rng.fork("singular vectors");
  const [generator, discriminator] = [byName(g), byName(d)];
  return (batch, step) => {
    const { n } = batch.shape;
    const labels = tf.gather(batch.labels, tf.tensor1d([...chosen], "int32"), 1) as Tensor2D;
    const real = toNetwork(batch.images, batch.shape, layout);
    const chances: Chances = (name) => step.uniform(name, [n]);
    const shown = (images: Tensor4D): Tensor4D => diffAugment(images, chances, transforms);
    const make = (name: string): Tensor4D =>
      generate(generator, step.normal(name, [n, LATENT]) as Tensor2D, labels, layout);
    const vectors = singularVectors(d, step, (name, size) => normals(first.fork(name), size));
    const made = make("latent of the discriminator's step");
    const both = tf.concat([shown(real), shown(made)]) as Tensor4D;
    const twice = tf.concat([labels, labels]) as Tensor2D;
    const score = (images: Tensor4D, of: Tensor2D): Tensor1D =>
      judge(normalized(discriminator, vectors), images, of, layout);
    const discriminating = step.minimize(
      () => {
        const scores = score(both, twice);
        return discriminatorLoss(tf.slice(scores, 0, n) as Tensor1D, tf.slice(scores, n, n) as Tensor1D);
      },
      d,
      forD,
    );
    const generating = step.minimize(
      () => generatorLoss(score(shown(make("latent of the generator's step")), labels)),
      g,
      forG,
    );
    average(g, averaged, step.index, steps);
    return { discriminator: discriminating, generator: generating };
  };
}

export const normals = (rng: Rng, size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.normal());

/** One round of the power method for each kernel of the discriminator, from where the last step left it. */
function singularVectors(
  weights: readonly Weight[],
  step: Step,
  random: (name: string, size: number) => Float32Array,
): Record<string, Singular> {
  const kernels = Object.entries(byName(weights)).filter(([name]) => isKernel(name));
  return Object.fromEntries(
    kernels.map(([name, kernel]) => {
      const kept = step.state(`singular/${name}`, () => tf.tensor1d(random(name, kernel.shape.at(-1)!)));
      const found = powerIteration(matrixOf(kernel), kept as Tensor as Tensor1D);
      kept.assign(found.right);
      return [name, found];
    }),
  );
}

/** Exponential moving average (Yazıcı et al. 2019), with less memory at the beginning: there is nothing yet worth keeping. */
function average(from: readonly Weight[], to: readonly Weight[], index: Scalar, steps: number): void {
  const decay = tf.minimum(0.5 ** (1 / Math.max(1, HALF_LIFE * steps)), tf.div(tf.add(index, 1), tf.add(index, 10)));
  from.forEach(({ variable }, at) => {
    const kept = to[at]!.variable;
    kept.assign(tf.add(variable, tf.mul(decay, tf.sub(kept, variable))));
  });
}
