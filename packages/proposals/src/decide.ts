/** Standard deviation of a short training's validation loss between seeds, as a share of the loss (0.018 of 1 measured). */
const NOISE = 0.02;
/** Chance of taking a policy that is no better than the base, where nothing is. */
const ALPHA = 0.2;

/**
 * How far below the base's mean loss the best of `candidates` losses must lie before it counts as better. The noise is what
 * was measured elsewhere, or what two trainings of the base (`again`) show, if that is more; the level is divided by the
 * number of candidates (Bonferroni), with the tail bound P(z > t) ≤ ½ exp(−t²/2) in place of a quantile.
 */
export function margin(how: {
  readonly base: number;
  readonly again?: { readonly first: number; readonly second: number };
  readonly candidates: number;
}): number {
  const { base, again, candidates } = how;
  const shown = again ? Math.abs(again.first - again.second) / Math.SQRT2 : 0;
  const noise = Math.max(NOISE * Math.abs(base), shown);
  return Math.SQRT2 * noise * Math.sqrt(2 * Math.log(Math.max(1, candidates) / (2 * ALPHA)));
}
