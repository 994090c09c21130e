// One arm of benchmarks/search.mjs on our own API: a policy by hand, or one of our metalearners.

/** What a test says of a trained model. Frees the model. */
export function tested({ model, test, captured }) {
  model.dispose();
  return { error: test.error, loss: test.loss, ece: test.ece, captured };
}

/** Words for the policy that was trained in the end. */
export const stepsOf = ({ steps }) => steps.filter((step) => !step.refused).map(({ use }) => use);

/** A given policy with the whole cost as training: no search, no attribution. */
export async function fixed(regimen, { steps }, { options, cost, epochs }) {
  const result = await regimen.fit({
    ...options,
    // Who searches nothing holds nothing out.
    training: { ...options.training, epochs: cost * epochs, withValidation: true },
    policy: { steps },
  });
  return {
    ...tested(result),
    steps: stepsOf(result.policy),
    plain: result.cost.trained / cost,
    searchImages: 0,
    finalImages: result.imagesSeen,
    searchSeconds: 0,
    finalSeconds: result.seconds,
  };
}

/** Search and final training; without a baseline the search pays for the trunk that it forks. */
export async function learned(regimen, { metalearner }, { options, cost }) {
  const result = await regimen.train({ ...options, metalearner, search: { budget: cost - 1 }, baseline: false });
  const { search } = result.report;
  const final = search.cost.stages.find(({ stage }) => stage === "final training");
  const refused = result.policy.steps.filter((step) => step.refused);
  return {
    ...tested(result),
    steps: stepsOf(result.policy),
    train: result.policy.train,
    refused: refused.map(({ use, refused: { because, evidence } }) => ({ use, because, evidence: evidence !== null })),
    trials: search.trials.length,
    plain: search.cost.plainRunImages,
    searchImages: search.cost.imagesSeen - final.imagesSeen,
    finalImages: final.imagesSeen,
    searchSeconds: search.cost.searchSeconds,
    finalSeconds: final.seconds,
  };
}
