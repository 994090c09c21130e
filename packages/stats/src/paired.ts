import { Z95 } from "./intervals.ts";
import { bisect, incompleteBeta } from "./special.ts";

/** `better` and `worse`: by more than chance. `too-few-images`: the images could not have shown a useful change. */
export type Verdict = "better" | "worse" | "no-difference" | "too-few-images";

/**
 * On the same images: how many the second model `fixed` (the first was wrong, the second right), and how many it newly
 * `broken` (the other way round).
 */
export function pairedCounts(
  baselineWrong: ArrayLike<boolean | number>,
  regimenWrong: ArrayLike<boolean | number>,
): { fixed: number; broken: number; images: number } {
  const images = baselineWrong.length;
  if (regimenWrong.length !== images) {
    throw new RangeError(`got answers on ${images} and on ${regimenWrong.length} images; expected the same images`);
  }
  let fixed = 0;
  let broken = 0;
  for (let i = 0; i < images; i++) {
    if (baselineWrong[i] && !regimenWrong[i]) fixed++;
    if (!baselineWrong[i] && regimenWrong[i]) broken++;
  }
  return { fixed, broken, images };
}

/**
 * Exact two-sided p of McNemar's test, 0..1: how often equally good models would differ at least this unevenly.
 * Source: McNemar 1947, "Note on the Sampling Error of the Difference Between Correlated Proportions", with the binomial
 * distribution itself instead of its approximation.
 */
export function mcnemar(fixed: number, broken: number): number {
  const n = fixed + broken;
  const k = Math.min(fixed, broken);
  if (2 * k === n) return 1;
  // P(X ≤ k) of a binomial of n and ½ is I_½(n − k, k + 1).
  return Math.min(1, 2 * incompleteBeta(0.5, n - k, k + 1));
}

/**
 * 95 % interval of baseline error − Regimen's error, −1..1, from counts of the same `images` ≥ 1.
 * It stays inside −1..1 and holds its coverage with few images and without any disagreement, where Wald's has width 0.
 * Source: Tango 1998, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
 * design", Statistics in Medicine 17, equations for the score statistic and its restricted estimate.
 */
export function tangoInterval(fixed: number, broken: number, images: number): [number, number] {
  if (images === 0) throw new RangeError("an interval over 0 images is not defined; pass at least one");
  const n = images;
  const score = (delta: number) => {
    // The most likely share of `broken`, given that the shares differ by delta.
    const b = -fixed - broken + (2 * n - fixed + broken) * delta;
    const c = -broken * delta * (1 - delta);
    const q = (Math.sqrt(Math.max(0, b * b - 8 * n * c)) - b) / (4 * n);
    const variance = n * (2 * q + delta * (1 - delta));
    const gap = fixed - broken - n * delta;
    return variance > 0 ? gap / Math.sqrt(variance) : Math.sign(gap) * Infinity;
  };
  const estimate = (fixed - broken) / n;
  // The score falls as delta rises.
  return [bisect((delta) => Z95 - score(delta), -1, estimate), bisect((delta) => -Z95 - score(delta), estimate, 1)];
}

/** `tangoInterval` of two models' mistakes on the same images: truthy where the answer was wrong. */
export function pairedInterval(
  baselineWrong: ArrayLike<boolean | number>,
  regimenWrong: ArrayLike<boolean | number>,
): [number, number] {
  const { fixed, broken, images } = pairedCounts(baselineWrong, regimenWrong);
  return tangoInterval(fixed, broken, images);
}

/**
 * The smallest change of the error, as a share of the images, that these images could well have told from chance: 80 %
 * power at the 5 % level, 2.8 = 1.96 + 0.84 standard errors (Connor 1987, "Sample Size for Testing Differences in
 * Proportions for the Paired-Sample Design"); and never less than 6 images, the fewest that McNemar's exact test can
 * call more than chance.
 */
export function detectableChange(fixed: number, broken: number, images: number): number {
  return Math.max(2.8 * Math.sqrt(fixed + broken), 6) / images;
}

/**
 * About how many images would well show a change of the size that was seen; infinite where none was seen.
 * Power, level and source as in `detectableChange`.
 */
export function imagesNeeded(fixed: number, broken: number, images: number): number {
  return (7.85 * (fixed + broken) * images) / (fixed - broken) ** 2;
}

/**
 * What a comparison on the same images shows. By more than chance (exact McNemar, p < 0.05): `better` or `worse`.
 * Else `too-few-images` where the images could not even have shown that the baseline's error was halved, nor a change of
 * one percentage point; else `no-difference`.
 *
 * @param seen `baselineError`: 0..1, on these images.
 */
export function verdict(seen: { fixed: number; broken: number; images: number; baselineError: number }): Verdict {
  const { fixed, broken, images, baselineError } = seen;
  if (mcnemar(fixed, broken) < 0.05) return fixed > broken ? "better" : "worse";
  return detectableChange(fixed, broken, images) > Math.max(0.01, baselineError / 2)
    ? "too-few-images"
    : "no-difference";
}
