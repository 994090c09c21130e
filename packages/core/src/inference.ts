import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { confusion, ece, precisionRecall } from "@regimen/stats";
import {
  RegimenError,
  type Evaluation,
  type Prediction,
  type Program,
  type Regimen,
  type Source,
  type Task,
} from "@regimen/contracts";
import { classesOf } from "@regimen/sources";
import { givesSigmoids } from "@regimen/topology";
import type { Repeating } from "@regimen/steps";
import { forEachBatch } from "@regimen/composition";

/** Errors: REG_MODEL_INPUT. */
function expectInput(model: LayersModel, { format: { h, w, c } }: Source): void {
  const expected = (model.inputs[0]!.shape as (number | null)[]).slice(1);
  if ([h, w, c].some((side, at) => expected[at] != null && expected[at] !== side))
    throw new RegimenError(
      "REG_MODEL_INPUT",
      `the model takes [${expected}] and the images are [${[h, w, c]}]; read them with that size`,
    );
}

/** Probabilities [rows, classes] of a plain model on raw pixels; a model that answers with logits is softmaxed. */
async function probabilitiesOf(model: LayersModel, on: Source, repeating: Repeating): Promise<Float32Array> {
  expectInput(model, on);
  const k = on.classes.length;
  const answers = model.outputs[0]!.shape.at(-1);
  if (model.outputs.length !== 1 || model.outputs[0]!.shape.length > 2)
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the model answers with ${model.outputs.map(({ shape }) => `[${shape.slice(1)}]`).join(" and ")}, which is no classifier's; say the task that it was trained for`,
    );
  const single = k === 2 && answers === 1;
  if (answers !== k && !single)
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the model answers with ${answers} values and the data has ${k} classes; give the classes that it was trained on`,
    );
  const out = new Float32Array(on.length * k);
  const sigmoids = givesSigmoids(model);
  const answered: Tensor[] = [];
  const predict: Program = ({ images }) => ({ answer: model.predict(images!) as Tensor });
  await forEachBatch(on, predict, ({ answer }) => void answered.push(tf.keep(answer!)), repeating);
  let at = 0;
  for (const answer of answered) {
    const values = await answer.data();
    // One value is the second of two classes: its logit is that of the softmax of 0 and it.
    out.set(single ? [...values].flatMap((value) => [0, sigmoids ? logit(value) : value]) : values, at);
    at += single ? 2 * answer.size : answer.size;
    answer.dispose();
  }
  if (single) return softmaxes(out, k);
  const sums = Array.from({ length: on.length }, (_, row) =>
    out.subarray(row * k, (row + 1) * k).reduce((sum, p) => sum + p, 0),
  );
  if (out.every((value) => value >= 0) && sums.every((sum) => Math.abs(sum - 1) < 1e-3)) return out;
  // Sigmoids over classes that exclude each other were trained through the softmax of their logits.
  if (sigmoids) for (let i = 0; i < out.length; i++) out[i] = logit(out[i]!);
  return softmaxes(out, k);
}
function softmaxes(rows: Float32Array, k: number): Float32Array {
  for (let at = 0; at < rows.length; at += k) softmax(rows.subarray(at, at + k));
  return rows;
}
const logit = (p: number): number => Math.log(Math.max(p, 1e-30)) - Math.log(Math.max(1 - p, 1e-30));
function softmax(logits: Float32Array): void {
  const top = Math.max(...logits);
  const sum = logits.reduce((total, value) => total + Math.exp(value - top), 0);
  for (let i = 0; i < logits.length; i++) logits[i] = Math.exp(logits[i]! - top) / sum;
}

/** What a plain model answers for every row. */
export async function labelWith(model: LayersModel, on: Source, repeating: Repeating): Promise<Prediction[]> {
  const k = on.classes.length;
  const probabilities = await probabilitiesOf(model, on, repeating);
  const truth = classesOf(on);
  return Array.from({ length: on.length }, (_, row): Prediction => {
    const own = Array.from(probabilities.subarray(row * k, (row + 1) * k));
    return { id: on.id(row), label: truth[row]!, predicted: own.indexOf(Math.max(...own)), probabilities: own };
  });
}

/** How a plain model is judged: by the scaffold of its task. */
export type Judging = Repeating & {
  readonly registered: Pick<Regimen["registered"], "scaffolds">;
  readonly task: Task;
  /** By class, from which score on an answer counts. */ readonly thresholds?: readonly (number | null)[];
};

/** Metrics of a plain model over the labelled rows, and what it answers for every row. */
export async function evaluateModel(model: LayersModel, on: Source, judging: Judging): Promise<Evaluation> {
  const { registered, task, thresholds, ...repeating } = judging;
  const scaffold = registered.scaffolds.findLast(({ tasks }) => tasks.includes(task));
  const how = { model, task, format: on.format, classes: on.classes, ...(thresholds && { thresholds }) };
  const examiner = scaffold?.examine?.(how);
  if (!examiner) return evaluateClasses(model, on, repeating);
  expectInput(model, on);
  const predict: Program = ({ images }) => {
    const answers = model.predict(images!);
    return Object.fromEntries([answers].flat().map((answer, at) => [`answer ${at}`, answer]));
  };
  await forEachBatch(on, predict, (answers, batch) => examiner.add(Object.values(answers), batch), repeating);
  return examiner.read((row) => on.id(row));
}

async function evaluateClasses(model: LayersModel, on: Source, repeating: Repeating): Promise<Evaluation> {
  const k = on.classes.length;
  const predictions = await labelWith(model, on, repeating);
  const labelled = predictions.filter(({ label }) => label >= 0);
  if (!labelled.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `none of the ${on.length} images has a label; evaluation needs labelled images`,
    );
  const labels = labelled.map(({ label }) => label);
  const answered = labelled.map(({ predicted }) => predicted);
  const loss = labelled.reduce((sum, { label, probabilities: p }) => sum - Math.log(Math.max(p[label]!, 1e-12)), 0);
  const rates = precisionRecall(confusion(labels, answered, k));
  return {
    images: labelled.length,
    error: labelled.filter(({ label, predicted }) => label !== predicted).length / labelled.length,
    loss: loss / labelled.length,
    ece: ece(Float32Array.from(labelled.flatMap(({ probabilities: p }) => p)), labels, k),
    classes: rates.map(({ support, precision, recall }, at) => ({ name: on.classes[at]!, support, precision, recall })),
    predictions,
  };
}
