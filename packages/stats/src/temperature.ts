/** Temperatures beyond these say that there is too little to fit. */
const [COLD, HOT] = [0.05, 20];

/**
 * The temperature T in [0.05, 20] at which the cross entropy of softmax(logits / T) is smallest. In β = 1 / T it is convex, with
 * the derivative mean(E_p[z] − Σ y z) and the second mean(Var_p[z]): Newton's steps, and bisection where one leaves the bracket.
 * `logits`, `labels`: [n, classes]; rows of NaN labels are left out. 1 where every temperature is as good, or no row has a label.
 */
export function fitTemperature(logits: Float32Array, labels: Float32Array, classes: number): number {
  const known = Array.from({ length: labels.length / classes }, (_, row) => row * classes).filter(
    (at) => !Number.isNaN(labels[at]),
  );
  const slopes = (beta: number): readonly [number, number] => {
    let [first, second] = [0, 0];
    for (const at of known) {
      const z = logits.subarray(at, at + classes);
      const top = z.reduce((a, b) => Math.max(a, b));
      let [sum, mean, square, truth] = [0, 0, 0, 0];
      for (let k = 0; k < classes; k++) {
        // Logits relative to the largest: their level is in neither slope.
        const own = z[k]! - top;
        const p = Math.exp(beta * own);
        sum += p;
        mean += p * own;
        square += p * own * own;
        truth += labels[at + k]! * own;
      }
      first += mean / sum - truth;
      second += square / sum - (mean / sum) ** 2;
    }
    return [first / known.length, second / known.length];
  };
  let [lo, hi, beta] = [1 / HOT, 1 / COLD, 1];
  if (!known.length || slopes(1).every((slope) => Math.abs(slope) < 1e-12)) return 1;
  for (let round = 0; round < 100 && hi - lo > 1e-9 * beta; round++) {
    const [first, second] = slopes(beta);
    if (first > 0) hi = beta;
    else lo = beta;
    const newton = beta - first / second;
    const next = newton > lo && newton < hi ? newton : (lo + hi) / 2;
    if (Math.abs(next - beta) < 1e-10 * beta) break;
    beta = next;
  }
  return 1 / beta;
}
