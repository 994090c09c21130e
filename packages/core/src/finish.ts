import { givesProbabilities, topologyOf } from "@regimen/topology";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { imagesSeen, type Evaluation, type FitResult, type Policy, type Source } from "@regimen/contracts";
import type { Context, Opened } from "./context.ts";
import { evaluateModel } from "./inference.ts";
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
  const test = splits.test ? await evaluateModel(model, splits.test, context) : null;
  if (test) folder.predictions(test, splits.train.classes);
  const { h, w, c, range } = splits.train.format;
  const { fit = null, interpolation = null } = splits.train.resize ?? {};
  await folder.model(model, policy, {
    classes: [...splits.train.classes],
    input: { shape: [h, w, c], range: [...range], fit, interpolation },
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
async function plainOf(outcome: Outcome): Promise<LayersModel> {
  try {
    return await outcome.model.plain();
  } finally {
    outcome.model.dispose();
  }
}
export async function evaluatePlain(context: Context, outcome: Outcome, on: Source): Promise<Evaluation> {
  const model = await plainOf(outcome);
  const evaluation = await evaluateModel(model, on, context);
  model.dispose();
  return evaluation;
}
