import { createRng, type Evaluation, type Report } from "@regimen/contracts";
import { meanInterval } from "./intervals.ts";

/** Whether answers are not just right or wrong: each image has an error of its own, or several labels. */
export const isGraded = ({ predictions }: Evaluation): boolean =>
  predictions.some(({ error, several }) => error !== undefined || several !== undefined);

export type GradedDifference = {
  /** 95 % of before − after; null where there are too few images to tell. */
  readonly interval: readonly [number, number] | null;
  readonly verdict: "better" | "worse" | "no-difference" | "too-few-images";
  /** Images whose own error fell, and rose. */ readonly improved: number;
  readonly worsened: number;
};

/** Below so many images an interval says little. */
const ENOUGH = 10;
/** Errors of an image that differ less are the same. */
const SAME = 1e-6;
const RESAMPLES = 1000;

/**
 * Whether one model's error is smaller than another's on the same images: percentiles of the difference over resamples of the
 * images (Efron 1979's bootstrap, paired), or where a task cannot say the error of resampled images, the mean difference of
 * the images' own errors.
 */
export function gradedDifference(before: Evaluation, after: Evaluation): GradedDifference {
  const differences = after.predictions.map(({ error }, at) => {
    const then = before.predictions[at]?.error;
    return typeof then === "number" && typeof error === "number" ? then - error : null;
  });
  const known = differences.filter((difference) => difference !== null);
  const counts = {
    improved: known.filter((difference) => difference > SAME).length,
    worsened: known.filter((difference) => difference < -SAME).length,
  };
  if (known.length < ENOUGH) return { interval: null, verdict: "too-few-images", ...counts };
  const rows = differences.flatMap((difference, row) => (difference === null ? [] : [row]));
  const [lo, hi] = before.errorOf && after.errorOf ? bootstrapped(before, after, rows) : own(known);
  return { interval: [lo, hi], verdict: lo > 0 ? "better" : hi < 0 ? "worse" : "no-difference", ...counts };
}

const own = (differences: readonly number[]): readonly [number, number] => {
  const { lo, hi } = meanInterval(differences);
  return [lo, hi];
};

/** The same images always give the same interval. */
function bootstrapped(before: Evaluation, after: Evaluation, rows: readonly number[]): readonly [number, number] {
  const rng = createRng("graded");
  const counts = new Float64Array(after.predictions.length);
  const found: number[] = [];
  for (let turn = 0; turn < RESAMPLES; turn++) {
    counts.fill(0);
    for (let drawn = 0; drawn < rows.length; drawn++) counts[rows[rng.int(rows.length)]!]!++;
    const difference = before.errorOf!(counts) - after.errorOf!(counts);
    if (!Number.isNaN(difference)) found.push(difference);
  }
  if (!found.length) return [-1, 1];
  found.sort((a, b) => a - b);
  return [found[Math.floor(0.025 * found.length)]!, found[Math.ceil(0.975 * found.length) - 1]!];
}

/** How many images the report lists: those with the largest errors. */
const WORST = 60;
/** The predictions with the largest errors, worst first; none where answers are just right or wrong. */
export function worstRows({ predictions }: Evaluation, most = WORST): number[] {
  const known = predictions.flatMap(({ error }, row) => (typeof error === "number" ? [{ row, error }] : []));
  return known
    .sort((a, b) => b.error - a.error)
    .slice(0, most)
    .map(({ row }) => row);
}
export const worstImages = (before: Evaluation | null, regimen: Evaluation): NonNullable<Report["worst"]> =>
  worstRows(regimen).map((row) => {
    const [now, then] = [regimen.predictions[row]!, before?.predictions[row]];
    return {
      id: now.id,
      error: now.error!,
      baseline: then?.error ?? null,
      image: null,
      several: now.several
        ? {
            labels: chosen(now.several.labels ?? []),
            regimen: chosen(now.several.predicted),
            baseline: then?.several ? chosen(then.several.predicted) : null,
          }
        : null,
    };
  });
const chosen = (flags: readonly number[]): number[] => flags.flatMap((flag, k) => (flag ? [k] : []));
