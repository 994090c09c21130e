import {
  createRng,
  imagesSeen,
  mergeFragments,
  type Answer,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Problem,
  type Request,
} from "@regimen/core";
import { checkOptions, drawAnother, firstPolicies, margin, trunkOf } from "@regimen/proposals";

export type RandomOptions = {
  /** Trainings, those of the base included; by the budget unless told. 2 to 1000. */ readonly trials?: number;
};
const AXES: { readonly trials: NumberAxis } = {
  trials: { kind: "value", range: [2, 1000], scale: "integer", default: 8 },
};

/** The shortest training that says something, in plain runs. */
const SHORTEST = 0.1;
/** What a fork of a trunk needs, in plain runs: 2 of 30 epochs ranked policies as whole trainings did. */
const FORK = 1 / 15;
/**
 * From this many forks on, one is a second fork of the base: it shows the noise. Not without a trunk: there the seed is the
 * initial weights too, which all other trials share.
 */
const AGAIN_FROM = 6;
/** Part of the budget that is planned with: evaluations weigh more in short trainings than in the plain run. */
const PLANNED = 0.95;

export type RandomState = {
  readonly problem: Problem;
  /** One a trial, in the order asked. */ readonly policies: readonly Fragment[];
  /** How many of the first are the base. */ readonly bases: number;
  /** Images of each training, without the trunk's. */ readonly images: number;
  readonly asked: number;
  /** Losses in the order told; null: the trial failed. */ readonly told: readonly (number | null)[];
  /** In images, as `imagesSeen` counts them. */ readonly spent: number;
  /** The most that an image of a trial has cost so far. */ readonly dearest: number;
  /** Set once the budget refused a trial. */ readonly over: boolean;
  /** The budget is too small to compare anything. */ readonly poor: boolean;
};

/** How many trainings a budget of `share` plain runs pays for: a tenth of a run each, 8 from 0.8 on, then growing as its root. */
export const trialsFor = (share: number): number =>
  share < 8 * SHORTEST
    ? Math.floor(share / SHORTEST + 1e-9)
    : Math.max(8, Math.round(8 * Math.sqrt(share)), Math.ceil(share));

function plan(problem: Problem, options: RandomOptions): RandomState {
  const perImage = imagesSeen(problem.plain) / problem.plain.trained;
  const budget = imagesSeen(problem.budget);
  const share = budget / imagesSeen(problem.plain);
  const wanted = options.trials ?? trialsFor(share);
  const trunk = trunkOf(problem);
  const bases = trunk && wanted >= AGAIN_FROM ? 2 : 1;
  const rng = createRng(problem.seed).fork("random");
  const others: Fragment[] = [];
  const first = firstPolicies(problem);
  while (others.length < wanted - bases) {
    const next = first[others.length] ?? drawAnother(problem, rng, others.length, others);
    if (!next) break;
    others.push(next);
  }
  const base = mergeFragments(problem.base, { steps: [] });
  const policies = others.length ? [...Array.from({ length: bases }, () => base), ...others] : [];
  const each = Math.floor((PLANNED * budget) / perImage / Math.max(1, policies.length));
  const { trained } = problem.plain;
  // Forks say what they have to say early; what they leave goes into the final training.
  const most = trunk ? Math.min(trained - trunk.images, FORK * Math.max(1, Math.sqrt(share)) * trained) : trained;
  const images = Math.min(each, Math.floor(most));
  const poor = wanted < 2 || (policies.length > 0 && images < 1);
  return {
    problem,
    policies: poor ? [] : policies,
    bases,
    images,
    asked: 0,
    told: [],
    spent: 0,
    dearest: perImage,
    over: false,
    poor,
  };
}

function ask(state: RandomState): readonly [Request, RandomState] {
  const { problem, policies, bases, images, asked, told } = state;
  const left = imagesSeen(problem.budget) - state.spent;
  const reserved = (asked - told.length + 1) * images * state.dearest;
  const policy = policies[asked];
  if (policy && !state.over && reserved <= left) {
    // The same seed throughout: the same weights to begin with, and the same batches.
    const seed =
      asked > 0 && asked < bases
        ? createRng(problem.seed)
            .fork("again")
            .int(2 ** 31)
        : problem.seed;
    const trunk = trunkOf(problem);
    const until = (trunk?.images ?? 0) + images;
    // A fork has a schedule of its own: where the trunk's rate has come down, nothing would be learnt.
    const from = trunk && { from: trunk.name, origin: trunk.images };
    return [
      { kind: "trial", id: `${asked}`, policy, until, horizon: until, ...from, seed },
      { ...state, asked: asked + 1 },
    ];
  }
  if (told.length < asked) return [{ kind: "wait" }, state];
  const why = state.poor
    ? `the budget of ${Math.round(imagesSeen(problem.budget))} images does not pay for two short trainings`
    : asked && told.every((loss) => loss === null)
      ? "every trial failed"
      : undefined;
  return [{ kind: "done", ok: why === undefined, ...(why !== undefined && { why }) }, state];
}

function tell(state: RandomState, answer: Answer): RandomState {
  const loss = answer.status === "ok" ? answer.score?.loss : undefined;
  const seen = imagesSeen(answer.cost);
  return {
    ...state,
    told: [...state.told, loss !== undefined && Number.isFinite(loss) ? loss : null],
    spent: state.spent + seen,
    dearest: Math.max(state.dearest, seen / state.images),
    over: state.over || answer.status === "over-budget",
  };
}

/** The policy with the lowest loss, if it beats the base by more than the noise; else the base. */
function best({ problem, policies, bases, told }: RandomState): Fragment {
  const known = told.slice(0, bases).filter((loss) => loss !== null);
  const others = told.flatMap((loss, at) => (at >= bases && loss !== null ? [{ loss, policy: policies[at]! }] : []));
  const winner = others.reduce<(typeof others)[number] | undefined>(
    (a, b) => (a && a.loss <= b.loss ? a : b),
    undefined,
  );
  if (!winner || told.length < bases) return problem.base;
  if (!known.length) return winner.policy;
  const base = known.reduce((sum, loss) => sum + loss, 0) / known.length;
  const again = known.length === 2 && { again: { first: known[0]!, second: known[1]! } };
  return base - winner.loss > margin({ base, candidates: others.length, ...again }) ? winner.policy : problem.base;
}

/**
 * Random search over policies (Bergstra and Bengio 2012): equal short trainings, or short forks of a plain trunk where there
 * is one, decided by validation loss. Errors: REG_PARAM*.
 */
export function createRandom(options: { readonly [option: string]: Json | undefined } = {}): MetaLearner<RandomState> {
  const checked = checkOptions<RandomOptions>("random", AXES, options);
  return { name: "random", claims: () => true, init: (problem) => plan(problem, checked), ask, tell, best };
}
