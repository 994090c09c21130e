import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { ORIGIN, type Batch, type Objective, type Step } from "@regimen/core";
import { classThresholds, confidentShares, hardLabels } from "./labels.ts";
import { strongView, weakView, type Views } from "./views.ts";

/** What the batch remembers until the loss is taken: the weights of its labelled examples, [n, 1], 0 elsewhere. */
const LABELLED = "fixmatch/labelled";

export type Recipe = "soft" | "fixmatch" | "flexmatch" | "mean-teacher";
export type How = {
  readonly recipe: Recipe;
  readonly tau: number;
  /** What the unlabelled examples' loss counts, against the labelled ones'. */ readonly weight: number;
  /** How many of a batch's last examples are unlabelled. */ readonly among: number;
  /** FlexMatch: the share of the unlabelled images that one batch shows. */ readonly shown: number;
  /** Mean Teacher: where in the training its weight begins to rise, 0 to 1. */ readonly begin: number;
};

/** How many of a batch of `n` are unlabelled where there are `ratio` times as many of them as of the others. */
export const unlabelledOf = (n: number, ratio: number): number => Math.max(1, Math.round((n * ratio) / (1 + ratio)));

/**
 * The batch with its unlabelled examples, the last `how.among`, labelled by what `answer` says to their weak views, and
 * replaced by their strong views. Each that is trusted weighs so much that `applyLoss` gives ℓ_s + λ ℓ_u; others weigh 0.
 * Examples of other origin among them stay as they are. `step`: the technique's own, with `drawViews` for `among` images.
 */
export function applyViews(
  batch: Batch,
  step: Step,
  how: How,
  views: Views,
  answer: (images: Tensor4D) => Tensor2D,
): Batch {
  const { n } = batch.shape;
  const { among, weight } = how;
  const from = n - among;
  const last = <T extends Tensor>(tensor: T): T =>
    tf.slice(tensor, [from, ...tensor.shape.slice(1).map(() => 0)], [among, ...tensor.shape.slice(1)]) as T;
  const blank = tf.equal(last(batch.origin), ORIGIN.unlabelled);
  const instead = <T extends Tensor>(whole: T, ours: Tensor): T => {
    const { shape } = ours;
    const chosen = tf.broadcastTo(tf.reshape(blank, [among, ...shape.slice(1).map(() => 1)]), shape);
    const first = tf.slice(
      whole,
      shape.map(() => 0),
      [from, ...shape.slice(1)],
    );
    return tf.concat([first, tf.where(chosen, ours, last(whole))]) as T;
  };

  const raw = last(batch.images);
  const { labels, kept } = trusted(answer(weakView(raw, step.fed)), step, how);
  const strong = strongView(
    views,
    { images: raw, warp: last(batch.warp), colour: last(batch.colour), shape: { ...batch.shape, n: among } },
    step.fed,
  );
  const labelled = instead(batch.weights, tf.zeros([among]));
  step.log("trusted", tf.mean(kept) as Scalar);
  return {
    ...batch,
    images: instead(batch.images, strong.images),
    warp: instead<Tensor2D>(batch.warp, strong.warp),
    colour: instead<Tensor3D>(batch.colour, strong.colour),
    labels: instead(batch.labels, labels),
    weights: instead(batch.weights, tf.mul(kept, tf.mul(tf.sum(labelled), weight / among))),
    also: { ...batch.also, [LABELLED]: tf.expandDims(labelled, 1) },
  };
}

/** Labels [n, classes], and how far each is trusted, [n]. */
function trusted(
  probabilities: Tensor2D,
  step: Step,
  { recipe, tau, shown, begin }: How,
): { readonly labels: Tensor2D; readonly kept: Tensor1D } {
  const [rows, classes] = probabilities.shape;
  switch (recipe) {
    case "soft":
      return { labels: probabilities, kept: tf.ones([rows]) };
    case "fixmatch":
      return hardLabels(probabilities, tau);
    case "flexmatch": {
      // A moving mean as long as one pass over the unlabelled images, instead of each one's last answer.
      const shares = step.state("shares", () => tf.zeros([classes]));
      const answer = hardLabels(probabilities, classThresholds(shares as Tensor as Tensor1D, tau));
      shares.assign(tf.add(shares, tf.mul(shown, tf.sub(confidentShares(probabilities, tau), shares))) as Tensor);
      return answer;
    }
    case "mean-teacher":
      return { labels: probabilities, kept: tf.mul(tf.ones([rows]), rampUp(step.progress, begin)) as Tensor1D };
  }
}

/** exp(−5 (1 − t)²) while t goes from 0 to 1 in the first third of what is left after `begin` (Tarvainen & Valpola 2017, section 3). */
export function rampUp(progress: Scalar, begin: number): Scalar {
  const t = tf.clipByValue(tf.div(tf.sub(progress, begin), (1 - begin) / 3), 0, 1);
  return tf.exp(tf.mul(-5, tf.square(tf.sub(1, t)))) as Scalar;
}

/**
 * ℓ_s + λ ℓ_u (Sohn 2020, equations 3 and 4): both are means over all examples of their kind, trusted or not. Mean Teacher's ℓ_u is the
 * squared distance of the two distributions (Tarvainen & Valpola 2017, section 2). A loss that comes as one number is left as it is.
 */
export const applyLoss =
  (inner: Objective, recipe: Recipe): Objective =>
  (seen, batch, step) => {
    const losses = inner(seen, batch, step);
    const labelled = batch.also[LABELLED];
    if (losses.rank === 0 || !labelled) return losses;
    const own = recipe === "mean-teacher" ? consistency(losses as Tensor1D, seen.outputs as Tensor2D, batch) : losses;
    return tf.div(tf.sum(tf.mul(own, batch.weights)), tf.maximum(tf.sum(labelled), 1e-12)) as Scalar;
  };

function consistency(losses: Tensor1D, outputs: Tensor2D, { origin, labels }: Batch): Tensor1D {
  const distance = tf.sum(tf.square(tf.sub(tf.softmax(outputs), labels)), 1) as Tensor1D;
  return tf.where(tf.equal(origin, ORIGIN.unlabelled), distance, losses) as Tensor1D;
}
