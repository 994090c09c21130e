import { createRng, type Json, type MetaLearner, type NumberAxis } from "@regimen/core";
import { checkOptions, drawAnother, firstPolicies, trialsLearner, type TrialsState } from "@regimen/proposals";

export type RandomOptions = {
  /** Trainings, those of the base included; by the budget unless told. 2 to 1000. */ readonly trials?: number;
};
const AXES: { readonly trials: NumberAxis } = {
  trials: { kind: "value", range: [2, 1000], scale: "integer", default: 8 },
};
export type RandomState = TrialsState;

/** The shortest training that says something, in plain runs. */
const SHORTEST = 0.1;

/** How many trainings a budget of `share` plain runs pays for: a tenth of a run each, 8 from 0.8 on, then growing as its root. */
export const trialsFor = (share: number): number =>
  share < 8 * SHORTEST
    ? Math.floor(share / SHORTEST + 1e-9)
    : Math.max(8, Math.round(8 * Math.sqrt(share)), Math.ceil(share));

/**
 * Random search over policies (Bergstra and Bengio 2012): equal short trainings, or short forks of a plain trunk where there
 * is one, decided by validation loss. Errors: REG_PARAM*.
 */
export function createRandom(options: { readonly [option: string]: Json | undefined } = {}): MetaLearner<RandomState> {
  const { trials } = checkOptions<RandomOptions>("random", AXES, options);
  return trialsLearner({
    name: "random",
    claims: () => true,
    trials: (share) => trials ?? trialsFor(share),
    forks: true,
    propose: (problem, tried) => {
      const earlier = tried.map(({ policy }) => policy);
      const first = firstPolicies(problem)[earlier.length];
      return first ?? drawAnother(problem, createRng(problem.seed).fork("random"), earlier.length, earlier);
    },
  });
}
