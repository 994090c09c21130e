import { createRng, type Evaluation, type Prediction } from "@regimen/contracts";
import { meanInterval } from "./intervals.ts";
import { averagePrecision } from "./ranking.ts";

/** Whether answers are not just right or wrong: each image has an error of its own, or several labels. */
export const isGraded = ({ predictions }: Evaluation): boolean =>
  predictions.some(({ error, several }) => error !== undefined || several !== undefined);

export type GradedDifference = {
  /** 95 % of before − after; null where there are fewer than two images to tell. */
  readonly interval: readonly [number, number] | null;
  readonly verdict: "better" | "worse" | "no-difference" | "too-few-images";
};

/** Below so many images an interval of means says little. */
const ENOUGH = 10;

/**
 * Whether one model's error is smaller than another's on the same images. Independent labels: the difference of 1 − mean
 * average precision, by resampling the images (a paired bootstrap). Else the mean difference of the images' own errors.
 */
export function gradedDifference(before: Evaluation, after: Evaluation): GradedDifference {
  const pairs = before.predictions.flatMap((then, at) => {
    const now = after.predictions[at]!;
    return typeof then.error === "number" && typeof now.error === "number" ? [{ then, now }] : [];
  });
  if (pairs.length < ENOUGH) return { interval: null, verdict: "too-few-images" };
  const interval = pairs.every(({ now }) => now.several)
    ? bootstrapped(pairs)
    : own(pairs.map(({ then, now }) => then.error! - now.error!));
  const [lo, hi] = interval;
  return { interval, verdict: lo > 0 ? "better" : hi < 0 ? "worse" : "no-difference" };
}

const own = (differences: readonly number[]): readonly [number, number] => {
  const { lo, hi } = meanInterval(differences);
  return [lo, hi];
};

type Pair = { readonly then: Prediction; readonly now: Prediction };
const RESAMPLES = 500;

/** Percentiles of the difference over resamples; the same images always give the same interval. */
function bootstrapped(pairs: readonly Pair[]): readonly [number, number] {
  const rng = createRng("graded");
  const found = Array.from({ length: RESAMPLES }, () => {
    const drawn = pairs.map(() => pairs[rng.int(pairs.length)]!);
    return meanError(drawn.map(({ then }) => then)) - meanError(drawn.map(({ now }) => now));
  }).sort((a, b) => a - b);
  return [found[Math.floor(0.025 * RESAMPLES)]!, found[Math.ceil(0.975 * RESAMPLES) - 1]!];
}

/** 1 − mean average precision over the classes that any of these has. */
function meanError(of: readonly Prediction[]): number {
  const k = of[0]!.probabilities.length;
  const each = Array.from({ length: k }, (_, c) =>
    averagePrecision(
      of.map(({ probabilities }) => probabilities[c]!),
      of.map(({ several }) => several!.labels![c]!),
    ),
  ).filter((area) => area !== null);
  return each.length ? 1 - each.reduce((sum, area) => sum + area, 0) / each.length : 1;
}
