import {
  completeParams,
  createRng,
  mergeFragments,
  type Axis,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Params,
  type Problem,
  type Rng,
} from "@regimen/core";
import {
  checkOptions,
  drawPolicy,
  firstPolicies,
  openTechniques,
  trialsLearner,
  type TrialsState,
  type Tried,
} from "@regimen/proposals";

export type TpeOptions = {
  /** Trainings, those of the base included; by the budget unless told. 2 to 1000. */ readonly trials?: number;
  /** Policies that are drawn before anything is modelled. 1 to 100. */ readonly startup?: number;
  /** Draws of which the likeliest to be good is tried. 1 to 1000. */ readonly candidates?: number;
};
const AXES: { readonly [K in keyof Required<TpeOptions>]: NumberAxis } = {
  trials: { kind: "value", range: [2, 1000], scale: "integer", default: 8 },
  startup: { kind: "value", range: [1, 100], scale: "integer", default: 4 },
  candidates: { kind: "value", range: [1, 1000], scale: "integer", default: 24 },
};
export type TpeState = TrialsState;

/** Share of the trials that count as good. */
const GOOD = 0.25;
/** A fork of 1/15 plain run and what it is validated on. */
const EACH = 0.075;

/** What a policy says of one axis: its value, or undefined where its technique is out or the setting is as it was. */
type Reading = (policy: Fragment) => Params[string] | undefined;
type Dimension = { readonly read: Reading; readonly axis: Axis | "in" };

function dimensions(problem: Problem): readonly Dimension[] {
  const techniques = openTechniques(problem).flatMap(({ name, space }): Dimension[] => [
    { axis: "in", read: ({ steps }) => steps.some(({ use }) => use === name) },
    ...Object.entries<Axis>(space).map(([key, axis]): Dimension => ({
      axis,
      read: ({ steps }) => {
        const step = steps.find(({ use }) => use === name);
        return step && completeParams({ name, space }, step.with)[key];
      },
    })),
  ]);
  const settings = Object.entries(problem.train).map(([key, axis]): Dimension => ({
    axis,
    read: ({ train }) => train?.[key],
  }));
  return [...techniques, ...settings];
}

/**
 * Log of a density over what is known of one axis: a mixture of normals around the values seen, one more over the whole range
 * (Bergstra 2011, section 4); counts with one more of each for what is not a number.
 */
function logDensity({ axis, read }: Dimension, seen: readonly Fragment[], policy: Fragment): number {
  const value = read(policy);
  if (value === undefined) return 0;
  const values = seen.map(read).filter((one) => one !== undefined);
  if (axis === "in" || axis.kind === "choice" || axis.kind === "text") {
    const kinds = axis === "in" ? 2 : axis.kind === "choice" ? axis.of.length : 1;
    return Math.log((values.filter((one) => one === value).length + 1) / (values.length + kinds));
  }
  const place = placer(axis);
  const at = place(value as number);
  // Wide with few values, narrower with many: Scott's rule, and never a spike.
  const width = Math.max(0.1, 0.5 * (values.length + 1) ** -0.2);
  const normal = (mean: number, sd: number): number => Math.exp(-(((at - mean) / sd) ** 2) / 2) / sd;
  const sum = values.reduce<number>((total, one) => total + normal(place(one as number), width), normal(0.5, 1));
  return Math.log(sum / (values.length + 1));
}
/** A number's place in its range, 0 to 1. */
function placer({ range: [lo, hi], scale }: NumberAxis): (value: number) => number {
  if (lo === hi) return () => 0.5;
  if (scale !== "log" && scale !== "powers") return (value) => (value - lo) / (hi - lo);
  return (value) => Math.log(Math.max(value, lo) / lo) / Math.log(hi / lo);
}

/** Of some draws, the one that is likeliest among the good and unlikeliest among the others. */
function propose(
  problem: Problem,
  tried: readonly Tried[],
  options: Required<Omit<TpeOptions, "trials">>,
): Fragment | undefined {
  const earlier = tried.map(({ policy }) => policy);
  const rng = createRng(problem.seed).fork("tpe").fork(earlier.length);
  const first = firstPolicies(problem)[earlier.length];
  if (first) return first;
  const known = new Set(
    [mergeFragments(problem.base, { steps: [] }), ...earlier].map((policy) => JSON.stringify(policy)),
  );
  const drawn = (count: number): Fragment[] =>
    Array.from({ length: count }, (_, at) => drawPolicy(problem, rng.fork(at))).filter(
      (policy) => !known.has(JSON.stringify(policy)),
    );
  const scored = tried.filter(({ loss }) => loss !== null).sort((a, b) => a.loss! - b.loss!);
  if (scored.length < options.startup) return drawn(options.candidates)[0];
  const split = Math.max(1, Math.ceil(GOOD * scored.length));
  const good = scored.slice(0, split).map(({ policy }) => policy);
  const rest = scored.slice(split).map(({ policy }) => policy);
  const axes = dimensions(problem);
  const gain = (policy: Fragment): number =>
    axes.reduce((sum, one) => sum + logDensity(one, good, policy) - logDensity(one, rest, policy), 0);
  // Draws near the good ones, as the paper's are: each takes what it says of a technique from one of them, or from chance.
  const near = drawn(options.candidates).map((policy, at) =>
    crossed(problem, policy, good, rng.fork("cross").fork(at)),
  );
  const fresh = near.filter((policy) => !known.has(JSON.stringify(policy)));
  return fresh.reduce<{ policy: Fragment; gain: number } | undefined>((best, policy) => {
    const own = gain(policy);
    return best && best.gain >= own ? best : { policy, gain: own };
  }, undefined)?.policy;
}

/** Each technique, and each setting, as in a good policy with probability ½; conflicts go to who comes first. */
function crossed(problem: Problem, policy: Fragment, good: readonly Fragment[], rng: Rng): Fragment {
  const parent = good[rng.fork("parent").int(good.length)]!;
  const metas = openTechniques(problem);
  const steps: Fragment["steps"][number][] = [];
  for (const { name, order } of metas) {
    const from = rng.fork(name).uniform() < 0.5 ? parent : policy;
    const step = from.steps.find(({ use }) => use === name);
    const rival = steps.some(
      ({ use }) =>
        order.conflicts?.includes(use) || metas.find((other) => other.name === use)?.order.conflicts?.includes(name),
    );
    if (step && !rival) steps.push(step);
  }
  const from = rng.fork("train").uniform() < 0.5 ? parent : policy;
  return mergeFragments(problem.base, { steps, ...(from.train && { train: from.train }) });
}

/**
 * Tree-structured Parzen estimators (Bergstra et al. 2011): the next policy is one that is likely among the good trials and
 * unlikely among the others. Errors: REG_PARAM*.
 */
export function createTpe(options: { readonly [option: string]: Json | undefined } = {}): MetaLearner<TpeState> {
  const {
    trials,
    startup = AXES.startup.default,
    candidates = AXES.candidates.default,
  } = checkOptions<TpeOptions>("tpe", AXES, options);
  return trialsLearner({
    name: "tpe",
    claims: () => true,
    trials: (share) => trials ?? Math.floor(share / EACH + 1e-9),
    forks: true,
    propose: (problem, tried) => propose(problem, tried, { startup, candidates }),
  });
}
