import { RegimenError } from "@regimen/contracts";
import { minimize } from "./lbfgs.ts";

/** What a backbone made of some images, and their classes. */
export type Features = {
  /** [rows, width], row after row */ readonly values: Float32Array;
  readonly width: number;
  /** [rows], class numbers; below 0: no label, and the row is passed over. */ readonly labels: ArrayLike<number>;
};
/** `error`: share of wrong answers, 0..1. `loss`: mean cross entropy in nats. */
export type Probed = { readonly error: number; readonly loss: number };

/**
 * What features are worth to a linear classifier: multinomial logistic regression with a small L2 penalty on `train`, by
 * full-batch L-BFGS to its minimum, measured on `test` (Zhang et al. 2016; Chen et al. 2020, section 2.3). Features are
 * standardised by the training rows. On the host, deterministic. Errors: REG_DATA_EMPTY, REG_DATA_MISMATCH.
 *
 * @param penalty times ½‖W‖², beside the mean cross entropy; biases are free
 */
export function linearProbe(
  train: Features,
  test: Features,
  classes: number,
  { penalty = 1e-3 }: { readonly penalty?: number } = {},
): Probed {
  const [fitted, judged] = [labelled(train), labelled(test)];
  const { width } = fitted;
  if (judged.width !== width)
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `the probe got features of ${width} and of ${judged.width} values; take both from one model`,
    );
  const standardise = scaler(fitted);
  const x = standardise(fitted.values);
  const weights = minimize(
    (parameters, gradient) => {
      const loss = crossEntropy(x, fitted.labels, parameters, { width, classes, gradient });
      let norm = 0;
      for (let i = 0; i < width * classes; i++) {
        norm += parameters[i]! ** 2;
        gradient[i]! += penalty * parameters[i]!;
      }
      return loss + (penalty / 2) * norm;
    },
    (width + 1) * classes,
  );
  const wrong = { rows: 0 };
  const loss = crossEntropy(standardise(judged.values), judged.labels, weights, { width, classes, wrong });
  return { error: wrong.rows / judged.labels.length, loss };
}

/** The rows that have a label. */
export function labelled({ values, width, labels }: Features): {
  readonly values: Float32Array;
  readonly width: number;
  readonly labels: Int32Array;
} {
  const rows = Array.from(labels, (label, row) => (label >= 0 ? row : -1)).filter((row) => row >= 0);
  if (!rows.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `none of ${labels.length} images has a label; a probe needs labelled ones`,
    );
  const kept = new Float32Array(rows.length * width);
  rows.forEach((row, at) => kept.set(values.subarray(row * width, (row + 1) * width), at * width));
  return { values: kept, width, labels: Int32Array.from(rows, (row) => labels[row]!) };
}

function scaler({ values, width }: { readonly values: Float32Array; readonly width: number }) {
  const rows = values.length / width;
  const [mean, squares] = [new Float64Array(width), new Float64Array(width)];
  values.forEach((value, i) => (mean[i % width]! += value / rows));
  values.forEach((value, i) => (squares[i % width]! += (value - mean[i % width]!) ** 2 / rows));
  // A feature that never varies says nothing, whatever it does on other images.
  const scale = squares.map((variance) => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 0));
  return (of: Float32Array): Float64Array =>
    Float64Array.from(of, (value, i) => (value - mean[i % width]!) * scale[i % width]!);
}

/** Mean over the rows. `parameters`: [width + 1, classes], biases last. `gradient` is overwritten. */
function crossEntropy(
  x: Float64Array,
  labels: Int32Array,
  parameters: Float64Array,
  {
    width,
    classes,
    gradient,
    wrong,
  }: {
    readonly width: number;
    readonly classes: number;
    readonly gradient?: Float64Array;
    readonly wrong?: { rows: number };
  },
): number {
  const rows = labels.length;
  const logits = new Float64Array(classes);
  gradient?.fill(0);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < classes; k++) logits[k] = parameters[width * classes + k]!;
    for (let j = 0; j < width; j++) {
      const value = x[row * width + j]!;
      for (let k = 0; k < classes; k++) logits[k]! += value * parameters[j * classes + k]!;
    }
    const label = labels[row]!;
    const top = logits.reduce((a, b) => Math.max(a, b));
    const own = logits[label]!;
    if (wrong && own < top) wrong.rows++;
    let total = 0;
    for (let k = 0; k < classes; k++) total += logits[k] = Math.exp(logits[k]! - top);
    loss += (top + Math.log(total) - own) / rows;
    if (!gradient) continue;
    for (let k = 0; k < classes; k++) logits[k] = (logits[k]! / total - (k === label ? 1 : 0)) / rows;
    for (let j = 0; j < width; j++) {
      const value = x[row * width + j]!;
      for (let k = 0; k < classes; k++) gradient[j * classes + k]! += value * logits[k]!;
    }
    for (let k = 0; k < classes; k++) gradient[width * classes + k]! += logits[k]!;
  }
  return loss;
}
