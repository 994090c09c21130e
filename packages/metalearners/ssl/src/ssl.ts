import {
  completeParams,
  isOff,
  mergeFragments,
  type Axis,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Params,
  type Problem,
  type TechniqueMeta,
} from "@regimen/core";
import { checkOptions, openTechniques, priorOf, trialsLearner, type TrialsState, type Tried } from "@regimen/proposals";

export type SslOptions = {
  /** Techniques that are tried at the most. 1 to 20. */ readonly techniques?: number;
};
const AXES: { readonly [K in keyof Required<SslOptions>]: NumberAxis } = {
  techniques: { kind: "value", range: [1, 20], scale: "integer", default: 3 },
};
export type SslState = TrialsState;

/** The group that it decides, and what such a technique must need. */
const GROUP = "ssl";
/** A training of this many plain runs begins to show what further images are worth. */
const SHORTEST = 0.15;
const LONGEST = 0.3;
/** Where it has fewer steps it says nothing yet, and so short a plain run needs all of its steps itself. */
const FEWEST_STEPS = 100;

const isOurs = ({ group }: TechniqueMeta): boolean => group === GROUP;

/**
 * Whether it has anything to learn from beside the labelled images: pre-training on these alone, or a generator of them, is not worth
 * its cost.
 */
const hasMore = ({ facts: { features } }: Problem, { order: { needs = [] } }: TechniqueMeta): boolean =>
  !Array.isArray(features) ||
  features.includes("unlabeled") ||
  (features.includes("synthetic") && needs.includes("synthetic"));

/** What is open, likeliest first. */
const open = (problem: Problem, most: number): readonly TechniqueMeta[] =>
  openTechniques(problem)
    .filter(
      (technique) =>
        isOurs(technique) && hasMore(problem, technique) && !isOff(technique.space, paramsOf(problem, technique)),
    )
    .sort((a, b) => priorOf(b) - priorOf(a))
    .slice(0, most);
const paramsOf = (problem: Problem, technique: TechniqueMeta): Params =>
  completeParams(technique, problem.fixed?.[technique.name] ?? {});

/**
 * Each technique at its defaults; then the best of them with half and with twice as many further images, unless it was no better
 * than the base.
 */
function propose(problem: Problem, tried: readonly Tried[], base: number | null, most: number): Fragment | undefined {
  const techniques = open(problem, most);
  const next = techniques[tried.length];
  const withParams = ({ name }: TechniqueMeta, params: Params): Fragment =>
    mergeFragments(problem.base, { steps: [{ use: name, with: params }] });
  if (next) return withParams(next, paramsOf(problem, next));
  const first = tried.slice(0, techniques.length);
  const best = first.reduce(
    (at, { loss }, i) => ((loss ?? Number.POSITIVE_INFINITY) < (first[at]!.loss ?? Number.POSITIVE_INFINITY) ? i : at),
    0,
  );
  if (base !== null && first.every(({ loss }) => loss === null || loss >= base)) return undefined;
  const technique = techniques[best];
  const share = technique && Object.entries<Axis>(technique.space).find(([, axis]) => axis.kind === "r");
  if (!technique || !share || share[1].kind !== "r" || problem.fixed?.[technique.name]?.[share[0]] !== undefined)
    return undefined;
  const [key, { range }] = share;
  const params = paramsOf(problem, technique);
  const shares = [0.5, 2].map((by) => Math.min(range[1], Math.max(range[0], by * (params[key] as number))));
  const value = [...new Set(shares)].filter((one) => one !== params[key])[tried.length - techniques.length];
  return value === undefined ? undefined : withParams(technique, { ...params, [key]: value });
}

/**
 * Whether unlabelled and synthetic images are used, by which technique and with what share: equal short trainings from the beginning, at
 * equal cost (every image that a teacher or a pre-training saw is counted), decided by validation loss. Errors: REG_PARAM*.
 */
export function createSsl(options: { readonly [option: string]: Json | undefined } = {}): MetaLearner<SslState> {
  const { techniques = AXES.techniques.default } = checkOptions<SslOptions>("ssl", AXES, options);
  return trialsLearner({
    name: "ssl",
    claims: (what) => !("train" in what) && isOurs(what),
    trials: (share) => Math.min(techniques + 3, Math.floor(share / SHORTEST + 1e-9)),
    // A technique that begins with a training of its own cannot begin from a trunk.
    forks: false,
    longest: () => LONGEST,
    fewest: FEWEST_STEPS,
    propose: (problem, tried, base) => propose(problem, tried, base, techniques),
  });
}
