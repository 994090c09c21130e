import {
  completeParams,
  type Answer,
  type Fragment,
  type Json,
  type MetaLearner,
  type Problem,
  type Request,
} from "@regimen/core";
import { describe, expect, it } from "vitest";
import { madeUpProblem, metalearnerLaws, simulate } from "../src/index.ts";
import { collect, verdict, type Laws } from "./collect.ts";

type State = {
  readonly problem: Problem;
  readonly asked: number;
  readonly told: readonly (number | null)[];
};
type Trial = Extract<Request, { kind: "trial" }>;

/** The base, and each technique alone: sound, and no more than that. */
const one = ({ base, techniques, fixed = {} }: Problem): readonly Fragment[] => [
  base,
  ...techniques.map((technique) => ({
    ...base,
    steps: [...base.steps, { use: technique.name, with: completeParams(technique, fixed[technique.name] ?? {}) }],
  })),
];
const each = ({ budget, techniques }: Problem): number => Math.floor((0.9 * budget.trained) / (techniques.length + 1));
const trial = ({ problem, asked }: State): Trial => ({
  kind: "trial",
  id: `t${asked}`,
  policy: one(problem)[asked]!,
  until: each(problem),
  horizon: each(problem),
  seed: problem.seed,
});
const sound: MetaLearner<State> = {
  name: "one-by-one",
  claims: () => true,
  init: (problem) => ({ problem, asked: 0, told: [] }),
  ask(state) {
    const { problem, asked, told } = state;
    if (asked < one(problem).length && each(problem) > 1000) return [trial(state), { ...state, asked: asked + 1 }];
    return [told.length < asked ? { kind: "wait" } : { kind: "done", ok: true }, state];
  },
  tell: (state, answer) => ({ ...state, told: [...state.told, answer.score?.loss ?? null] }),
  best({ problem, told }) {
    const base = told[0];
    const [loss, at] = told.reduce<readonly [number, number]>(
      (low, next, i) => (next !== null && next < low[0] ? [next, i] : low),
      [Infinity, 0],
    );
    return base != null && loss < 0.9 * base ? one(problem)[at]! : problem.base;
  },
};
/** Another request in place of each trial. */
const asking = (change: (request: Trial, state: State) => Request): MetaLearner<State> => ({
  ...sound,
  ask(state) {
    const [request, next] = sound.ask(state);
    return [request.kind === "trial" ? change(request, state) : request, next];
  },
});
/** Another policy in place of those beside the base. */
const trying = (policy: (problem: Problem) => Fragment): MetaLearner<State> =>
  asking((request, { problem, asked }) => (asked ? { ...request, policy: policy(problem) } : request));
const withStep = (problem: Problem, ...steps: Fragment["steps"]): Fragment => ({
  steps: [...problem.base.steps, ...steps],
});

const lawsOf = (create: () => MetaLearner<State>): Laws => collect((runner) => metalearnerLaws(create, runner));

describe("a sound metalearner", () => metalearnerLaws(() => sound, { describe, it }));

/** Its count outlives its state. */
function forgetful(): MetaLearner<State> {
  let asked = 0;
  return {
    ...sound,
    init: (problem) => ((asked = 0), sound.init(problem)),
    ask: (state) => {
      const [request] = sound.ask({ ...state, asked });
      if (request.kind === "trial") asked++;
      return [request, { ...state, asked }];
    },
  };
}

const BROKEN: readonly (readonly [law: string, what: string, create: () => MetaLearner<State>, says: RegExp])[] = [
  [
    "is pure",
    "writes to its state",
    () => ({
      ...sound,
      tell: (state, answer) => ((state.told as (number | null)[]).push(answer.score?.loss ?? null), state),
    }),
    /not extensible/,
  ],
  [
    "is pure",
    "answers by chance",
    () => asking((request) => ({ ...request, seed: Math.random() })),
    /two answers to one state/,
  ],
  [
    "keeps its state in JSON",
    "keeps infinity",
    () => ({ ...sound, tell: (state, answer) => ({ ...sound.tell(state, answer), lowest: Infinity }) }),
    /lowest is Infinity/,
  ],
  [
    "keeps its state in JSON",
    "keeps a Map",
    () => ({ ...sound, init: (problem) => ({ ...sound.init(problem), seen: new Map() as unknown as Json }) }),
    /seen is a Map/,
  ],
  ["goes on from every boundary", "counts outside of its state", forgetful, /after JSON and back/],
  [
    "never asks for more",
    "trains for too long",
    () => asking((request) => ({ ...request, until: 2 * request.until, horizon: 2 * request.until })),
    /are left/,
  ],
  [
    "waits only",
    "waits for nothing",
    () => ({ ...sound, ask: (state) => [{ kind: "wait" }, state] }),
    /nothing is outstanding/,
  ],
  [
    "waits only",
    "is done too early",
    () => ({ ...sound, ask: (state) => (state.asked > 1 ? [{ kind: "done", ok: true }, state] : sound.ask(state)) }),
    /done, with "t0" not told/,
  ],
  [
    "waits only",
    "never ends",
    () => ({ ...sound, ask: (state) => sound.ask({ ...state, asked: 0 }) }),
    /a second time|no end/,
  ],
  [
    "goes on only from checkpoints",
    "goes on from nothing",
    () => asking((request) => ({ ...request, from: "elsewhere" })),
    /which is not kept/,
  ],
  [
    "goes on only from checkpoints",
    "drops what it goes on from",
    () =>
      asking((request, { asked }) =>
        asked === 0
          ? { ...request, keep: "base" }
          : asked === 1
            ? { ...request, from: "base", drop: ["base"], until: 2 * request.until, horizon: 2 * request.until }
            : request,
      ),
    /drops "base"/,
  ],
  [
    "goes on only from checkpoints",
    "ends its schedule too early",
    () => asking((request) => ({ ...request, horizon: request.until / 2 })),
    /its schedule ends/,
  ],
  ["asks for valid policies", "drops the base", () => trying(() => ({ steps: [] })), /made-up\/earlier is missing/],
  [
    "asks for valid policies",
    "overrules what is fixed",
    () => trying((p) => withStep(p, { use: "made-up/blend", with: { alpha: 0.9, rate: 1 } })),
    /fixed at 0.4/,
  ],
  [
    "asks for valid policies",
    "puts rivals together",
    () => trying((p) => withStep(p, { use: "made-up/drop", with: {} }, { use: "made-up/skip", with: {} })),
    /with which it conflicts/,
  ],
  [
    "asks for valid policies",
    "leaves the range",
    () => trying((p) => withStep(p, { use: "made-up/mirror", with: { rate: 3 } })),
    /rate is 3/,
  ],
  [
    "asks for valid policies",
    "invents a technique",
    () => trying((p) => withStep(p, { use: "made-up/nothing", with: {} })),
    /not in the problem/,
  ],
  [
    "survives trials",
    "asks again for what failed",
    () => ({
      ...sound,
      tell: (state, answer) => (answer.status === "ok" ? sound.tell(state, answer) : { ...state, asked: 0, told: [] }),
    }),
    /no end/,
  ],
  [
    "survives trials",
    "takes what nobody saw work",
    () => ({ ...sound, best: (state) => (state.told[0] === null ? one(state.problem)[1]! : sound.best(state)) }),
    /every trial failed/,
  ],
  [
    "has a best at every moment",
    "starts with a guess",
    () => ({ ...sound, best: (state) => (state.told.length ? sound.best(state) : one(state.problem)[1]!) }),
    /before anything is told/,
  ],
  [
    "takes nothing unusual",
    "takes what is as good as the base",
    () => ({
      ...sound,
      best: ({ problem, told }) => {
        const equal = told.findLastIndex((loss) => loss !== null && loss <= told[0]!);
        return one(problem)[Math.max(0, equal)]!;
      },
    }),
    /all trials came out equal/,
  ],
  [
    "chooses nothing by chance",
    "believes the lowest number",
    () => ({
      ...sound,
      best: ({ problem, told }) => {
        const low = Math.min(...told.map((loss) => loss ?? Infinity));
        return one(problem)[Math.max(0, told.indexOf(low))]!;
      },
    }),
    /all was noise/,
  ],
  [
    "leaves out what hurts much",
    "takes what it likes, once anything was told",
    () => ({
      ...sound,
      best: (state) => (state.told.some((loss) => loss !== null) ? one(state.problem)[1]! : state.problem.base),
    }),
    /was left out with 0/,
  ],
  [
    "takes what helps much",
    "believes nothing",
    () => ({ ...sound, best: ({ problem }) => problem.base }),
    /a quarter off the loss was taken with 0/,
  ],
];

describe("a broken metalearner", () => {
  it.each(BROKEN)('fails the law "%s…" when it %s', async (law, _, create, says) => {
    expect(await verdict(lawsOf(create), law)).toMatch(says);
  });
});

describe("simulate", () => {
  const problem = madeUpProblem;
  const flat = (): number => 1;
  const scripted = (requests: readonly Request[]): MetaLearner<{ at: number; told: readonly Answer[] }> => ({
    name: "scripted",
    claims: () => true,
    init: () => ({ at: 0, told: [] }),
    ask: (state) => [requests[state.at]!, { ...state, at: state.at + 1 }],
    tell: (state, answer) => ({ ...state, told: [...state.told, answer] }),
    best: () => problem.base,
  });
  const request = (id: string, more: Partial<Trial>): Trial => ({
    kind: "trial",
    id,
    policy: problem.base,
    until: 1000,
    seed: 1,
    ...more,
  });
  const done: Request = { kind: "done", ok: true };

  it("counts a continued trial from where it was kept, and shows the surface the whole chain", () => {
    const seen: unknown[] = [];
    const { spent, answers } = simulate(
      scripted([request("a", { keep: "k" }), request("b", { from: "k", until: 1500, horizon: 1500 }), done]),
      (_, images, __, { chain, horizon }) => {
        seen.push([images, horizon, chain.map((part) => part.images)]);
        return 1;
      },
      { problem, validation: 30 },
    );
    expect(spent).toEqual({ trained: 1500, inferred: 60, seconds: 1.5 });
    expect(answers.map((answer) => answer.cost.trained)).toEqual([1000, 500]);
    expect(seen).toEqual([
      [1000, 150_000, [1000]],
      [1500, 1500, [1000, 500]],
    ]);
  });

  it("tells in the order asked, with as many at once as there are workers", () => {
    const learner = scripted([
      request("a", {}),
      request("b", {}),
      request("c", {}),
      { kind: "wait" },
      { kind: "wait" },
      done,
    ]);
    const { answers, moves } = simulate(learner, flat, { problem, workers: 3 });
    expect(answers.map((answer) => answer.id)).toEqual(["a", "b", "c"]);
    expect(moves.map((move) => (move === "ask" ? "ask" : move.id))).toEqual([
      "ask",
      "ask",
      "ask",
      "a",
      "ask",
      "b",
      "ask",
      "c",
      "ask",
    ]);
  });

  it("refuses what the budget does not pay for, and says so", () => {
    const poor = { ...problem, budget: { trained: 1500, inferred: 0, seconds: 0 } };
    const learner = scripted([request("a", {}), request("b", {}), done]);
    expect(() => simulate(learner, flat, { problem: poor, validation: 0 })).toThrow(
      /budget.*"b" costs 1000 images, and 500 are left/,
    );
  });

  it("answers measurements from the world, and charges what they may cost", () => {
    const measure: Request = {
      kind: "measure",
      id: "m",
      use: "made-up/speed",
      with: { batch: 8 },
      policy: problem.base,
      atMost: { trained: 10, inferred: 3, seconds: 1 },
    };
    const { answers } = simulate(scripted([measure, done]), flat, {
      problem,
      measures: { "made-up/speed": ({ with: args }) => ({ got: args }) },
    });
    expect(answers).toEqual([{ id: "m", status: "ok", value: { got: { batch: 8 } }, cost: measure.atMost }]);
    expect(() => simulate(scripted([measure, done]), flat, { problem })).toThrow(/unknown-measure/);
  });
});
