import {
  createRng,
  imagesSeen,
  mergeFragments,
  zeroCost,
  type Answer,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Problem,
  type Request,
} from "@regimen/core";
import { checkOptions, margin, trunkOf } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { candidatesOf, isRisky, mostUrgent, type Candidate } from "./candidates.ts";
import { judge } from "./judge.ts";
import { judged, neighbours, presetOf } from "./policies.ts";
import { probe, type ProbeAnswer, type ProbeArgs } from "./probe.ts";

export type RegularizationOptions = {
  /** What the search may spend, in plain runs; less where the budget is less. 0 to 1. */ readonly share?: number;
  /** Policies that go on from round to round. 1 to 4. */ readonly beam?: number;
};
const AXES: { readonly [K in keyof Required<RegularizationOptions>]: NumberAxis } = {
  share: { kind: "value", range: [0, 1], default: 0.5 },
  beam: { kind: "value", range: [1, 4], scale: "integer", default: 1 },
};

/** What pass 1 may cost, in plain runs. */
const PROBE = 0.15;
/** Images that every candidate is seen on. */
const [FEWEST, MOST] = [32, 128];
/** What a fork needs, in plain runs: 2 of 30 epochs ranked policies as whole trainings did. */
const FORK = 1 / 15;
/** Forks of one round. */
const WIDTH = 4;
const PROBING = `${manifest.name}/probe`;
/** Groups that others decide. */
const NOT_OURS = ["ssl", "optimization", "distillation", "ensembling"];

/** One fork: `loss` is null while it is awaited and where it failed. */
type Fork = { readonly policy: Fragment; readonly round: number; readonly told: boolean; readonly loss: number | null };
export type RegularizationState = {
  /** As it was given, and from the judgement on without what that forbids. */ readonly problem: Problem;
  readonly phase: "probe" | "probing" | "forks";
  readonly candidates: readonly Candidate[];
  /** The first is the base, the second the base again with another seed, the third the preset. */
  readonly forks: readonly Fork[];
  readonly asked: number;
  /** Policies that the last finished round left, best first; empty before. */ readonly leaders: readonly number[];
  readonly round: number;
  /** In images, as `imagesSeen` counts them. */ readonly spent: number;
  /** The most that a fork has cost so far. */ readonly dearest: number;
  readonly limit: number;
  readonly beam: number;
  readonly over: boolean;
};

function init(problem: Problem, { share = AXES.share.default, beam = 1 }: RegularizationOptions): RegularizationState {
  const plain = imagesSeen(problem.plain);
  const candidates = trunkOf(problem) ? candidatesOf(problem) : [];
  const start: RegularizationState = {
    problem,
    phase: "probe",
    candidates,
    forks: [],
    asked: 0,
    leaders: [],
    round: 0,
    spent: 0,
    dearest: forkImages(problem) * (plain / problem.plain.trained),
    limit: Math.min(imagesSeen(problem.budget), share * plain),
    beam,
    over: false,
  };
  return candidates.length ? start : withForks(start, []);
}

const forkImages = ({ plain }: Problem): number => Math.max(1, Math.round(FORK * plain.trained));

/** The forks that tell whether the preset is worth anything here. */
function withForks(state: RegularizationState, probed: ProbeAnswer["probed"]): RegularizationState {
  const problem = judged(state.problem, judge(state.problem, probed));
  const base = mergeFragments(problem.base, { steps: [] });
  const preset = presetOf(problem);
  const nothing = JSON.stringify(preset.steps) === JSON.stringify(base.steps);
  const policies = nothing ? [] : [base, base, preset];
  return { ...state, problem, phase: "forks", forks: policies.map((policy) => fork(policy, 0)) };
}
const fork = (policy: Fragment, round: number): Fork => ({ policy, round, told: false, loss: null });

function ask(state: RegularizationState): readonly [Request, RegularizationState] {
  const { problem } = state;
  if (state.phase === "probe") return askProbe(state);
  if (state.phase === "probing") return [{ kind: "wait" }, state];
  const next = state.forks[state.asked];
  const awaited = state.asked - state.forks.filter(({ told }) => told).length;
  if (next && !state.over && state.spent + (awaited + 1) * state.dearest <= state.limit) {
    const trunk = trunkOf(problem);
    const until = (trunk?.images ?? 0) + forkImages(problem);
    const seed =
      state.asked === 1
        ? createRng(problem.seed)
            .fork("again")
            .int(2 ** 31)
        : problem.seed;
    return [
      {
        kind: "trial",
        id: `${state.asked}`,
        policy: next.policy,
        until,
        // A schedule of its own, which ends with it: a rate that has come down shows what the weights are worth.
        horizon: until,
        ...(trunk && { from: trunk.name, origin: trunk.images }),
        seed,
      },
      { ...state, asked: state.asked + 1 },
    ];
  }
  if (awaited > 0) return [{ kind: "wait" }, state];
  if (!next && !state.over) {
    const grown = nextRound(state);
    if (grown) return ask(grown);
  }
  const failed = state.asked > 0 && state.forks.slice(0, state.asked).every(({ loss }) => loss === null);
  return [{ kind: "done", ok: !failed, ...(failed && { why: "every trial failed" }) }, state];
}

/**
 * Images for pass 1, so that it stays within its share. What is too little for all candidates goes to those that would be refused
 * unseen; nothing is probed where it is too little for them too.
 */
function askProbe(state: RegularizationState): readonly [Request, RegularizationState] {
  const { problem, limit } = state;
  const trunk = trunkOf(problem)!;
  const most = Math.min(PROBE * imagesSeen(problem.plain), limit);
  const held = Number(problem.facts["validation"] ?? 0);
  // Two thirds for everybody, one for those that are looked at again; the model looks at each twice more.
  const each = ({ length }: readonly Candidate[]): number =>
    Math.min(Math.floor(((2 / 3) * most * 3) / (length + 2)), MOST, held);
  const enough = (some: readonly Candidate[]): boolean => each(some) >= Math.max(1, Math.min(FEWEST, held));
  const candidates = [state.candidates, mostUrgent(problem, state.candidates)].find(enough);
  if (!candidates?.length) return ask(withForks(state, []));
  const images = each(candidates);
  const further = Math.min(held, images + Math.floor((most - (images * (candidates.length + 2)) / 3) / 4));
  const shift = problem.techniques.find(({ name }) => name.endsWith("technique-augment/translate"))?.name ?? null;
  const careful = problem.techniques.filter(isRisky).map(({ name }) => name);
  const args: ProbeArgs = { candidates, images, further, careful, shift };
  return [
    {
      kind: "measure",
      id: "probe",
      use: PROBING,
      with: args as unknown as Json,
      policy: problem.base,
      from: trunk.name,
      atMost: { ...zeroCost, inferred: Math.floor(3 * most) },
    },
    { ...state, phase: "probing" },
  ];
}

function tell(state: RegularizationState, answer: Answer): RegularizationState {
  const seen = imagesSeen(answer.cost);
  const spent = state.spent + seen;
  if (state.phase === "probing") {
    const { probed } = (answer.value ?? { probed: [] }) as unknown as ProbeAnswer;
    return withForks({ ...state, spent }, probed);
  }
  const at = Number(answer.id);
  // Not at the best temperature: short forks are shocked by strong policies, and what these do for confidence shows first.
  const score = answer.status === "ok" ? answer.score?.loss : undefined;
  const loss = score !== undefined && Number.isFinite(score) ? score : null;
  const forks = state.forks.map((one, i) => (i === at ? { ...one, told: true, loss } : one));
  const over = state.over || answer.status === "over-budget";
  const told = { ...state, forks, spent, dearest: Math.max(state.dearest, seen), over };
  return forks.every((one) => one.told) ? { ...told, leaders: leadersOf(told) } : told;
}

/** Best first. Whoever is not the base must beat it, and a child its parents, by more than the noise. */
function leadersOf({ forks, leaders, round, beam }: RegularizationState): readonly number[] {
  const told = forks.map(({ loss }, at) => ({ loss, at })).filter((one) => one.loss !== null) as {
    loss: number;
    at: number;
  }[];
  const lossOf = (at: number): number | undefined => told.find((one) => one.at === at)?.loss;
  const [first, second] = [lossOf(0), lossOf(1)];
  const base = first ?? second;
  const again = first !== undefined && second !== undefined && { again: { first, second } };
  const needed = (candidates: number): number => margin({ base: base ?? 0, candidates, ...again });
  if (!round) {
    const preset = lossOf(2);
    if (preset === undefined) return [0];
    const mean = first !== undefined && second !== undefined ? (first + second) / 2 : base;
    return mean === undefined || mean - preset > needed(1) ? [2] : [0];
  }
  const children = told.filter(({ at }) => forks[at]!.round === round);
  const best = lossOf(leaders[0]!) ?? Number.POSITIVE_INFINITY;
  // Once a round is over its winner leads, and nobody beats himself.
  const better = children.filter(({ loss }) => best - loss > needed(children.length)).sort((a, b) => a.loss - b.loss);
  return [...better.map(({ at }) => at), ...leaders].slice(0, beam);
}

/** One decision more from each leader; undefined where there is nothing new, or the last round changed nothing. */
function nextRound(state: RegularizationState): RegularizationState | undefined {
  const { forks, leaders, round, problem } = state;
  if (!leaders.length || (round > 0 && !leaders.some((at) => forks[at]!.round === round))) return undefined;
  const known = new Set(forks.map(({ policy }) => JSON.stringify(policy)));
  const children = leaders.flatMap((at) =>
    neighbours(problem, forks[at]!.policy)
      .filter((policy) => !known.has(JSON.stringify(policy)))
      .slice(0, WIDTH),
  );
  if (!children.length) return undefined;
  return { ...state, round: round + 1, forks: [...forks, ...children.map((policy) => fork(policy, round + 1))] };
}

/** The leader by what has been told: the budget may end within a round. */
function best(state: RegularizationState): Fragment {
  const [first] = leadersOf(state);
  return first ? state.forks[first]!.policy : state.problem.base;
}

/**
 * Augmentation, label and architectural regularization in two passes. Pass 1 asks the half-trained model, by inference alone, what each
 * transform does to held-out images: what turns classes into others is refused, the rest is ordered by strength. Pass 2 forks short
 * trainings from that model: the usual policy against none, then one decision after the other. Errors: REG_PARAM*.
 */
export function createRegularization(
  options: { readonly [option: string]: Json | undefined } = {},
): MetaLearner<RegularizationState> {
  const checked = checkOptions<RegularizationOptions>("regularization", AXES, options);
  return {
    name: "regularization",
    measures: { [PROBING]: probe },
    claims: (what) => !("train" in what) && !NOT_OURS.includes(what.group),
    init: (problem) => init(problem, checked),
    ask,
    tell,
    best,
  };
}
