import { mergeFragments, type Fragment, type Json, type MetaLearner, type Problem } from "@regimen/core";

export type FixedOptions = {
  /** The policy's techniques; none unless told. */ readonly steps?: Fragment["steps"];
};
export type FixedState = Problem;

/**
 * No search at all: a policy that is given, such as TrivialAugment's one technique. What a search would have spent goes into the
 * final training. Techniques that are not installed stay in the policy, and composing it says so.
 */
export function createFixed(options: { readonly [option: string]: Json | undefined } = {}): MetaLearner<FixedState> {
  const { steps = [] } = options as unknown as FixedOptions;
  return {
    name: "fixed",
    claims: () => true,
    init: (problem) => problem,
    ask: (state) => [{ kind: "done", ok: true }, state],
    tell: (state) => state,
    best: ({ base }) => mergeFragments(base, { steps }),
  };
}
