import {
  RegimenError,
  type Batch,
  type ClassEvaluation,
  type Evaluation,
  type Examiner,
  type Prediction,
} from "@regimen/core";
import {
  atThreshold,
  averagePrecision,
  bestThreshold,
  confusion,
  ece,
  eceOf,
  precisionRecall,
  rocAuc,
} from "@regimen/stats";
import { givesProbabilities, givesSigmoids, topologyOf } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { exhibitsOf, resampled, TERMS } from "./exhibits.ts";
import { bandsOf, columnOf, meanAveragePrecision, MultilabelMeter, type Answers } from "./multilabel.ts";

/** Where nobody has chosen one. */
const THRESHOLD = 0.5;

/**
 * What a plain model's answers are worth where there are two classes, or where an image may have several: beside error and
 * loss each class's average precision, ROC area, and F1 at the threshold that was best on the validation split.
 */
export class ClassifierExaminer implements Examiner {
  readonly #classes: readonly string[];
  readonly #several: boolean;
  readonly #ending: "sigmoids" | "probabilities" | "logits";
  readonly #thresholds: readonly number[];
  /** Whether somebody chose them. */ readonly #chosen: boolean;
  readonly #collected: MultilabelMeter;

  constructor(
    model: LayersModel,
    classes: readonly string[],
    several: boolean,
    thresholds: readonly (number | null)[] | undefined,
  ) {
    this.#classes = classes;
    this.#several = several;
    this.#chosen = thresholds !== undefined;
    this.#ending = givesSigmoids(model)
      ? "sigmoids"
      : givesProbabilities(topologyOf(model))
        ? "probabilities"
        : "logits";
    this.#thresholds = classes.map((_, at) => thresholds?.[at] ?? THRESHOLD);
    this.#collected = new MultilabelMeter(classes.length);
  }

  add([answer]: readonly tf.Tensor[], batch: Batch): void {
    tf.tidy(() => this.#collected.add({ outputs: this.#logOdds(answer as tf.Tensor2D) }, batch));
  }

  /** The log-odds of each class. Of classes that exclude each other those of the softmax of their logits. */
  #logOdds(answer: tf.Tensor2D): tf.Tensor2D {
    const odds = this.#ending === "logits" ? answer : this.#ending === "sigmoids" ? logit(answer) : undefined;
    if (this.#several) return odds ?? logit(answer);
    if (!odds) return logit(answer);
    if (odds.shape[1] === 1) return tf.concat([tf.neg(odds), odds], 1);
    const [first, second] = tf.split(odds, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    return tf.concat([tf.sub(first, second), tf.sub(second, first)], 1);
  }

  async read(id: (row: number) => string): Promise<Evaluation> {
    const answers = await this.#collected.answers();
    const images = answers.losses.filter((loss) => !Number.isNaN(loss)).length;
    if (!images)
      throw new RegimenError(
        "REG_DATA_EMPTY",
        `none of the ${answers.losses.length} images has a label; evaluation needs labelled images`,
      );
    const ranked = this.#classes.map((name, at) => ranks(answers, at, name, this.#thresholds[at]!));
    return this.#several ? this.#multilabel(answers, images, ranked, id) : this.#binary(answers, images, ranked, id);
  }

  #multilabel(
    of: Answers,
    images: number,
    ranked: readonly ClassEvaluation[],
    id: (row: number) => string,
  ): Evaluation {
    const bins = bandsOf(of)!;
    return {
      images,
      error: 1 - meanAveragePrecision(of),
      loss: of.losses.reduce((sum, loss) => (Number.isNaN(loss) ? sum : sum + loss), 0) / images,
      ece: eceOf(bins),
      classes: ranked,
      measures: {
        "mean average precision": mean(ranked.map(({ averagePrecision: area }) => area)),
        "mean ROC area": mean(ranked.map(({ rocAuc: area }) => area)),
        "mean F1": mean(ranked.map(({ f1 }) => f1)),
      },
      terms: TERMS,
      exhibits: exhibitsOf(of, ranked, this.#chosen),
      errorOf: resampled(of),
      predictions: Array.from(of.losses, (loss, row): Prediction => {
        const probabilities = rowOf(of.probabilities, row, of.classes);
        const labels = Number.isNaN(loss) ? null : rowOf(of.labels, row, of.classes).map((label) => +(label >= 0.5));
        const predicted = probabilities.map((p, at) => +(p >= this.#thresholds[at]!));
        const wrong = labels && labels.filter((label, at) => label !== predicted[at]).length / of.classes;
        return { id: id(row), label: -1, predicted: -1, probabilities, several: { labels, predicted }, error: wrong };
      }),
      confusion: [],
      calibration: { ece: eceOf(bins), bins },
    };
  }

  #binary(of: Answers, images: number, ranked: readonly ClassEvaluation[], id: (row: number) => string): Evaluation {
    const predictions = Array.from(of.losses, (loss, row): Prediction => {
      const probabilities = rowOf(of.probabilities, row, 2);
      const [no, yes] = rowOf(of.labels, row, 2) as [number, number];
      const predicted = probabilities[1]! > probabilities[0]! ? 1 : 0;
      // Two zeros: a label that is none of the two cannot be told from no label.
      return { id: id(row), label: Number.isNaN(loss) || no + yes === 0 ? -1 : +(yes > no), predicted, probabilities };
    });
    const known = predictions.filter(({ label }) => label >= 0);
    const labels = known.map(({ label }) => label);
    const counts = confusion(
      labels,
      known.map(({ predicted }) => predicted),
      2,
    );
    const loss = known.reduce((sum, { label, probabilities: p }) => sum - Math.log(Math.max(p[label]!, 1e-12)), 0);
    return {
      images: known.length,
      error: known.filter(({ label, predicted }) => label !== predicted).length / images,
      loss: loss / images,
      ece: ece(Float32Array.from(known.flatMap(({ probabilities }) => probabilities)), labels, 2),
      classes: precisionRecall(counts).map((rates, at) => ({ ...ranked[at]!, ...rates })),
      exhibits: exhibitsOf(of, ranked, this.#chosen),
      predictions,
    };
  }
}

function mean(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

function ranks(of: Answers, at: number, name: string, threshold: number): ClassEvaluation {
  const { scores, truth } = columnOf(of, at);
  return {
    name,
    support: truth.filter(Boolean).length,
    ...atThreshold(scores, truth, threshold),
    averagePrecision: averagePrecision(scores, truth),
    rocAuc: rocAuc(scores, truth),
    threshold,
    bestThreshold: bestThreshold(scores, truth),
  };
}

const rowOf = (values: Float32Array, row: number, width: number): number[] =>
  Array.from(values.subarray(row * width, (row + 1) * width));

/** Nearer than 1e-7 to 0 or 1, float32 tells nothing. */
function logit(p: tf.Tensor2D): tf.Tensor2D {
  const inside = tf.clipByValue(p, 1e-7, 1 - 1e-7);
  return tf.sub(tf.log(inside), tf.log(tf.sub(1, inside)));
}
