import { completeParams, mergeFragments, type Json, type MetaLearner } from "@regimen/core";
import { checkOptions, openTechniques, trialsLearner, type TrialsState } from "@regimen/proposals";

export type __TITLE__Options = {
  /** Techniques to try at most; as many as the budget pays for unless told. 1 to 100. */ readonly atMost?: number;
};

/** Images that one trial is worth, in plain runs: shorter trainings say little. */
const SHORTEST = 0.1;

/**
 * Each technique by itself, at its defaults, in equal short trainings: the best is taken if it beats the plain policy by more
 * than chance. `trialsLearner` asks, tells and decides; what makes this learner itself is which policy comes next.
 * Errors: REG_PARAM*.
 */
export function create__TITLE__(
  options: { readonly [option: string]: Json | undefined } = {},
): MetaLearner<TrialsState> {
  const { atMost } = checkOptions<__TITLE__Options>(
    "__SHORT__",
    { atMost: { kind: "value", range: [1, 100], scale: "integer", default: 100 } },
    options,
  );
  return trialsLearner({
    name: "__SHORT__",
    claims: (what) => "space" in what,
    trials: (budget) => Math.min(1 + (atMost ?? 100), Math.floor(budget / SHORTEST)),
    forks: true,
    propose(problem, earlier) {
      const technique = openTechniques(problem)[earlier.length];
      if (!technique) return undefined;
      const params = completeParams(technique, problem.fixed?.[technique.name] ?? {});
      return mergeFragments(problem.base, { steps: [{ use: technique.name, with: params }] });
    },
  });
}
