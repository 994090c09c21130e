import type { Evaluation } from "@regimen/core";
import { gradedDifference, isGraded, meanInterval, studentT95 } from "@regimen/stats";

/** One seed's two trainings, on the same images in the same order. */
export type Pair = { readonly plain: Evaluation; readonly with: Evaluation };
/** `difference`: with − plain; below 0 the technique helps. `interval`: 95 %. */
export type Difference = {
  readonly plain: number;
  readonly with: number;
  readonly difference: number;
  readonly interval: readonly [number, number];
};
export type Verdict = "helps" | "hurts" | "no-difference";

/** A probability of 0 costs so much and no more. */
const LEAST = 1e-7;

const losses = ({ predictions }: Evaluation): number[] =>
  predictions.map(({ label, probabilities }) => -Math.log(Math.max(LEAST, probabilities[label] ?? 0)));
const mistakes = ({ predictions }: Evaluation): number[] =>
  predictions.map(({ label, predicted }) => Number(label !== predicted));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Differences image by image, averaged over the seeds. The interval knows both chances: which images there were, and which
 * seeds; the seeds' by Student's t over their means. No difference is larger than `most`.
 */
function compare(pairs: readonly Pair[], measure: (seen: Evaluation) => number[], most: number): Difference {
  const seeds = pairs.map((pair) => {
    const plain = measure(pair.plain);
    const own = measure(pair.with);
    return { plain, with: own, differences: own.map((value, image) => value - plain[image]!) };
  });
  const byImage = seeds[0]!.differences.map((_, image) => mean(seeds.map(({ differences }) => differences[image]!)));
  const images = meanInterval(byImage);
  const among = meanInterval(seeds.map(({ differences }) => mean(differences)));
  const half = Math.hypot(images.hi - images.mean, studentT95(pairs.length - 1) * among.se);
  return {
    plain: mean(seeds.flatMap(({ plain }) => plain)),
    with: mean(seeds.flatMap((seed) => seed.with)),
    difference: images.mean,
    interval: [Math.max(-most, images.mean - half), Math.min(most, images.mean + half)],
  };
}

/**
 * Where answers are more or less wrong: the task's own measure of each training, no difference larger than `most`. The seeds'
 * chance by Student's t; `images`: that of the images, half an interval.
 */
function compareGraded(pairs: readonly Pair[], measure: "error" | "loss", images: number, most: number): Difference {
  const of = (side: keyof Pair): number[] => pairs.map((pair) => pair[side][measure]);
  const [plain, own] = [of("plain"), of("with")];
  const among = meanInterval(own.map((value, at) => value - plain[at]!));
  const half = Math.hypot(images, studentT95(pairs.length - 1) * among.se);
  return {
    plain: mean(plain),
    with: mean(own),
    difference: among.mean,
    interval: [Math.max(-most, among.mean - half), Math.min(most, among.mean + half)],
  };
}
/** By resampling the images; the largest there can be where there are too few of them. */
const imagesChance = (pairs: readonly Pair[]): number =>
  mean(
    pairs.map((pair) => {
      const { interval } = gradedDifference(pair.plain, pair.with);
      return interval ? (interval[1] - interval[0]) / 2 : 1;
    }),
  );

const verdictOf = ({ interval: [lo, hi] }: Difference): Verdict =>
  hi < 0 ? "helps" : lo > 0 ? "hurts" : "no-difference";

/**
 * `verdict`: by the loss, which tells more of few images than mistakes do; by the error where that is more than right or wrong. At
 * least two pairs.
 */
export function compareAll(pairs: readonly Pair[]): { error: Difference; loss: Difference; verdict: Verdict } {
  if (isGraded(pairs[0]!.plain)) {
    const error = compareGraded(pairs, "error", imagesChance(pairs), 1);
    const loss = compareGraded(pairs, "loss", 0, Infinity);
    return { error, loss, verdict: verdictOf(error) };
  }
  const [error, loss] = [compare(pairs, mistakes, 1), compare(pairs, losses, Infinity)];
  return { error, loss, verdict: verdictOf(loss) };
}
