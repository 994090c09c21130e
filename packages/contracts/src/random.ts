/**
 * A named stream of random numbers on the host. `fork` depends on the names alone, never on how much was drawn,
 * so adding one technique never moves another's draws.
 */
export interface Rng {
  /** An independent stream; the same name gives the same stream. */
  fork(name: string | number): Rng;
  /** In [0, 1). */
  uniform(): number;
  /** Whole number in [0, n). */
  int(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** Beta(a, b), both > 0; in [0, 1]. */
  beta(a: number, b: number): number;
  /** The numbers 0..n-1, shuffled. */
  permutation(n: number): Int32Array;
  /** Two 32-bit words that seed a stream on the device. */
  seed(): Int32Array;
}
