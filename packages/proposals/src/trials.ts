import {
  comparable,
  createRng,
  imagesSeen,
  mergeFragments,
  type Answer,
  type Fragment,
  type MetaLearner,
  type Problem,
  type Request,
} from "@regimen/core";
import { batchOf } from "./batch.ts";
import { margin } from "./decide.ts";
import { trunkOf } from "./trunk.ts";

/** A policy that was tried, and what it came to; null: it failed, or is awaited. */
export type Tried = { readonly policy: Fragment; readonly loss: number | null };

/** What tells one learner of equal trials from another. */
export type TrialsHow = {
  readonly name: string;
  readonly claims: MetaLearner["claims"];
  /** Trainings, those of the base included, for a budget of so many plain runs. */ trials(share: number): number;
  /** The next policy to try, after those before it; undefined: there is none. `base`: the loss of the base; null: nobody knows yet. */
  propose(problem: Problem, earlier: readonly Tried[], base: number | null): Fragment | undefined;
  /** Whether trials fork the trunk where there is one; else all begin anew. */ readonly forks: boolean;
  /** The longest that a training may be, in plain runs, for a budget of so many. */ longest?(share: number): number;
  /** The steps below which a training says nothing. */ readonly fewest?: number;
};

export type TrialsState = {
  readonly problem: Problem;
  /** In the order asked, those of the base first. */ readonly tried: readonly Tried[];
  /** How many of the first are the base. */ readonly bases: number;
  readonly wanted: number;
  /** Images of each training, without the trunk's. */ readonly images: number;
  readonly told: number;
  /** In images, as `imagesSeen` counts them. */ readonly spent: number;
  /** The most that an image of a trial has cost so far. */ readonly dearest: number;
  /** Set once the budget refused a trial. */ readonly over: boolean;
  /** Why nothing is compared; null: something is. */ readonly idle: string | null;
};

/** What a fork needs, in plain runs: 2 of 30 epochs ranked policies as whole trainings did. */
const FORK = 1 / 15;
/**
 * From this many forks on, one is a second fork of the base: it shows the noise. Not without a trunk: there the seed is the
 * initial weights too, which all other trials share.
 */
const AGAIN_FROM = 6;
/** Part of the budget that is planned with: evaluations weigh more in short trainings than in the plain run. */
const PLANNED = 0.95;

/**
 * Equal short trainings, or short forks of a plain trunk where there is one, decided by validation loss: what differs from
 * learner to learner is which policy is tried next.
 */
export function trialsLearner(how: TrialsHow): MetaLearner<TrialsState> {
  const trunk = (problem: Problem) => (how.forks ? trunkOf(problem) : undefined);

  function init(problem: Problem): TrialsState {
    const perImage = imagesSeen(problem.plain) / problem.plain.trained;
    const budget = imagesSeen(problem.budget);
    const share = budget / imagesSeen(problem.plain);
    const wanted = how.propose(problem, [], null) ? how.trials(share) : 0;
    const bases = trunk(problem) && wanted >= AGAIN_FROM ? 2 : 1;
    const each = Math.floor((PLANNED * budget) / perImage / Math.max(1, wanted));
    const { trained } = problem.plain;
    // Forks say what they have to say early; what they leave goes into the final training.
    const fork = trunk(problem);
    const longest = how.longest?.(share) ?? (fork ? FORK * Math.max(1, Math.sqrt(share)) : 1);
    const images = Math.min(each, Math.floor(Math.min(longest * trained, trained - (fork?.images ?? 0))));
    const idle = how.propose(problem, [], null) ? whyIdle(problem, wanted, images) : null;
    return {
      problem,
      tried: [],
      bases,
      wanted: idle === null ? wanted : 0,
      images,
      told: 0,
      spent: 0,
      dearest: perImage,
      over: false,
      idle,
    };
  }

  function whyIdle(problem: Problem, wanted: number, images: number): string | null {
    if (wanted < 2 || images < 1)
      return `the budget of ${Math.round(imagesSeen(problem.budget))} images does not pay for two short trainings`;
    const steps = images / batchOf(problem);
    const { fewest = 0 } = how;
    return steps < fewest
      ? `a short training would have ${Math.floor(steps)} steps, and one of fewer than ${fewest} says nothing`
      : null;
  }

  function ask(state: TrialsState): readonly [Request, TrialsState] {
    const { problem, tried, bases, images, told } = state;
    const asked = tried.length;
    const left = imagesSeen(problem.budget) - state.spent;
    const reserved = (asked - told + 1) * images * state.dearest;
    const policy = asked < state.wanted && !state.over && reserved <= left ? nextPolicy(state) : undefined;
    if (policy) {
      // The same seed throughout: the same weights to begin with, and the same batches.
      const again = asked > 0 && asked < bases;
      const seed = again
        ? createRng(problem.seed)
            .fork("again")
            .int(2 ** 31)
        : problem.seed;
      const fork = trunk(problem);
      const until = (fork?.images ?? 0) + images;
      // A fork has a schedule of its own: where the trunk's rate has come down, nothing would be learnt.
      const from = fork && { from: fork.name, origin: fork.images };
      return [
        { kind: "trial", id: `${asked}`, policy, until, horizon: until, ...from, seed },
        { ...state, tried: [...tried, { policy, loss: null }] },
      ];
    }
    if (told < asked) return [{ kind: "wait" }, state];
    const failed = asked > 0 && tried.every(({ loss }) => loss === null);
    const why = state.idle ?? (failed ? "every trial failed" : undefined);
    return [{ kind: "done", ok: why === undefined, ...(why !== undefined && { why }) }, state];
  }

  function nextPolicy({ problem, tried, bases }: TrialsState): Fragment | undefined {
    return tried.length < bases
      ? mergeFragments(problem.base, { steps: [] })
      : how.propose(problem, tried.slice(bases), tried[0]?.loss ?? null);
  }

  function tell(state: TrialsState, answer: Answer): TrialsState {
    const score = answer.status === "ok" && answer.score ? comparable(answer.score) : undefined;
    const loss = score !== undefined && Number.isFinite(score) ? score : null;
    const seen = imagesSeen(answer.cost);
    return {
      ...state,
      tried: state.tried.map((one, at) => (at === Number(answer.id) ? { ...one, loss } : one)),
      told: state.told + 1,
      spent: state.spent + seen,
      dearest: Math.max(state.dearest, seen / state.images),
      over: state.over || answer.status === "over-budget",
    };
  }

  /** The policy with the lowest loss, if it beats the base by more than the noise; else the base. */
  function best({ problem, tried, bases, told }: TrialsState): Fragment {
    const known = tried.slice(0, bases).flatMap(({ loss }) => (loss === null ? [] : [loss]));
    const others = tried.slice(bases).filter((one) => one.loss !== null) as { policy: Fragment; loss: number }[];
    const [winner] = others.sort((a, b) => a.loss - b.loss);
    if (!winner || told < bases) return problem.base;
    if (!known.length) return winner.policy;
    const base = known.reduce((sum, loss) => sum + loss, 0) / known.length;
    const again = known.length === 2 && { again: { first: known[0]!, second: known[1]! } };
    return base - winner.loss > margin({ base, candidates: others.length, ...again }) ? winner.policy : problem.base;
  }

  return { name: how.name, claims: how.claims, init, ask, tell, best };
}
