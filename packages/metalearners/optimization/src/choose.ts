/** What the measurements mean. Pure. */

/** A batch this fast is fast enough. */
const FAST_ENOUGH = 0.9;
/** Weight of the past in the smoothed loss. */
const SMOOTHING = 0.8;

/** The smallest batch that reaches 90 % of the best throughput. */
export function enough(sizes: readonly number[], imagesPerSecond: readonly number[]): number | undefined {
  const best = Math.max(...imagesPerSecond);
  return sizes.find((_, at) => imagesPerSecond[at]! >= FAST_ENOUGH * best);
}

/** The peak rate that a range test suggests, where its loss was lowest; undefined where its loss never fell by a tenth of what it was. */
export function peakRate(rates: readonly number[], losses: readonly (number | null)[]): number | undefined {
  let [mean, best, at] = [0, Number.POSITIVE_INFINITY, -1];
  const first = losses[0];
  for (const [step, loss] of losses.entries()) {
    if (loss === null) break;
    mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
    // The moving average of what began at 0, corrected.
    const smooth = mean / (1 - SMOOTHING ** (step + 1));
    if (smooth < best) [best, at] = [smooth, step];
  }
  if (first == null || at < 0 || best > 0.9 * first) return undefined;
  return rates[at]!;
}

/** By which factor a usual rate, and one that a range test suggests, are off: standard deviations of the logarithm. */
const OFF = { usual: Math.log(2), tested: Math.log(3) } as const;
/** No rate so many times that with the lowest loss is borne, however usual it is: a test's loss explodes soon behind it. */
const BORNE = 3;
/** The likeliest rate where one is usual and another was suggested: each weighs by its precision, in logarithms. */
export function between(usual: number, tested: number): number {
  const [a, b] = [OFF.usual ** -2, OFF.tested ** -2];
  return Math.min(BORNE * tested, Math.exp((a * Math.log(usual) + b * Math.log(tested)) / (a + b)));
}

export type NoiseScale = { readonly scale: number | null; readonly signal: number; readonly noise: number };
/**
 * The gradient noise scale (McCandlish 2018, appendix A.1): S / |G|², with |G|² = (B|G_B|² − b|G_b|²)/(B − b) and
 * S = (|G_b|² − |G_B|²)/(1/b − 1/B). `small` and `large`: mean squared norms of gradients of batches of `part` and `whole`
 * images, averaged before the division. Null where the signal drowns.
 */
export function noiseScale(of: {
  readonly part: number;
  readonly small: number;
  readonly whole: number;
  readonly large: number;
}): NoiseScale {
  const { part, small, whole, large } = of;
  const signal = (whole * large - part * small) / (whole - part);
  const noise = (small - large) / (1 / part - 1 / whole);
  return { scale: signal > 0 && noise > 0 ? noise / signal : null, signal, noise };
}

/**
 * The power of two next to half a noise scale, between 16 and `most`. A batch of B needs 1 + B / scale times as many images as the
 * smallest would (McCandlish 2018, section 2.2), and images are what a plan has; smaller ones waste time.
 */
export const batchFor = (scale: number, most: number): number =>
  Math.min(most, Math.max(16, 2 ** Math.round(Math.log2(scale / 2))));
