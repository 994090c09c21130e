import { givesProbabilities, topologyOf } from "@regimen/topology";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  imagesSeen,
  type Evaluation,
  type FitResult,
  type Pictures,
  type Policy,
  type Splits,
} from "@regimen/contracts";
import { DRAWN, drawAnswers } from "@regimen/run-folder";
import { worstRows } from "@regimen/stats";
import type { Context, Opened } from "./context.ts";
import { evaluateModel, type Judging } from "./inference.ts";
import type { Outcome } from "./session.ts";

/** The trained model in plain form, saved and tested; the first and only look at the test split. */
export async function finish(context: Context, opened: Opened, outcome: Outcome, policy: Policy): Promise<FitResult> {
  const { splits, folder } = opened;
  const model = await plainOf(outcome);
  if (splits.test)
    context.emit({
      kind: "stage",
      stage: "test",
      message: `testing on ${splits.test.length} images`,
      secondsLeft: null,
    });
  const { task } = opened.session;
  const test = splits.test ? await tested({ ...context, task }, model, splits) : null;
  if (test) folder.predictions(test, splits.train.classes);
  if (test) await showAnswers(opened, model, test);
  await folder.model(model, policy, saved(opened, model, test));
  return {
    model,
    policy,
    seed: opened.seed,
    backend: context.backend.name,
    captured: outcome.captured,
    parameters: outcome.parameters || opened.parameters,
    cost: outcome.cost,
    imagesSeen: imagesSeen(outcome.cost),
    seconds: outcome.cost.seconds,
    imagesPerSecond: outcome.imagesPerSecond,
    validation: policy.train.withValidation ? null : outcome.metered.score,
    test,
    folder: folder.path ?? null,
  };
}
/** What is told of a saved model. */
const saved = ({ session: { task }, splits: { train } }: Opened, model: LayersModel, test: Evaluation | null) =>
  ({ train, task, test, output: givesProbabilities(topologyOf(model)) ? "probabilities" : "logits" }) as const;
/** On the test split; where answers need decision thresholds, with those of the validation split. */
async function tested(judging: Judging, model: LayersModel, { test, validation }: Splits): Promise<Evaluation> {
  if (judging.task === "classification") return evaluateModel(model, test!, judging);
  const { classes } = await evaluateModel(model, validation, judging);
  const thresholds = classes.map(({ bestThreshold = null }) => bestThreshold);
  return evaluateModel(model, test!, { ...judging, thresholds });
}
/** `shown/test-answers.png`, where the scaffold draws: of the images with the largest errors. */
async function showAnswers({ session, splits, folder }: Opened, model: LayersModel, test: Evaluation): Promise<void> {
  if (!folder.path) return;
  const worst = worstRows(test, DRAWN);
  const drawn = await drawAnswers(session.scaffold, model, test, splits.test!, worst);
  if (!drawn) return;
  folder.show("test-answers", drawn, {
    columns: ["image", "truth", "answer"],
    rows: worst.map((row) => ({ id: test.predictions[row]!.id, error: test.predictions[row]!.error ?? null })),
  });
}
async function plainOf(outcome: Outcome): Promise<LayersModel> {
  try {
    return await outcome.model.plain();
  } finally {
    outcome.model.dispose();
  }
}
/** The baseline, saved and tested as by `finish`; on validation where nothing is kept for a test. `rows`: whose answers are drawn. */
export async function finishBaseline(
  context: Context,
  opened: Opened,
  outcome: Outcome,
  rows: readonly number[],
): Promise<{ evaluation: Evaluation; drawn: Pictures | undefined }> {
  const { session, splits, folder } = opened;
  const judging = { ...context, task: session.task };
  const model = await plainOf(outcome);
  const evaluation = await (splits.test
    ? tested(judging, model, splits)
    : evaluateModel(model, splits.validation, judging));
  const drawn = await drawAnswers(session.scaffold, model, evaluation, splits.test ?? splits.validation, rows);
  await folder.baseline(model, saved(opened, model, splits.test ? evaluation : null));
  model.dispose();
  return { evaluation, drawn };
}
