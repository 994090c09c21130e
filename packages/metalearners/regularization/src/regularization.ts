import {
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
import { checkOptions, margin, trunkOf } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { candidatesOf, isRisky, mostUrgent, type Candidate } from "./candidates.ts";
import { judge } from "./judge.ts";
import { givenOf, isJudged, judged, moved, movesOf, type Move } from "./policies.ts";
import { probe, type ProbeAnswer, type ProbeArgs } from "./probe.ts";

export type RegularizationOptions = {
  /** What the search may spend, in plain runs; less where the budget is less. 0 to 1. */ readonly share?: number;
  /** Policies that go on from round to round. 1 to 4. */ readonly beam?: number;
};
const AXES: { readonly [K in keyof Required<RegularizationOptions>]: NumberAxis } = {
  share: { kind: "value", range: [0, 1], default: 0.4 },
  beam: { kind: "value", range: [1, 4], scale: "integer", default: 1 },
};

/** What pass 1 may cost, in plain runs. */
const PROBE = 0.15;
/** Images that every candidate is seen on. */
const [FEWEST, MOST] = [32, 64];
/** Images of a fork, in plain runs. */
const FORK = 1 / 20;
/** Forks of one policy in one round, after the first. */
const WIDTH = 2;
/**
 * Short forks underrate what makes a training harder, and what that is worth grows with the training: beside mirror and
 * translation, RandAugment costs 9 % of a fork's loss and mixup 16 %; after 30 epochs they take 2 to 4 % off the error, after 60 4
 * to 7 %. So a usual move may cost this share of the loss for each epoch of the plain run, and at the most MUCH: the movements and
 * one move more; a third must show what it is worth.
 */
const DOUBT = 0.0025;
const MUCH = 0.15;
const DOUBTED = 2;
/** What is not usual must win by so much: two forks differ by 2 % of their loss by chance. */
const CHANCE = 0.03;
const PROBING = `${manifest.name}/probe`;
/** Groups that others decide. */
const NOT_OURS = ["ssl", "optimization", "distillation", "ensembling"];

/** One fork: `loss` is null while it is awaited and where it failed. */
type Fork = {
  readonly policy: Fragment;
  /** Moves that led to it. */ readonly usual: number;
  readonly unusual: number;
  readonly told: boolean;
  readonly loss: number | null;
};
export type RegularizationState = {
  /** As it was given, and from the judgement on without what that forbids. */ readonly problem: Problem;
  readonly phase: "probe" | "probing" | "forks";
  readonly candidates: readonly Candidate[];
  readonly moves: readonly Move[];
  /** The first is the base; then each usual move by itself. */ readonly forks: readonly Fork[];
  readonly asked: number;
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
    moves: [],
    forks: [],
    asked: 0,
    spent: 0,
    dearest: forkImages(problem) * (plain / problem.plain.trained),
    limit: Math.min(imagesSeen(problem.budget), share * plain),
    beam,
    over: false,
  };
  return candidates.length ? start : withForks(start, []);
}

const forkImages = ({ plain }: Problem): number => Math.max(1, Math.round(FORK * plain.trained));

/** The first forks: the base, and each usual move by itself. */
function withForks(state: RegularizationState, probed: ProbeAnswer["probed"]): RegularizationState {
  const problem = judged(state.problem, judge(state.problem, probed));
  const moves = movesOf(problem);
  const first: Fork = forkOf(mergeFragments(problem.base, { steps: [] }), 0, 0);
  const usual = moves.filter((move) => move.usual).flatMap((move) => child(problem, first, move));
  const others = [...usual, ...warmForks(problem)];
  return { ...state, problem, phase: "forks", moves, forks: moves.length || others.length ? [first, ...others] : [] };
}
/** What was good elsewhere, without what is refused here and what forks cannot judge: every step of it has the benefit of the doubt. */
const warmForks = (problem: Problem): readonly Fork[] =>
  (problem.warm ?? []).flatMap((warm) => {
    const steps = warm.steps.filter(({ use }) => isJudged(problem, use));
    const policy = mergeFragments(problem.base, { steps });
    return steps.length ? [forkOf(policy, steps.length, 0)] : [];
  });
const forkOf = (policy: Fragment, usual: number, unusual: number): Fork => ({
  policy,
  usual,
  unusual,
  told: false,
  loss: null,
});
function child(problem: Problem, { policy, usual, unusual }: Fork, move: Move): readonly Fork[] {
  const next = moved(problem, policy, move);
  return next ? [forkOf(next, usual + Number(move.usual), unusual + Number(!move.usual))] : [];
}

function ask(state: RegularizationState): readonly [Request, RegularizationState] {
  const { problem } = state;
  if (state.phase === "probe") return askProbe(state);
  if (state.phase === "probing") return [{ kind: "wait" }, state];
  const next = state.forks[state.asked];
  const awaited = state.asked - state.forks.filter(({ told }) => told).length;
  if (next && !state.over && state.spent + (awaited + 1) * state.dearest <= state.limit) {
    const trunk = trunkOf(problem);
    const until = (trunk?.images ?? 0) + forkImages(problem);
    return [
      {
        kind: "trial",
        id: `${state.asked}`,
        policy: next.policy,
        until,
        // A schedule of its own, which ends with it: a rate that has come down shows what the weights are worth.
        horizon: until,
        ...(trunk && { from: trunk.name, origin: trunk.images }),
        // The same seed throughout: the same batches.
        seed: problem.seed,
      },
      { ...state, asked: state.asked + 1 },
    ];
  }
  if (awaited > 0) return [{ kind: "wait" }, state];
  if (!next && !state.over) {
    const more = nextRound(state);
    if (more.length) return ask({ ...state, forks: [...state.forks, ...more] });
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
  return { ...state, forks, spent, dearest: Math.max(state.dearest, seen), over };
}

/** What a fork is ranked by; infinite where nothing is known of it. */
function rankOf({ plain, facts }: Problem, { loss, usual, unusual }: Fork): number {
  const epochs = plain.trained / Number(facts["images"] ?? plain.trained);
  const doubt = Math.min(MUCH, DOUBT * epochs) * Math.min(usual, DOUBTED);
  return (loss ?? Number.POSITIVE_INFINITY) * (1 - doubt) * (1 + CHANCE) ** unusual;
}
const ranked = ({ problem, forks }: Pick<RegularizationState, "problem" | "forks">): readonly Fork[] =>
  forks.filter(({ loss }) => loss !== null).sort((a, b) => rankOf(problem, a) - rankOf(problem, b));

/** Whether anything at all beats the base by more than chance: else nobody has the benefit of a doubt. */
function isWorthwhile([first, ...others]: readonly Fork[]): boolean {
  const losses = others.flatMap(({ loss }) => (loss === null ? [] : [loss]));
  const base = first?.loss ?? null;
  return base !== null && base - Math.min(...losses) > margin({ base, candidates: losses.length });
}

/** One move more from each of the best; none where they have been tried, or were no good by themselves. */
function nextRound({ forks, moves, problem, beam }: RegularizationState): readonly Fork[] {
  const [first] = forks;
  if (!first) return [];
  const known = new Set(forks.map(({ policy }) => JSON.stringify(policy)));
  const alone = (move: Move): number => {
    const [single] = child(problem, first, move);
    const tried = single && forks.find(({ policy }) => JSON.stringify(policy) === JSON.stringify(single.policy));
    return rankOf(problem, tried ?? first);
  };
  // In the order of their priors: what a fork says of a move alone is how much it holds back, not how much it helps.
  const hopeful = moves.filter((move) => !move.usual || alone(move) < rankOf(problem, first));
  const leaders = isWorthwhile(forks) ? ranked({ problem, forks }).slice(0, beam) : [first];
  return leaders.flatMap((leader) =>
    hopeful
      .flatMap((move) => child(problem, leader, move))
      .filter(({ policy }) => !known.has(JSON.stringify(policy)))
      .slice(0, WIDTH),
  );
}

/** The best by what has been told: the budget may end within a round. It goes on from the trunk's training, which has been paid for. */
function best({ problem, forks, asked }: RegularizationState): Fragment {
  const start = asked > 0 && trunkOf(problem) ? ((problem.facts["start"] ?? {}) as Params) : {};
  const [leader] = ranked({ problem, forks });
  if (!leader || !isWorthwhile(forks)) return mergeFragments(problem.base, { steps: [], train: start });
  // What forks cannot judge is taken for its prior.
  return mergeFragments(leader.policy, { ...givenOf(problem, leader.policy), train: start });
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
