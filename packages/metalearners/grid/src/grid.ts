import { RegimenError, mergeFragments, type Fragment, type Json, type MetaLearner, type Params } from "@regimen/core";
import { trialsLearner, type TrialsState } from "@regimen/proposals";

export type GridOptions = {
  /** The technique. */ readonly use: string;
  /** The values to try, by hyperparameter: every combination is one trial. */
  readonly values: { readonly [key: string]: readonly Params[string][] };
  /** Techniques that stand beside it in each trial. */ readonly beside?: Fragment["steps"];
};
export type GridState = TrialsState;

/** Every combination, the last hyperparameter moving fastest. */
export const combinations = (values: GridOptions["values"]): readonly Params[] =>
  Object.entries(values).reduce<Params[]>(
    (all, [key, of]) => all.flatMap((params) => of.map((value) => ({ ...params, [key]: value }))),
    [{}],
  );

/**
 * Every combination of one technique's hyperparameters, each a short training (RandAugment's search: Cubuk et al. 2020, section 3).
 * The best stays if it beats the base by more than chance. Errors: REG_PARAM.
 */
export function createGrid(options: { readonly [option: string]: Json | undefined } = {}): MetaLearner<GridState> {
  const { use, values, beside = [] } = options as unknown as Partial<GridOptions>;
  if (typeof use !== "string" || !values || Object.values(values).some((of) => !Array.isArray(of) || !of.length))
    throw new RegimenError(
      "REG_PARAM",
      `grid got ${JSON.stringify(options)}; expected { use: a technique, values: { hyperparameter: [value, …] } }`,
    );
  const all = combinations(values);
  return trialsLearner({
    name: "grid",
    claims: (what) => !("train" in what),
    trials: () => all.length + 1,
    forks: true,
    propose: (problem, { length }) =>
      all[length] && problem.techniques.some(({ name }) => name === use)
        ? mergeFragments(problem.base, {
            steps: [...beside, { use, with: { ...all[length], ...problem.fixed?.[use] } }],
          })
        : undefined,
  });
}
