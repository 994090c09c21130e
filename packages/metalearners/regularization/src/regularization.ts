import {
  comparable,
  imagesSeen,
  mergeFragments,
  zeroCost,
  type Answer,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Params,
  type Problem,
  type Request,
} from "@regimen/core";
import { batchOf, checkOptions, trunkOf } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { candidatesOf, isTransform, mostUrgent, turnsOf, type Candidate } from "./candidates.ts";
import { judge } from "./judge.ts";
import { judged, moved, moveOf, movesOf, partsOf, type Move } from "./policies.ts";
import { UNCHANGED, probe, type ProbeAnswer, type ProbeArgs } from "./probe.ts";

export type RegularizationOptions = {
  /** What the search may spend, in plain runs; less where the budget is less. 0 to 1. */ readonly share?: number;
};
const AXES: { readonly [K in keyof Required<RegularizationOptions>]: NumberAxis } = {
  share: { kind: "value", range: [0, 1], default: 0.3 },
};

/** What pass 1 may cost, in plain runs. */
const PROBE = 0.12;
/** The share of it in which every candidate is seen; in the other those that are looked at again. */
const FIRST = 1 / 2;
/** Images that every candidate is seen on. */
const [FEWEST, MOST] = [24, 64];
/** Where fewer are held out, training images tell too whether a change turns one class into another. */
const ENOUGH = 400;
/** Images of a fork, in plain runs, at the most and at the least; and the steps after which it has shown what it can. */
const FORK = { most: 1 / 20, least: 1 / 50, steps: 60 } as const;
/** Steps below which a fork says nothing. */
const FEWEST_STEPS = 20;
/** Forks of what is not usual. */
const RARE = 2;
/**
 * What a usual move may cost of a fork's loss and still be taken: this share for each epoch of the plain run, at most MUCH. A short
 * fork shows what a move holds back, not yet what it saves a long training from; what holds back hardly anything is as good as free.
 */
const DOUBT = 0.0016;
const MUCH = 0.1;
/**
 * The same for a draw among transforms, which may cost much; and what it may come to beside the fork of the base. Where it came to
 * 0.93 to 1.32 of that one's loss searches that took it did well; where to 1.67, the final training never learned its images.
 */
const DRAWN = { more: 1, altogether: 1.5 } as const;
/** Chance on top: about a deviation of what two forks differ by, over the root of the held-out images. */
const SPREAD = 0.3;
/** So many held-out images are reckoned with where the problem does not say. */
const SOME = 225;
/** What is not usual must win by so much, and by more than chance. */
const WON = 0.03;
const PROBING = `${manifest.name}/probe`;
/** Under which the fork of the base is kept: pass 1 asks the model whose rate has come down, where no baseline has come further. */
const SETTLED = "base";
/** Groups that others decide. */
const NOT_OURS = ["ssl", "optimization", "distillation", "ensembling"];

/** A move, put onto what had been taken before it. */
type Fork = {
  readonly policy: Fragment;
  /** Null: the base. */ readonly move: Move | null;
};
export type RegularizationState = {
  /** As it was given, and from the judgement on without what that forbids. */ readonly problem: Problem;
  readonly phase: "base" | "probe" | "forks";
  readonly candidates: readonly Candidate[];
  /** Still to be tried, likeliest first. */ readonly moves: readonly Move[];
  /** How many forks were asked for. */ readonly forks: number;
  readonly awaited: Fork | "probe" | null;
  /** The last fork that was taken, with its loss; null: none yet. */
  readonly taken: { readonly policy: Fragment; /** Null: nobody looked. */ readonly loss: number | null } | null;
  /** The loss of the base's fork. */ readonly base: number | null;
  /** In images, as `imagesSeen` counts them. */ readonly spent: number;
  /** The most that a fork has cost so far. */ readonly dearest: number;
  readonly limit: number;
  readonly over: boolean;
};

function init(problem: Problem, { share = AXES.share.default }: RegularizationOptions): RegularizationState {
  const plain = imagesSeen(problem.plain);
  const state: RegularizationState = {
    problem,
    phase: "base",
    candidates: trunkOf(problem) ? candidatesOf(problem) : [],
    moves: [],
    forks: 0,
    awaited: null,
    taken: null,
    base: null,
    spent: 0,
    dearest: forkImages(problem) * (plain / problem.plain.trained),
    limit: Math.min(imagesSeen(problem.budget), limitOf(share, problem) * plain),
    over: false,
  };
  return isBlind(problem) ? unseen(state) : state;
}

/** What it may spend, in plain runs: what pass 1 leaves is for so many forks, and shorter ones cost less. */
const limitOf = (share: number, problem: Problem): number =>
  share - Math.max(0, share - PROBE) * (1 - forkImages(problem) / (FORK.most * problem.plain.trained));

/** Whether a fork has too few steps to say anything. Longer ones would cost what so short a training needs most: steps. */
function isBlind(problem: Problem): boolean {
  return forkImages(problem) < FEWEST_STEPS * batchOf(problem);
}
/** What is usual is taken unseen, but for what has to be seen: the draw, whose changes are small, or else movements; and weight decay. */
function unseen(state: RegularizationState): RegularizationState {
  const problem = judged(state.problem, judge(state.problem, []));
  const moves = movesOf(problem, {});
  const draw = moves.filter(({ as }) => as === "drawn");
  const others = moves.filter(
    ({ untried, steps }) => untried && !(draw.length && steps.some(({ use }) => isMovement(problem, use))),
  );
  const policy = withAll(problem, mergeFragments(problem.base, { steps: [] }), [...draw, ...others]);
  return { ...state, problem, phase: "forks", taken: { policy, loss: null } };
}
/**
 * What has been taken, and of the moves that were not tried what no fork can judge, or would hardly have decided against; a policy that
 * was good elsewhere is left as it is.
 */
function rest({ problem, taken, moves }: RegularizationState): RegularizationState["taken"] {
  if (!taken || problem.warm?.some(({ steps }) => steps.length)) return taken;
  const untried = moves.filter((move) => move.untried);
  return { ...taken, policy: withAll(problem, taken.policy, untried) };
}
const withAll = (problem: Problem, from: Fragment, moves: readonly Move[]): Fragment =>
  moves.reduce((all, move) => moved(problem, all, move) ?? all, from);
const isMovement = ({ techniques }: Problem, use: string): boolean =>
  techniques.some((technique) => technique.name === use && isTransform(technique));

function forkImages(problem: Problem): number {
  const { trained } = problem.plain;
  // Where nobody says how large a batch is, as long as one may be.
  const needed = (FORK.steps * batchOf(problem)) / trained || FORK.most;
  return Math.max(1, Math.round(Math.min(FORK.most, Math.max(FORK.least, needed)) * trained));
}

/** What was good elsewhere, as far as it is known here and not refused; then what is usual, then what is not. */
function withMoves(state: RegularizationState, probed: ProbeAnswer["probed"]): RegularizationState {
  const judgement = judge(state.problem, probed);
  const problem = judged(state.problem, judgement);
  const warm = (problem.warm ?? []).flatMap(({ steps }): readonly Move[] => {
    const known = steps.filter(({ use }) => problem.techniques.some(({ name }) => name === use));
    return known.length ? [moveOf(known, "drawn")] : [];
  });
  const moves = movesOf(problem, judgement.natural);
  const rare = moves.filter((move) => move.as === "won").slice(0, RARE);
  const taken = state.taken && { ...state.taken, policy: mergeFragments(problem.base, { steps: [] }) };
  return {
    ...state,
    problem,
    phase: "forks",
    // What is given comes behind all that is tried.
    moves: [
      ...warm,
      ...moves.filter(({ as }) => as !== "won" && as !== "given"),
      ...rare,
      ...moves.filter(({ as }) => as === "given"),
    ],
    taken,
  };
}

function ask(state: RegularizationState): readonly [Request, RegularizationState] {
  const { problem, phase, awaited, taken } = state;
  if (awaited) return [{ kind: "wait" }, state];
  if (phase === "probe") return askProbe(state);
  const move = phase === "base" ? null : state.moves[0];
  const moves = state.moves.slice(1);
  if (move === undefined || move?.as === "given" || !canPay(state))
    return done({ ...state, taken: rest(state), moves: [] });
  const from = taken?.policy ?? mergeFragments(problem.base, { steps: [] });
  const policy = move ? moved(problem, from, move) : from;
  return policy ? askFork({ ...state, moves }, { policy, move }) : ask({ ...state, moves });
}
const canPay = ({ over, spent, dearest, limit }: RegularizationState): boolean => !over && spent + dearest <= limit;
function done(state: RegularizationState): readonly [Request, RegularizationState] {
  const failed = state.forks > 0 && !state.taken;
  const why = failed
    ? "every trial failed"
    : isBlind(state.problem)
      ? `a fork would have fewer than ${FEWEST_STEPS} steps, so nothing was tried and what is usual was taken`
      : undefined;
  return [{ kind: "done", ok: !failed, ...(why !== undefined && { why }) }, state];
}

function askFork(state: RegularizationState, fork: Fork): readonly [Request, RegularizationState] {
  const { problem, forks, candidates } = state;
  const trunk = trunkOf(problem);
  const until = (trunk?.images ?? 0) + forkImages(problem);
  const first = forks === 0;
  return [
    {
      kind: "trial",
      id: first ? SETTLED : `${forks}`,
      policy: fork.policy,
      until,
      // A schedule of its own, which ends with it: a rate that has come down shows what the weights are worth.
      horizon: until,
      ...(trunk && { from: trunk.name, origin: trunk.images }),
      ...(first && candidates.length && { keep: SETTLED }),
      // The same seed throughout: the same batches.
      seed: problem.seed,
    },
    { ...state, forks: forks + 1, awaited: fork },
  ];
}

/**
 * Images for pass 1, so that it stays within its share. What is too little for all candidates goes to those that would be refused
 * unseen; nothing is probed where it is too little for them too.
 */
function askProbe(state: RegularizationState): readonly [Request, RegularizationState] {
  const { problem, limit, spent } = state;
  const most = Math.min(PROBE * imagesSeen(problem.plain), limit - spent);
  const held = Number(problem.facts["validation"] ?? 0);
  const looksOf = (some: readonly Candidate[]): number => some.length + UNCHANGED;
  const all = Math.floor(3 * most); // forward alone is a third
  const each = (some: readonly Candidate[]): number => Math.min(Math.floor((FIRST * all) / looksOf(some)), MOST, held);
  const enough = (some: readonly Candidate[]): boolean => each(some) >= Math.max(1, Math.min(FEWEST, held));
  const candidates = [state.candidates, mostUrgent(problem, state.candidates)].find(enough);
  if (!candidates?.length) return ask(withMoves(state, []));
  const images = each(candidates);
  const further = Math.max(held, Math.min(ENOUGH, held + Number(problem.facts["images"] ?? 0)));
  const looks = all - images * looksOf(candidates);
  const shift = problem.techniques.find(({ name }) => name.endsWith("technique-augment/translate"))?.name ?? null;
  const careful = turnsOf(problem);
  const args: ProbeArgs = { candidates, images, further, looks, careful, shift };
  return [
    {
      kind: "measure",
      id: "probe",
      use: PROBING,
      with: args as unknown as Json,
      policy: problem.base,
      from: (problem.facts["late"] as string | undefined) ?? SETTLED,
      atMost: { ...zeroCost, inferred: all },
    },
    { ...state, awaited: "probe" },
  ];
}

function tell(state: RegularizationState, answer: Answer): RegularizationState {
  const seen = imagesSeen(answer.cost);
  const { awaited } = state;
  const next: RegularizationState = { ...state, awaited: null, spent: state.spent + seen };
  if (!awaited || awaited === "probe") {
    const { probed } = (answer.value ?? { probed: [] }) as unknown as ProbeAnswer;
    return withMoves(next, probed);
  }
  // At the best temperature: what makes an overfitted model less sure is no merit yet, and what makes a young one so no fault.
  const score = answer.status === "ok" && answer.score ? comparable(answer.score) : undefined;
  const loss = score !== undefined && Number.isFinite(score) ? score : null;
  const { policy, move } = awaited;
  const isTaken = loss !== null && (move === null || loss <= mostFor(state, move));
  const told: RegularizationState = {
    ...next,
    taken: isTaken ? { policy, loss } : state.taken,
    ...(move === null && { base: loss }),
    dearest: Math.max(state.dearest, seen),
    over: state.over || answer.status === "over-budget",
  };
  if (move === null) return isTaken && state.candidates.length ? { ...told, phase: "probe" } : withMoves(told, []);
  return { ...told, moves: [...(isTaken ? [] : partsOf(move)), ...told.moves] };
}

/** The loss up to which a move is taken: that of what has been taken before it, and something on top. */
function mostFor({ problem, taken, base }: RegularizationState, { as }: Move): number {
  const { plain, facts } = problem;
  const epochs = plain.trained / Number(facts["images"] ?? plain.trained);
  const chance = SPREAD / Math.sqrt(Number(facts["validation"] ?? 0) || SOME);
  const doubted = Math.min(MUCH, DOUBT * epochs) + chance;
  const allowed = {
    given: Number.POSITIVE_INFINITY,
    natural: Number.POSITIVE_INFINITY,
    drawn: DRAWN.more,
    doubted,
    shown: 0,
    won: -WON - chance,
  };
  const most = (taken?.loss ?? Number.POSITIVE_INFINITY) * (1 + allowed[as]);
  return as === "drawn" ? Math.min(most, (base ?? Number.POSITIVE_INFINITY) * DRAWN.altogether) : most;
}

/** What was taken. Where forks were made it goes on from the trunk's training, whose images are so not lost. */
function best({ problem, taken }: RegularizationState): Fragment {
  if (!taken) return problem.base;
  const train = trunkOf(problem) && taken.loss !== null ? ((problem.facts["start"] ?? {}) as Params) : {};
  return mergeFragments(taken.policy, { steps: [], train });
}

/**
 * Augmentation, label and architectural regularization in two passes. Pass 1 asks a model that has trained for a while, by inference alone,
 * what each transform does to held-out images: what turns classes into others is refused, the rest is ordered by strength. Pass 2
 * forks short trainings from it and puts one usual move onto the other, as long as none holds the training back. Errors: REG_PARAM*.
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
