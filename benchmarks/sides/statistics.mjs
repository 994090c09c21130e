// Means and deviations over seeds, and what paired differences say.
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) =>
  values.length > 1
    ? Math.sqrt(values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / (values.length - 1))
    : null;
/** "1.2 ± 0.3": mean and standard deviation; the mean alone of a single value. */
export const told = (values, digits, factor = 1) => {
  const sd = deviation(values);
  const shown = (value) => (factor * value).toFixed(digits);
  return sd === null ? shown(mean(values)) : `${shown(mean(values))} ± ${shown(sd)}`;
};
/** Two-sided 95 % quantiles of Student's t by degrees of freedom. */
const T95 = [Number.POSITIVE_INFINITY, 12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

/** What the difference says, by a paired t-interval over the seeds. */
export function verdict(differences) {
  const n = differences.length;
  if (n < 2) return "one seed";
  const half = (T95[Math.min(n, T95.length) - 1] * deviation(differences)) / Math.sqrt(n);
  const middle = mean(differences);
  return middle - half > 0 ? "worse" : middle + half < 0 ? "better" : "within noise";
}
