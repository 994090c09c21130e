import {
  addCost,
  imagesSeen,
  zeroCost,
  type Answer,
  type Cost,
  type Fragment,
  type Json,
  type MetaLearner,
  type Problem,
  type Request,
  type Score,
} from "@regimen/core";

type Trial = Extract<Request, { kind: "trial" }>;
type Measurement = Extract<Request, { kind: "measure" }>;

/** Parts of a training, first to last: a fork has more than one policy. */
export type Chain = readonly { readonly policy: Fragment; readonly images: number }[];

/** What a training comes to. `chain` is how it got there, its own part last; `images` counts from the chain's beginning. */
export type Surface = (
  policy: Fragment,
  images: number,
  seed: number,
  how: { readonly horizon: number; readonly chain: Chain },
) => number | Score;

export type SimulateOptions = {
  readonly problem: Problem;
  /** Requests that run at once; 1 unless told. */ readonly workers?: number;
  /** What an image costs under a policy; 1 unless told. */ readonly cost?: (policy: Fragment) => number;
  /** Images that every trial is validated on; 500 unless told. */ readonly validation?: number;
  /** Answers of measurements, by full name. */
  readonly measures?: Readonly<Record<string, (request: Measurement) => Json>>;
  /** Checkpoints that are there before the search, by name. */ readonly kept?: Readonly<Record<string, Chain>>;
  /** Whether the trial, the n-th from 0, fails. */ readonly fails?: (trial: Trial, n: number) => boolean;
  /** More requests than this are no search; 2,000 unless told. */ readonly limit?: number;
};

/** What a metalearner did that no metalearner may do. */
export type Breach = {
  readonly what: "budget" | "checkpoint" | "endless" | "id" | "outstanding" | "schedule" | "unknown-measure";
  readonly message: string;
};
export type Simulation<S> = {
  readonly best: Fragment;
  readonly requests: readonly Request[];
  readonly answers: readonly Answer[];
  /** The state before each `ask` and each `tell`, in order, and the last one. */ readonly states: readonly S[];
  /** What was done to each state but the last. */ readonly moves: readonly ("ask" | Answer)[];
  readonly spent: Cost;
  readonly done: Extract<Request, { kind: "done" }> | undefined;
  /** The most checkpoints that were kept at once. */ readonly checkpoints: number;
  readonly breaches: readonly Breach[];
};

/** Plays a search in a fake world, and goes on after a breach where it can. Tells in the order asked. */
export function play<S extends Json>(
  learner: MetaLearner<S>,
  surface: Surface,
  options: SimulateOptions,
): Simulation<S> {
  const {
    problem,
    workers = 1,
    cost = () => 1,
    validation = 500,
    measures = {},
    fails = () => false,
    limit = 2000,
  } = options;
  const kept = new Map<string, Chain>(Object.entries(options.kept ?? {}));
  const budget = imagesSeen(problem.budget);
  const [requests, answers, breaches] = [[] as Request[], [] as Answer[], [] as Breach[]];
  const [states, moves] = [[] as S[], [] as ("ask" | Answer)[]];
  const ids = new Set<string>();
  const outstanding: (Trial | Measurement)[] = [];
  const breach = (what: Breach["what"], message: string): void => void breaches.push({ what, message });
  let [spent, trials, checkpoints, state] = [zeroCost, 0, kept.size, learner.init(problem)];
  let done: Extract<Request, { kind: "done" }> | undefined;

  const lengthOf = (chain: Chain): number => chain.reduce((sum, part) => sum + part.images, 0);
  const origin = ({ from }: Trial | Measurement): Chain | undefined => (from === undefined ? [] : kept.get(from));
  const failed = (id: string, why: string): Answer => ({ id, status: "failed", why, cost: zeroCost });

  function train(trial: Trial): Answer {
    const n = trials++;
    const before = origin(trial);
    if (!before) return failed(trial.id, "no such checkpoint");
    const images = trial.until - lengthOf(before);
    const horizon = trial.horizon ?? problem.plain.trained;
    if (!(images > 0))
      breach("schedule", `"${trial.id}" pauses after ${trial.until} images, and begins after ${lengthOf(before)}`);
    if (horizon < trial.until)
      breach("schedule", `"${trial.id}" trains to ${trial.until} images, and its schedule ends at ${horizon}`);
    const price: Cost = {
      trained: Math.max(0, images) * cost(trial.policy),
      inferred: validation,
      seconds: images / 1000,
    };
    if (imagesSeen(spent) + imagesSeen(price) > budget) {
      breach("budget", `"${trial.id}" costs ${imagesSeen(price)} images, and ${budget - imagesSeen(spent)} are left`);
      return { id: trial.id, status: "over-budget", cost: zeroCost };
    }
    if (fails(trial, n)) return { ...failed(trial.id, "injected"), cost: { ...price, inferred: 0 } };
    const chain: Chain = [...before, { policy: trial.policy, images }];
    if (trial.keep !== undefined) {
      if (kept.has(trial.keep)) breach("checkpoint", `"${trial.id}" keeps "${trial.keep}" over another of that name`);
      kept.set(trial.keep, chain);
    }
    const found = surface(trial.policy, trial.until, trial.seed, { horizon, chain });
    const score: Score = typeof found === "number" ? { loss: found, error: 1 - Math.exp(-found), ece: null } : found;
    return { id: trial.id, status: "ok", score, cost: price };
  }

  function measure(request: Measurement): Answer {
    const answer = measures[request.use];
    if (!answer)
      breach("unknown-measure", `"${request.id}" measures "${request.use}", for which the world has no answer`);
    if (!answer || !origin(request)) return failed(request.id, "not measured");
    const left = budget - imagesSeen(spent);
    if (imagesSeen(request.atMost) > left) {
      breach("budget", `"${request.id}" may cost ${imagesSeen(request.atMost)} images, and ${left} are left`);
      return { id: request.id, status: "over-budget", cost: zeroCost };
    }
    return { id: request.id, status: "ok", value: answer(request), cost: request.atMost };
  }

  function drop(trial: Trial): void {
    for (const name of trial.drop ?? []) {
      const user = [trial, ...outstanding].find((other) => other.from === name);
      if (user) breach("checkpoint", `"${trial.id}" drops "${name}", from which "${user.id}" is to go on`);
      if (!kept.has(name)) breach("checkpoint", `"${trial.id}" drops "${name}", which is not kept`);
      if (!user) kept.delete(name);
    }
  }

  /** Does the oldest request, and tells. */
  function work(): void {
    const request = outstanding.shift()!;
    const answer = request.kind === "trial" ? train(request) : measure(request);
    spent = addCost(spent, answer.cost);
    checkpoints = Math.max(checkpoints, kept.size);
    answers.push(answer);
    states.push(state);
    moves.push(answer);
    state = learner.tell(state, answer);
  }

  while (!done) {
    if (requests.length >= limit) {
      breach("endless", `${limit} requests, and no end`);
      break;
    }
    states.push(state);
    moves.push("ask");
    const [request, next] = learner.ask(state);
    state = next;
    requests.push(request);
    if (request.kind === "done") {
      if (outstanding.length) breach("outstanding", `done, with "${outstanding[0]!.id}" not told`);
      done = request;
    } else if (request.kind === "wait") {
      if (!outstanding.length) {
        breach("outstanding", "waits, and nothing is outstanding");
        break;
      }
      work();
    } else {
      if (ids.has(request.id)) breach("id", `"${request.id}" is asked a second time`);
      ids.add(request.id);
      if (!origin(request)) breach("checkpoint", `"${request.id}" goes on from "${request.from}", which is not kept`);
      if (request.kind === "trial") drop(request);
      outstanding.push(request);
      if (outstanding.length >= workers) work();
    }
  }
  states.push(state);
  return { best: learner.best(state), requests, answers, states, moves, spent, done, checkpoints, breaches };
}

/**
 * A search against a made-up world: trainings cost what they would cost, checkpoints must exist, the budget is a wall.
 * Throws an Error that names the first breach.
 */
export function simulate<S extends Json>(
  learner: MetaLearner<S>,
  surface: Surface,
  options: SimulateOptions,
): Simulation<S> {
  const simulation = play(learner, surface, options);
  const [first] = simulation.breaches;
  if (first) throw new Error(`${learner.name} breaks the rules (${first.what}): ${first.message}`);
  return simulation;
}
