import type { Batch, Forward, Meter, Metered } from "@regimen/core";
import { averagePrecision, calibrationBins, eceOf, type Bin } from "@regimen/stats";
import * as tf from "@tensorflow/tfjs-core";
import { valuesOf } from "./meter.ts";
import { labelled } from "./model.ts";

/** Bands of confidence of the calibration error. */
const BINS = 15;

/** Examples with independent labels; every array is [rows, classes] or [rows]. */
export type Answers = {
  readonly classes: number;
  readonly probabilities: Float32Array;
  readonly labels: Float32Array;
  /** Mean cross entropy over the classes, computed in float64; NaN without a label. */ readonly losses: Float32Array;
};

/**
 * 1 − mean average precision over the classes that an example has, mean cross entropy, and the calibration error of all yeses
 * and noes; each labelled example counts once, whatever its weight. A label of ½ or more is a yes.
 */
export class MultilabelMeter implements Meter {
  readonly #classes: number;
  /** [n, 2 · classes + 1] each: logits, labels, whether there is a label. */ #batches: tf.Tensor2D[] = [];

  constructor(classes: number) {
    this.#classes = classes;
  }

  add(seen: Pick<Forward, "outputs">, batch: Batch): void {
    const made = tf.tidy(() =>
      tf.concat([seen.outputs as tf.Tensor2D, batch.labels, tf.expandDims(labelled(batch), 1) as tf.Tensor2D], 1),
    );
    this.#batches.push(tf.keep(made));
  }

  async read(): Promise<Metered> {
    const answers = await this.answers();
    const { losses, probabilities } = answers;
    const known = losses.filter((loss) => !Number.isNaN(loss));
    const bins = bandsOf(answers);
    return {
      score: {
        error: 1 - meanAveragePrecision(answers),
        loss: known.reduce((sum, loss) => sum + loss, 0) / known.length,
        ece: bins && eceOf(bins),
      },
      losses,
      outputs: probabilities,
    };
  }

  /** Errors: REG_DATA_EMPTY. */
  async answers(): Promise<Answers> {
    const batches = this.#batches;
    this.#batches = [];
    const values = await valuesOf(batches);
    const k = this.#classes;
    const rows = values.length / (2 * k + 1);
    const [probabilities, labels] = [new Float32Array(rows * k), new Float32Array(rows * k)];
    const losses = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      const at = row * (2 * k + 1);
      let loss = 0;
      for (let i = 0; i < k; i++) {
        const [z, label] = [values[at + i]!, values[at + k + i]!];
        loss += Math.max(z, 0) - z * label + Math.log1p(Math.exp(-Math.abs(z)));
        probabilities[row * k + i] = 1 / (1 + Math.exp(-z));
        labels[row * k + i] = label;
      }
      losses[row] = values[at + 2 * k]! > 0 ? loss / k : Number.NaN;
    }
    return { classes: k, probabilities, labels, losses };
  }
}

/** Probabilities of class `at`, and whether the example has it, over the labelled examples. */
export function columnOf(of: Answers, at: number): { readonly scores: number[]; readonly truth: boolean[] } {
  const rows = [...of.losses.keys()].filter((row) => !Number.isNaN(of.losses[row]!));
  const cell = (row: number): number => row * of.classes + at;
  return {
    scores: rows.map((row) => of.probabilities[cell(row)]!),
    truth: rows.map((row) => of.labels[cell(row)]! >= 0.5),
  };
}

/** Over the classes that any example has; 0 where none has any. */
export function meanAveragePrecision(of: Answers): number {
  const each = Array.from({ length: of.classes }, (_, at) => {
    const { scores, truth } = columnOf(of, at);
    return averagePrecision(scores, truth);
  }).filter((area) => area !== null);
  return each.length ? each.reduce((sum, area) => sum + area, 0) / each.length : 0;
}

/** Bands of confidence over every yes and no; null without a labelled example. */
export function bandsOf(of: Answers): Bin[] | null {
  const columns = Array.from({ length: of.classes }, (_, at) => columnOf(of, at));
  const truth = columns.flatMap((column) => column.truth.map(Number));
  if (!truth.length) return null;
  const scores = columns.flatMap((column) => column.scores);
  return calibrationBins(Float32Array.from(scores.flatMap((p) => [1 - p, p])), truth, 2, BINS);
}
