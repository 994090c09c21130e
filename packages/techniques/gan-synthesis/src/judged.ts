import type { Table } from "@regimen/core";

type Column = Table["columns"][string];
const rowOf = ({ values, width }: Column, row: number): Float32Array => values.subarray(row * width, (row + 1) * width);

/** The class numbers' log-probabilities [rows, classes] of logits. */
function logProbabilities({ values, width }: Column): Column {
  const out = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += width) {
    const row = values.subarray(from, from + width);
    const top = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const log = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    for (let at = 0; at < width; at++) out[from + at] = row[at]! - log;
  }
  return { values: out, width };
}

/** The share of rows whose most likely class is the one asked for. */
export function recognised(logits: Column, asked: ArrayLike<number>): number {
  let right = 0;
  for (let row = 0; row < asked.length; row++) right += Number(answer(rowOf(logits, row)) === asked[row]);
  return right / asked.length;
}
const answer = (row: Float32Array): number =>
  row.indexOf(row.reduce((most, value) => Math.max(most, value), -Infinity));

/** How two classifiers compare on the same images, each class counting the same. */
export type Comparison = {
  /** By how many nats the second one's cross entropy is lower. */ readonly gain: number;
  /** The standard error of that. */ readonly error: number;
  /** Right answers on the classes in question. */ readonly right: readonly [number, number];
};

/**
 * Pairs two classifiers image by image: a difference that both share cancels out.
 *
 * @param without logits [rows, classes]
 * @param within logits [rows, classes]
 * @param truth [rows], class numbers; −1 for none
 * @param chosen the classes whose right answers are counted
 */
export function compare(
  without: Column,
  within: Column,
  truth: ArrayLike<number>,
  chosen: readonly number[],
): Comparison {
  const [before, after] = [logProbabilities(without), logProbabilities(within)];
  const gains = new Map<number, number[]>();
  const right: [number, number] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    const label = truth[row]!;
    if (label < 0) continue;
    const gain = rowOf(after, row)[label]! - rowOf(before, row)[label]!;
    gains.set(label, [...(gains.get(label) ?? []), gain]);
    if (!chosen.includes(label)) continue;
    right[0] += Number(answer(rowOf(before, row)) === label);
    right[1] += Number(answer(rowOf(after, row)) === label);
  }
  const groups = [...gains.values()];
  const means = groups.map(mean);
  const freedom = groups.reduce((sum, group) => sum + group.length - 1, 0);
  const squares = groups.reduce((sum, group, at) => sum + group.reduce((s, x) => s + (x - means[at]!) ** 2, 0), 0);
  // One variance for all classes, since a rare class may have a single image.
  const variance = freedom > 0 ? squares / freedom : Number.POSITIVE_INFINITY;
  const error = Math.sqrt(variance * groups.reduce((sum, group) => sum + 1 / group.length, 0)) / groups.length;
  return { gain: mean(means), error, right };
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Rows that a distance looks at: the work grows with their square. */
const MOST = 256;

/**
 * How far two sets of images lie apart in a classifier's features: the unbiased squared maximum mean discrepancy with the kernel
 * (xᵀy / d + 1)³ of the kernel inception distance (Bińkowski et al. 2018, section 4), over features of our own classifier; it
 * compares generators within one run, and is not to be compared with an FID or KID. About 0 for two samples of one set.
 *
 * @param a features [rows, d]; the first 256 are looked at
 * @param b features [rows, d]
 */
export function featureDistance(a: Column, b: Column): number | null {
  const [m, n] = [a, b].map(({ values, width }) => Math.min(MOST, values.length / width)) as [number, number];
  if (m < 2 || n < 2) return null;
  const kernel = (x: Float32Array, y: Float32Array): number =>
    (x.reduce((sum, value, at) => sum + value * y[at]!, 0) / a.width + 1) ** 3;
  const among = (of: Column, count: number): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) sum += kernel(rowOf(of, i), rowOf(of, j));
    return (2 * sum) / (count * (count - 1));
  };
  let between = 0;
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) between += kernel(rowOf(a, i), rowOf(b, j));
  return among(a, m) + among(b, n) - (2 * between) / (m * n);
}
