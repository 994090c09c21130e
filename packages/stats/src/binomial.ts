import { incompleteBeta } from "./special.ts";

/** P(X ≥ k) for a binomial of `n` trials at `rate`: 0..1, exact (Abramowitz and Stegun 26.5.24). */
export const binomialTail = (k: number, n: number, rate: number): number =>
  k <= 0 ? 1 : k > n ? 0 : incompleteBeta(rate, k, n - k + 1);
