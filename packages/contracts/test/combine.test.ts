import { describe, expect, it } from "vitest";
import {
  fallback,
  imagesSeen,
  mergeFragments,
  parallel,
  sequence,
  type Answer,
  type Cost,
  type Fragment,
  type Json,
  type MetaLearner,
  type Params,
  type Problem,
  type Request,
  type TechniqueMeta,
} from "@regimen/contracts";

const technique = (name: string): TechniqueMeta => ({
  name,
  version: "1",
  group: name[0]!,
  paper: "none",
  space: {},
  order: { slot: "mix" },
});
const cost = (trained: number, inferred = 0): Cost => ({ trained, inferred, seconds: 0 });
const problem: Problem = {
  techniques: ["a1", "a2", "b1", "c1"].map(technique),
  train: { learningRate: { kind: "value", range: [0.1, 1], default: 0.5 } },
  base: { steps: [] },
  facts: { images: 100 },
  plain: cost(100),
  budget: cost(60, 12),
  seed: 7,
};
const step = (use: string, params: Params = {}) => ({ use, with: params });

type Script = {
  readonly name: string;
  readonly claims: string;
  readonly asks: readonly Request[];
  readonly ok?: boolean;
  readonly why?: string;
  readonly found?: Fragment;
};
type ScriptState = {
  readonly at: number;
  readonly told: readonly Json[];
  readonly problem: Json;
  readonly base: Fragment;
};
/** Asks what its script says, one after the other, and finds what its script says on top of its base. `claims`: first letters. */
function scripted({ name, claims, asks, ok = true, why, found = { steps: [] } }: Script): MetaLearner {
  const learner: MetaLearner<ScriptState> = {
    name,
    measures: { [`${name}/look`]: async () => name },
    claims: (what) => claims.includes("name" in what ? what.name[0]! : "t"),
    init: (given) => ({
      at: 0,
      told: [],
      problem: { ...given, techniques: given.techniques.map((t) => t.name) } as unknown as Json,
      base: given.base,
    }),
    ask: (s) =>
      s.at < asks.length
        ? [asks[s.at]!, { ...s, at: s.at + 1 }]
        : [{ kind: "done", ok, ...(why !== undefined && { why }) }, s],
    tell: (s, answer) => ({ ...s, told: [...s.told, answer as unknown as Json] }),
    best: (s) => mergeFragments(s.base, found),
  };
  return learner as unknown as MetaLearner;
}
const trial = (id: string, more: Partial<Extract<Request, { kind: "trial" }>> = {}): Request => ({
  kind: "trial",
  id,
  policy: { steps: [] },
  until: 10,
  seed: 1,
  ...more,
});

/** Plays a learner to its end through JSON at every turn; each answer costs 10 trained images, or what `answer` says. */
function play(
  learner: MetaLearner,
  given: Problem = problem,
  answer: (request: Request, n: number) => Partial<Answer> = () => ({}),
) {
  const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  const [requests, states, moves] = [[] as Request[], [] as Json[], [] as (Answer | "ask")[]];
  let state = json(learner.init(given));
  for (let n = 0; n < 100; n++) {
    states.push(state);
    moves.push("ask");
    const [request, asked] = learner.ask(state);
    state = json(asked);
    requests.push(request);
    if (request.kind === "done") return { requests, state, states, moves, best: learner.best(state) };
    if (request.kind === "wait") continue;
    states.push(state);
    const told: Answer = {
      id: request.id,
      status: "ok",
      score: { error: 0, loss: n, ece: null },
      cost: cost(10),
      ...answer(request, n),
    };
    moves.push(told);
    state = json(learner.tell(state, told));
  }
  throw new Error("no end");
}
const ids = (requests: readonly Request[]): (string | undefined)[] => requests.map((r) => ("id" in r ? r.id : r.kind));

describe("mergeFragments", () => {
  it("keeps places, replaces hyperparameters, adds the rest, and merges settings", () => {
    const a = { steps: [step("x", { m: 1 }), step("y")], train: { epochs: 3, learningRate: 1 } };
    const b = { steps: [step("z"), step("x", { m: 2 })], train: { learningRate: 2 } };
    expect(mergeFragments(a, b)).toEqual({
      steps: [step("x", { m: 2 }), step("y"), step("z")],
      train: { epochs: 3, learningRate: 2 },
    });
  });
});

describe("sequence", () => {
  const first = scripted({
    name: "first",
    claims: "a",
    asks: [trial("x"), trial("y")],
    found: { steps: [step("a1")] },
  });
  const second = scripted({
    name: "second",
    claims: "abt",
    asks: [trial("x")],
    found: { steps: [step("b1")], train: { learningRate: 0.2 } },
  });
  const both = sequence(first, second);

  it("gives each what it claims first, the budget that is left, and what was found before", () => {
    const { requests, state, best } = play(both);
    expect(ids(requests)).toEqual(["0/x", "0/y", "1/x", "done"]);
    expect(best).toEqual({ steps: [step("a1"), step("b1")], train: { learningRate: 0.2 } });
    expect(state).toMatchObject({ at: 2, spent: cost(30) });
    const seen: Record<string, Problem> = {};
    const spy = (learner: MetaLearner): MetaLearner => ({
      ...learner,
      init: (p) => ((seen[learner.name] = p), learner.init(p)),
    });
    play(sequence(spy(first), spy(second)), problem, () => ({ cost: cost(5, 3) }));
    expect(seen["first"]).toMatchObject({
      budget: cost(60, 12),
      base: { steps: [] },
      train: {},
      facts: { images: 100 },
      seed: 7,
    });
    expect(seen["first"]!.techniques.map((t) => t.name)).toEqual(["a1", "a2"]);
    expect(seen["second"]).toMatchObject({ budget: cost(50, 6), base: { steps: [step("a1")] } });
    expect(seen["second"]!.techniques.map((t) => t.name)).toEqual(["b1"]);
    expect(Object.keys(seen["second"]!.train)).toEqual(["learningRate"]);
    expect(imagesSeen(seen["second"]!.budget)).toBeCloseTo(imagesSeen(problem.budget) - 2 * imagesSeen(cost(5, 3)));
  });

  it("puts checkpoints below the learner's number, and leaves everybody's alone", () => {
    const keeping = scripted({
      name: "keeping",
      claims: "a",
      asks: [
        trial("x", { from: "/trunk", keep: "k" }),
        trial("y", { from: "k", drop: ["k", "/trunk"] }),
        { kind: "measure", id: "z", use: "keeping/look", with: 1, policy: { steps: [] }, from: "k", atMost: cost(1) },
      ],
    });
    const { requests } = play(sequence(first, sequence(keeping)));
    expect(requests.slice(2, 5)).toMatchObject([
      { id: "1/0/x", from: "/trunk", keep: "1/0/k" },
      { id: "1/0/y", from: "1/0/k", drop: ["1/0/k", "/trunk"] },
      { id: "1/0/z", from: "1/0/k" },
    ]);
    expect(requests[2]).not.toHaveProperty("drop");
    expect(requests[3]).not.toHaveProperty("keep");
  });

  it("tells each learner its own ids, and has everybody's measures and claims", () => {
    const { state, requests } = play(sequence(sequence(second)));
    expect(ids(requests)).toEqual(["0/0/x", "done"]);
    expect(state).toMatchObject({ at: 1 });
    const { states } = play(both);
    expect(states.at(-1)).toMatchObject({ at: 1, inner: { told: [{ id: "x", score: { loss: 2 } }] } });
    expect(Object.keys(both.measures!)).toEqual(["first/look", "second/look"]);
    expect(problem.techniques.map((t) => both.claims(t))).toEqual([true, true, true, false]);
    expect([both.claims({ train: "learningRate" }), first.claims({ train: "learningRate" })]).toEqual([true, false]);
    expect(both.name).toBe("sequence(first, second)");
  });

  it("of nothing, or of learners that ask nothing, is done at once with the base", () => {
    const base = { steps: [step("z")] };
    for (const learner of [sequence(), sequence(scripted({ name: "idle", claims: "", asks: [] }))]) {
      const { requests, best } = play(learner, { ...problem, base });
      expect(ids(requests)).toEqual(["done"]);
      expect(best).toMatchObject(base);
    }
  });
});

describe("what was left undone", () => {
  const talker = (name: string, ...asks: Request[]) =>
    scripted({ name, claims: "a", asks, ok: false, why: `no ${name}` });
  const quiet = scripted({ name: "quiet", claims: "b", asks: [trial("x")] });

  it.each([
    ["sequence", sequence],
    ["parallel", parallel],
  ])("is told at the end of a %s, by name, and inside of another", (_, together) => {
    const end = (...learners: MetaLearner[]) => play(together(...learners)).requests.at(-1);
    expect(end(talker("time", trial("x")), quiet, talker("images"))).toEqual({
      kind: "done",
      ok: true,
      why: expect.stringMatching(/^(time: no time; images: no images|images: no images; time: no time)$/),
    });
    expect(end(quiet)).toEqual({ kind: "done", ok: true });
    expect(end(quiet, sequence(talker("time")))).toMatchObject({ why: "sequence(time): time: no time" });
  });
});

describe("fallback", () => {
  const failing = scripted({
    name: "failing",
    claims: "a",
    asks: [trial("x")],
    ok: false,
    found: { steps: [step("a1")] },
  });
  const good = scripted({ name: "good", claims: "ab", asks: [trial("x")], found: { steps: [step("b1")] } });

  it("tries the next where one ends badly, on the same problem with the budget that is left", () => {
    const seen: Problem[] = [];
    const spy = { ...good, init: (p: Problem) => (seen.push(p), good.init(p)) };
    const { requests, best } = play(fallback(failing, spy, failing));
    expect(ids(requests)).toEqual(["0/x", "1/x", "done"]);
    expect(best.steps).toEqual([step("b1")]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toEqual({ ...problem, budget: cost(50, 12) });
  });

  it("ends with the last one's word where all end badly", () => {
    const { requests, best } = play(fallback(failing, failing));
    expect(ids(requests)).toEqual(["0/x", "1/x", "done"]);
    expect(requests.at(-1)).toMatchObject({ ok: false });
    expect(best.steps).toEqual([step("a1")]);
  });
});

describe("parallel", () => {
  const left = scripted({
    name: "left",
    claims: "at",
    asks: [trial("x"), trial("y")],
    found: { steps: [step("a1", { m: 1 })], train: { learningRate: 0.9 } },
  });
  const right = scripted({
    name: "right",
    claims: "ab",
    asks: [trial("x", { keep: "k" })],
    found: { steps: [step("b1")] },
  });

  it("gives each an equal share and disjoint claims on one base, and ends when all have ended", () => {
    const seen: Problem[] = [];
    const spy = (learner: MetaLearner) => ({ ...learner, init: (p: Problem) => (seen.push(p), learner.init(p)) });
    const { requests, best, state } = play(parallel(spy(left), spy(right)));
    expect(ids(requests)).toEqual(["0/x", "0/y", "1/x", "done"]);
    expect(requests[2]).toMatchObject({ keep: "1/k" });
    expect(seen.map((p) => p.budget)).toEqual([cost(30, 6), cost(30, 6)]);
    expect(seen.map((p) => p.techniques.map((t) => t.name))).toEqual([["a1", "a2"], ["b1"]]);
    expect(seen.map((p) => Object.keys(p.train))).toEqual([["learningRate"], []]);
    expect(best).toEqual({ steps: [step("a1", { m: 1 }), step("b1")], train: { learningRate: 0.9 } });
    expect(state).toMatchObject({
      done: [true, true],
      inner: [{ told: [{ id: "x" }, { id: "y" }] }, { told: [{ id: "x" }] }],
    });
  });

  it("keeps what one has found where another hands on the base as it was", () => {
    const base = { steps: [step("a1", { m: 0 }), step("b1", { k: 0 })], train: { learningRate: 0.5, epochs: 3 } };
    const { best } = play(parallel(left, right), { ...problem, base });
    expect(best).toEqual({ steps: [step("a1", { m: 1 }), step("b1")], train: { learningRate: 0.9, epochs: 3 } });
  });

  it("waits only when all that are not done wait, and asks the next while one waits", () => {
    const waiting = scripted({ name: "waiting", claims: "c", asks: [{ kind: "wait" }, trial("late")] });
    expect(ids(play(parallel(waiting, right)).requests)).toEqual(["1/x", "0/late", "done"]);
    expect(ids(play(parallel(waiting, waiting)).requests)).toEqual(["wait", "0/late", "1/late", "done"]);
  });

  it("tells answers to whom they belong, whatever the order they come in", () => {
    const both = parallel(left, right);
    let state = both.init(problem);
    const [one, afterOne] = both.ask(state);
    const [two, afterTwo] = both.ask(afterOne);
    const [three, afterThree] = both.ask(afterTwo);
    expect(ids([one, two, three])).toEqual(["0/x", "0/y", "1/x"]);
    state = afterThree;
    for (const id of ["1/x", "0/y", "0/x"]) state = both.tell(state, { id, status: "ok", cost: cost(1) });
    expect(state).toMatchObject({ inner: [{ told: [{ id: "y" }, { id: "x" }] }, { told: [{ id: "x" }] }] });
  });
});

describe("any of them", () => {
  const house = (): MetaLearner =>
    sequence(
      scripted({
        name: "one",
        claims: "t",
        asks: [trial("x", { keep: "k" })],
        found: { steps: [], train: { learningRate: 0.3 } },
      }),
      parallel(
        fallback(
          scripted({ name: "two", claims: "a", asks: [trial("x")], ok: false }),
          scripted({ name: "three", claims: "a", asks: [trial("x"), trial("y")], found: { steps: [step("a2")] } }),
        ),
        scripted({ name: "four", claims: "b", asks: [trial("x")], found: { steps: [step("b1")] } }),
      ),
    );

  it("is replayed at every boundary: the same state and move give the same next state, and none is written to", () => {
    const { states, moves, requests, state, best } = play(house());
    expect(ids(requests)).toEqual(["0/x", "1/0/0/x", "1/0/1/x", "1/0/1/y", "1/1/x", "done"]);
    expect(best).toEqual({ steps: [step("a2"), step("b1")], train: { learningRate: 0.3 } });
    const after = [...states.slice(1), state];
    for (const [at, move] of moves.entries()) {
      const learner = house(); // another process
      const before = JSON.stringify(states[at]);
      const next = move === "ask" ? learner.ask(states[at]!)[1] : learner.tell(states[at]!, move);
      expect(JSON.parse(JSON.stringify(next))).toEqual(after[at]);
      expect(JSON.stringify(states[at])).toBe(before);
    }
  });
});
