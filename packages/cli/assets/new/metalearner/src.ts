import {
  completeParams,
  isOff,
  mergeFragments,
  type Fragment,
  type Json,
  type MetaLearner,
  type Problem,
} from "@regimen/core";
import { checkOptions, openTechniques, priorOf, trialsLearner, type TrialsState } from "@regimen/proposals";

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
    propose: (problem, earlier) => single(problem)[earlier.length],
  });
}

/** A policy for each open technique that does anything at its defaults, the likeliest to help first. */
function single(problem: Problem): Fragment[] {
  const likeliest = [...openTechniques(problem)].sort((a, b) => priorOf(b) - priorOf(a));
  return likeliest.flatMap((technique) => {
    const params = completeParams(technique, problem.fixed?.[technique.name] ?? {});
    if (isOff(technique.space, params)) return [];
    return [mergeFragments(problem.base, { steps: [{ use: technique.name, with: params }] })];
  });
}
