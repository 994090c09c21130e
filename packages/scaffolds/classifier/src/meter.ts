import { RegimenError, type Batch, type Forward, type Meter, type Metered } from "@regimen/core";
import { ece, fitTemperature } from "@regimen/stats";
import * as tf from "@tensorflow/tfjs-core";

/** Bands of confidence of the calibration error. */
const BINS = 15;

/** The rows of batches, one after the other; disposes of them. Errors: REG_DATA_EMPTY. */
export async function valuesOf(batches: tf.Tensor[]): Promise<Float32Array> {
  if (batches.length === 0)
    throw new RegimenError("REG_DATA_EMPTY", "a score of 0 batches was asked for; add at least one before reading");
  const all = tf.concat(batches, 0);
  tf.dispose(batches);
  const values = await all.data();
  all.dispose();
  return values as Float32Array;
}

/**
 * Error, mean cross entropy and calibration of a classifier; each labelled example counts once, whatever its weight.
 *
 * The answer is the class of the largest logit, the truth that of the largest label; in a tie the lower class number stands.
 * Losses are computed in float64 on the host. An example without a label (its row is zero) has the loss NaN, counts in no
 * score, and has its probabilities all the same; the score of no labelled example is NaN.
 */
export class ClassifierMeter implements Meter {
  readonly #classes: number;
  /** [n, 2 · classes] each: logits, then labels. */ #batches: tf.Tensor2D[] = [];

  constructor(classes: number) {
    this.#classes = classes;
  }

  add(seen: Forward, batch: Batch): void {
    this.#batches.push(tf.keep(tf.concat([seen.outputs as tf.Tensor2D, batch.labels], 1)));
  }

  async read(): Promise<Metered> {
    const batches = this.#batches;
    this.#batches = [];
    return scoreOf(await valuesOf(batches), this.#classes);
  }
}

/** `values`: [rows, 2 · classes], logits and labels. */
function scoreOf(values: Float32Array, classes: number): Metered {
  const rows = values.length / (2 * classes);
  const losses = new Float32Array(rows);
  const outputs = new Float32Array(rows * classes);
  const labelled: { readonly row: number; readonly truth: number }[] = [];
  let [wrong, sum] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const logits = values.subarray(row * 2 * classes, row * 2 * classes + classes);
    const labels = values.subarray(row * 2 * classes + classes, (row + 1) * 2 * classes);
    const logProbabilities = logSoftmax(logits);
    outputs.set(logProbabilities.map(Math.exp), row * classes);
    if (labels.every((label) => label === 0)) {
      losses[row] = NaN;
      continue;
    }
    const loss = labels.reduce((total, label, i) => (label === 0 ? total : total - label * logProbabilities[i]!), 0);
    const truth = largest(labels);
    losses[row] = loss;
    sum += loss;
    if (largest(logits) !== truth) wrong++;
    labelled.push({ row, truth });
  }
  const images = labelled.length;
  const calibrated = atBestTemperature(values, classes);
  return {
    score: {
      error: wrong / images,
      loss: sum / images,
      ece: calibration(outputs, labelled, classes),
      calibrated: calibrated.reduce((total, loss) => (Number.isNaN(loss) ? total : total + loss), 0) / images,
    },
    losses,
    outputs,
  };
}

/** Losses of the logits divided by the temperature that makes them smallest together; NaN where there is no label. */
function atBestTemperature(values: Float32Array, classes: number): Float32Array {
  const rows = values.length / (2 * classes);
  const [logits, labels] = [new Float32Array(rows * classes), new Float32Array(rows * classes)];
  for (let row = 0; row < rows; row++) {
    const both = values.subarray(row * 2 * classes, (row + 1) * 2 * classes);
    const own = both.subarray(classes);
    logits.set(both.subarray(0, classes), row * classes);
    if (own.some((label) => label !== 0)) labels.set(own, row * classes);
    else labels.fill(Number.NaN, row * classes, (row + 1) * classes);
  }
  const temperature = fitTemperature(logits, labels, classes);
  return Float32Array.from({ length: rows }, (_, row) => {
    const own = logSoftmax(logits.subarray(row * classes, (row + 1) * classes).map((logit) => logit / temperature));
    return own.reduce((total, value, k) => total - labels[row * classes + k]! * value, 0);
  });
}

function calibration(
  outputs: Float32Array,
  labelled: readonly { readonly row: number; readonly truth: number }[],
  classes: number,
): number | null {
  if (labelled.length === 0) return null;
  const probabilities = new Float32Array(labelled.length * classes);
  labelled.forEach(({ row }, i) =>
    probabilities.set(outputs.subarray(row * classes, (row + 1) * classes), i * classes),
  );
  return ece(
    probabilities,
    labelled.map(({ truth }) => truth),
    classes,
    BINS,
  );
}

function logSoftmax(logits: Float32Array): Float64Array {
  const top = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
  return Float64Array.from(logits, (logit) => logit - top - total);
}

function largest(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
