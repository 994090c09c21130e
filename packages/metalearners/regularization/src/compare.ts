import { binomialTail } from "@regimen/stats";
import type { Table } from "@regimen/core";

type Column = Table["columns"][string];
/** Answers of a model: features [rows, d] and probabilities [rows, classes]. */
export type View = { readonly rows: number; readonly features: Column; readonly probabilities: Column };

/** Images of class `from` that were right, and of these the ones that are now taken for `to`. */
export type Flip = {
  readonly from: number;
  readonly to: number;
  readonly flipped: number;
  readonly of: number;
  /** The share that is taken for `to` as it is, or that harmless changes flip; 0.05 at least. */ readonly harmless: number;
  /** Of so many flips or more, if the change were harmless: a binomial's tail. */ readonly p: number;
};
export type Comparison = {
  readonly images: number;
  /** How many of them were held out. All but `flip` and `right` is of these alone. */ readonly heldOut: number;
  /** Mean loss of the images as they are, in nats. */ readonly loss: number;
  /** Mean rise of the loss, in nats, and its standard error. */ readonly rise: number;
  readonly riseError: number;
  /** Share of the images that were right and still are. */ readonly kept: number;
  /** Fréchet distance of the features with diagonal covariances, over their total variance. */ readonly shift: number;
  /** The least likely of all directed flips; null where nothing flipped. */ readonly flip: Flip | null;
  /** Right images a class: what the evidence can be made of. */ readonly right: readonly number[];
};

/** A flip rate below which nothing is held against a transform. */
const TOLERATED = 0.05;

/**
 * What a change does to a model's answers, image by image. `labels`: class numbers; `harmless`: the answers after a change that hurts
 * nobody. `forgiving`: the mistakes that the model makes anyway are not held against the change. `heldOut`: how many rows, the first ones,
 * the model has not learnt from; it knows the others too well to tell its mistakes, but not to be turned to another class.
 */
export function compareViews(
  before: View,
  after: View,
  labels: Int32Array,
  {
    harmless,
    forgiving = true,
    heldOut = before.rows,
  }: { readonly harmless?: View | undefined; readonly forgiving?: boolean; readonly heldOut?: number } = {},
): Comparison {
  const { rows } = before;
  const classes = before.probabilities.width;
  const was = predictions(before);
  const is = predictions(after);
  const moved = harmless && predictions(harmless);
  const unseen = [before, after].map((view) => firstOf(view, heldOut)) as [View, View];
  const [lost, loses] = unseen.map((view) => lossesOf(view, labels)) as [Float64Array, Float64Array];
  const rises = loses.map((loss, row) => loss - lost[row]!);
  const right = Array.from({ length: classes }, () => 0);
  const rightUnseen = Array.from({ length: classes }, () => 0);
  const flips = Array.from({ length: classes * classes }, () => 0);
  const expected = Array.from({ length: classes * classes }, () => 0);
  /** What the model takes for what, unchanged: a weak one flips along its own mistakes, whatever is done to an image. */
  const mistaken = Array.from({ length: classes * classes }, () => 0);
  let [correct, kept] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    const isUnseen = row < heldOut;
    if (was[row] !== label) {
      if (isUnseen) mistaken[label * classes + was[row]!]!++;
      continue;
    }
    right[label]!++;
    if (isUnseen) {
      correct++;
      rightUnseen[label]!++;
      if (is[row] === label) kept++;
    }
    flips[label * classes + is[row]!]!++;
    if (moved) expected[label * classes + moved[row]!]!++;
  }
  let flip: Flip | null = null;
  for (let from = 0; from < classes; from++) {
    const all = rightUnseen[from]! + sum(mistaken.slice(from * classes, (from + 1) * classes));
    for (let to = 0; to < classes; to++) {
      const at = from * classes + to;
      const flipped = flips[at]!;
      if (from === to || !flipped) continue;
      const of = right[from]!;
      const rate = Math.max(TOLERATED, expected[at]! / of, forgiving && all ? mistaken[at]! / all : 0);
      const p = binomialTail(flipped, of, rate);
      if (!flip || p < flip.p) flip = { from, to, flipped, of, harmless: rate, p };
    }
  }
  const { mean, error } = meanOf(rises);
  return {
    images: rows,
    heldOut,
    loss: meanOf(lost).mean,
    rise: mean,
    riseError: error,
    kept: correct ? kept / correct : 1,
    shift: frechet(...unseen),
    flip,
    right,
  };
}

const firstOf = ({ features, probabilities }: View, rows: number): View => ({
  rows,
  features: { ...features, values: features.values.subarray(0, rows * features.width) },
  probabilities: { ...probabilities, values: probabilities.values.subarray(0, rows * probabilities.width) },
});

/** Cross entropy of each image, in nats. */
const lossesOf = ({ rows, probabilities: { width, values } }: View, labels: Int32Array): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => -Math.log(Math.max(1e-7, values[row * width + labels[row]!]!)));

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function predictions({ rows, probabilities: { width, values } }: View): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let k = 1; k < width; k++) if (values[row * width + k]! > values[row * width + best]!) best = k;
    return best;
  });
}

function meanOf(values: Float64Array): { mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0 };
}

/** ‖μ − μ′‖² + Σ (σ − σ′)², over Σ σ²: covariances shrunk to their diagonals, since there are few images. */
function frechet(before: View, after: View): number {
  const [a, b] = [moments(before), moments(after)];
  let [distance, total] = [0, 0];
  for (const [at, mean] of a.mean.entries()) {
    distance += (mean - b.mean[at]!) ** 2 + (a.deviation[at]! - b.deviation[at]!) ** 2;
    total += a.deviation[at]! ** 2;
  }
  return total ? distance / total : 0;
}
function moments({ rows, features: { width, values } }: View): { mean: Float64Array; deviation: Float64Array } {
  const [mean, deviation] = [new Float64Array(width), new Float64Array(width)];
  for (let at = 0; at < values.length; at++) mean[at % width]! += values[at]! / rows;
  for (let at = 0; at < values.length; at++) deviation[at % width]! += (values[at]! - mean[at % width]!) ** 2 / rows;
  return { mean, deviation: deviation.map(Math.sqrt) };
}
