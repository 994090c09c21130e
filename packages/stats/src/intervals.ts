import { bisect, incompleteBeta } from "./special.ts";

/** The 97.5 % point of the standard normal distribution. */
export const Z95 = 1.959963984540054;

/**
 * 95 % interval of a share: `k` of `n`, both ends within 0..1; of nothing, 0 to 1.
 * Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
 */
export function wilson(k: number, n: number): [number, number] {
  if (n === 0) return [0, 1];
  const p = k / n;
  const z2 = Z95 * Z95;
  const middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  // The ends are exact at 0 and n; rounding may put them a hair outside.
  return [k === 0 ? 0 : Math.max(0, middle - half), k === n ? 1 : Math.min(1, middle + half)];
}

/** The 97.5 % point of Student's t distribution with `degrees` ≥ 1 degrees of freedom. */
export function studentT95(degrees: number): number {
  // P(|T| > t) = I_x(ν/2, ½) at x = ν / (ν + t²), which falls as t rises.
  return bisect((t) => 0.05 - incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5), 0, 20);
}

/**
 * The mean of paired differences with its 95 % t-interval and standard error, in the differences' own unit.
 * With a single difference nothing is known of the spread: `se` and both ends are infinite.
 */
export function meanInterval(differences: ArrayLike<number>): { mean: number; lo: number; hi: number; se: number } {
  const n = differences.length;
  if (n === 0) throw new RangeError("the mean of 0 differences is not defined; pass at least one");
  let sum = 0;
  for (let i = 0; i < n; i++) sum += differences[i]!;
  const mean = sum / n;
  if (n === 1) return { mean, lo: -Infinity, hi: Infinity, se: Infinity };
  // Two passes: the sum of squares minus the square of the sum would cancel.
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (differences[i]! - mean) ** 2;
  const se = Math.sqrt(squares / (n - 1) / n);
  const half = studentT95(n - 1) * se;
  return { mean, lo: mean - half, hi: mean + half, se };
}
