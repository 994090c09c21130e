import { givesProbabilities, topologyOf } from "@regimen/topology";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { imagesSeen, type Evaluation, type FitResult, type Policy, type Splits } from "@regimen/contracts";
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
  const { h, w, c, range } = splits.train.format;
  const { fit = null, interpolation = null } = splits.train.resize ?? {};
  await folder.model(model, policy, {
    classes: [...splits.train.classes],
    input: { shape: [h, w, c], range: [...range], fit, interpolation },
    task,
    output: givesProbabilities(topologyOf(model)) ? "probabilities" : "logits",
    test: test && { images: test.images, error: test.error, ece: test.ece },
  });
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
    validation: outcome.metered.score,
    test,
    folder: folder.path ?? null,
  };
}
/** On the test split; where answers need decision thresholds, with those of the validation split. */
async function tested(judging: Judging, model: LayersModel, { test, validation }: Splits): Promise<Evaluation> {
  if (judging.task === "classification") return evaluateModel(model, test!, judging);
  return evaluateModel(model, test!, { ...judging, validation: await evaluateModel(model, validation, judging) });
}
async function plainOf(outcome: Outcome): Promise<LayersModel> {
  try {
    return await outcome.model.plain();
  } finally {
    outcome.model.dispose();
  }
}
/** As `finish` tests; on validation where there is no test split. */
export async function evaluatePlain(context: Context, { session, splits }: Opened, outcome: Outcome): Promise<Evaluation> {
  const judging = { ...context, task: session.task };
  const model = await plainOf(outcome);
  const evaluation = await (splits.test
    ? tested(judging, model, splits)
    : evaluateModel(model, splits.validation, judging));
  model.dispose();
  return evaluation;
}
