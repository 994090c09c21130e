import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { confusion, ece, precisionRecall } from "@regimen/stats";
import { RegimenError, type Evaluation, type Prediction, type Program, type Source } from "@regimen/contracts";
import { classesOf } from "@regimen/sources";
import type { Repeating } from "@regimen/steps";
import { forEachBatch } from "./evaluate.ts";

/** Probabilities [rows, classes] of a plain model on raw pixels; a model that answers with logits is softmaxed. */
async function probabilitiesOf(model: LayersModel, on: Source, repeating: Repeating): Promise<Float32Array> {
  const { h, w, c } = on.format;
  const k = on.classes.length;
  const expected = (model.inputs[0]!.shape as (number | null)[]).slice(1);
  if ([h, w, c].some((side, at) => expected[at] != null && expected[at] !== side))
    throw new RegimenError(
      "REG_MODEL_INPUT",
      `the model takes [${expected}] and the images are [${[h, w, c]}]; read them with that size`,
    );
  const answers = model.outputs[0]!.shape.at(-1);
  if (model.outputs.length !== 1 || answers !== k)
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the model answers with ${answers} values and the data has ${k} classes; give the classes that it was trained on`,
    );
  const out = new Float32Array(on.length * k);
  const answered: Tensor[] = [];
  const predict: Program = ({ images }) => ({ answer: model.predict(images!) as Tensor });
  await forEachBatch(on, predict, ({ answer }) => void answered.push(tf.keep(answer!)), repeating);
  let at = 0;
  for (const answer of answered) {
    out.set(await answer.data(), at);
    at += answer.size;
    answer.dispose();
  }
  const sums = Array.from({ length: on.length }, (_, row) =>
    out.subarray(row * k, (row + 1) * k).reduce((sum, p) => sum + p, 0),
  );
  const already = out.every((value) => value >= 0) && sums.every((sum) => Math.abs(sum - 1) < 1e-3);
  if (!already) for (let row = 0; row < on.length; row++) softmax(out.subarray(row * k, (row + 1) * k));
  return out;
}
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

/** Metrics of a plain model over the labelled rows, and what it answers for every row. */
export async function evaluateModel(model: LayersModel, on: Source, repeating: Repeating): Promise<Evaluation> {
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
