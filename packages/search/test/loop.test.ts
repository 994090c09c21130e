import { describe, expect, it } from "vitest";
import {
  createRng,
  zeroCost,
  type Answer,
  type Done,
  type Executor,
  type MetaLearner,
  type Problem,
  type Request,
  type Work,
} from "@regimen/contracts";
import { Journal } from "@regimen/run-folder";
import { askAndTell, oneByOne, type Asking } from "@regimen/search";

const PLAIN = 100;
const problem = (budget: number): Problem => ({
  techniques: [],
  train: {},
  base: { steps: [] },
  facts: {},
  plain: { trained: PLAIN, inferred: 0, seconds: 0 },
  budget: { trained: budget, inferred: 0, seconds: 0 },
  seed: 7,
});
const trial = (id: string, more: object = {}): Request => ({
  kind: "trial",
  id,
  policy: { steps: [] },
  until: PLAIN,
  seed: 1,
  ...more,
});

type State = { readonly asked: number; readonly told: readonly string[] };
/** Asks for so many trials one after the other, then waits for all of them; remembers what it was told. */
const learner = (many: number, ask = (at: number): Request => trial(`${at}`)): MetaLearner<State> => ({
  name: "test",
  claims: () => true,
  init: () => ({ asked: 0, told: [] }),
  ask: (s) =>
    s.asked < many
      ? [ask(s.asked), { ...s, asked: s.asked + 1 }]
      : [s.told.length < many ? { kind: "wait" } : { kind: "done", ok: true }, s],
  tell: (s, { id }) => ({ ...s, told: [...s.told, id] }),
  best: (s) => ({ steps: [], train: { told: s.told.join() } }),
});
const doneOf = ({ request }: Work, cost = PLAIN): Done => {
  const answer: Answer = { id: request.id, status: "ok", cost: { ...zeroCost, trained: cost } };
  return { answer, trial: null };
};

/** Ends requests in an order of its own, and says how many were outstanding. */
function shuffled(capacity: number, seed: number): Executor & { most: number; works: Work[] } {
  const rng = createRng(seed);
  const open: (() => void)[] = [];
  const executor = {
    name: "shuffled",
    capacity,
    most: 0,
    works: [] as Work[],
    submit: (work: Work) =>
      new Promise<Done>((resolve) => {
        executor.works.push(work);
        open.push(() => resolve(doneOf(work)));
        executor.most = Math.max(executor.most, open.length);
        setTimeout(() => open.splice(rng.int(open.length), 1)[0]?.(), rng.int(4));
      }),
  };
  return executor;
}

function asking(of: MetaLearner, executor: Executor, more: Partial<Asking> = {}) {
  const told: string[] = [];
  const recorded: string[] = [];
  const all: Asking = {
    learner: of,
    problem: problem(10_000),
    journal: new Journal(),
    executor,
    signal: new AbortController().signal,
    grace: 0,
    reached: new Map(),
    before: async () => undefined,
    known: () => undefined,
    record: ({ request }) => void recorded.push(request.id),
    told: ({ request }) => void told.push(request.id),
    ...more,
  };
  return { told, recorded, found: askAndTell(all) };
}
const names = (many: number): string[] => Array.from({ length: many }, (_, at) => `${at}`);

describe("a search", () => {
  it("keeps as many outstanding as the executor takes, and tells in the order asked whoever was first", async () => {
    for (const seed of [1, 2, 3]) {
      const executor = shuffled(4, seed);
      const { told, recorded, found } = asking(learner(40), executor);
      expect((await found).best.train).toEqual({ told: names(40).join() });
      expect(executor.most).toBe(4);
      expect(told).toEqual(names(40));
      expect(recorded).not.toEqual(names(40));
      expect(recorded.toSorted()).toEqual(names(40).toSorted());
      expect((await found).spent.trained).toBe(40 * PLAIN);
    }
  });

  it("asks the same of four at once whichever was quicker, and in one process with the same number", async () => {
    // What it asks depends on how much it was told.
    const curious = (): MetaLearner<State> => {
      const inner = learner(30);
      return {
        ...inner,
        ask: (s) =>
          s.asked < 30 ? [trial(`${s.asked} after ${s.told.length}`), { ...s, asked: s.asked + 1 }] : inner.ask(s),
      };
    };
    const asked = async (executor: Executor, journal = new Journal()): Promise<string[]> => {
      const { told, found } = asking(curious(), executor, { journal });
      await found;
      return told;
    };
    const [first, second] = [await asked(shuffled(4, 1)), await asked(shuffled(4, 2))];
    expect(second).toEqual(first);
    const journal = new Journal();
    journal.add("search", "capacity", 4);
    expect(
      await asked(
        oneByOne(async (work) => doneOf(work)),
        journal,
      ),
    ).toEqual(first);
    expect(await asked(oneByOne(async (work) => doneOf(work)))).not.toEqual(first);
  });

  it("holds what is outstanding back from the budget", async () => {
    const executor = shuffled(3, 1);
    await asking(learner(5), executor, { problem: problem(250) }).found;
    // 250; then 100 and 200 of it are held; then the first is told and its 100 are spent.
    expect(executor.works.map(({ left }) => left)).toEqual([250, 150, 50, 50, 50]);
  });

  it("takes off what a trial goes on from", async () => {
    const executor = shuffled(2, 1);
    const ask = (at: number): Request => trial(`${at}`, at ? { from: "/trunk", until: 80 } : { until: 60, keep: "a" });
    await asking(learner(3, ask), executor, { problem: problem(500), reached: new Map([["/trunk", 60]]) }).found;
    expect(executor.works.map(({ left }) => left)).toEqual([500, 440, 380]);
  });

  it("does nothing anew that is known, and tells it in its turn", async () => {
    const executor = shuffled(3, 1);
    const known: Asking["known"] = (request) =>
      Number(request.id) % 2 ? doneOf({ request, left: 0, seed: 0 }, 1) : undefined;
    const { told, recorded, found } = asking(learner(10), executor, { known });
    expect((await found).spent.trained).toBe(5 * PLAIN + 5);
    expect(told).toEqual(names(10));
    expect(recorded.toSorted()).toEqual(["0", "2", "4", "6", "8"]);
  });

  it("ends with what breaks one of them, the others called off", async () => {
    const stopped: string[] = [];
    const executor: Executor = {
      name: "breaks",
      capacity: 4,
      submit: (work, signal) =>
        new Promise((_, reject) => {
          if (work.request.id === "1") return reject(new Error("the disk is full"));
          signal.addEventListener("abort", () => (stopped.push(work.request.id), reject(signal.reason)));
          if (work.request.id === "0") setTimeout(() => reject(new Error("zero")), 20);
        }),
    };
    await expect(asking(learner(10), executor).found).rejects.toThrow("zero");
    expect(stopped).toEqual(["0", "2", "3"]);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    const executor: Executor = {
      name: "slow",
      capacity: 2,
      submit: (_, signal) => new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const { found } = asking(learner(3), executor, { signal: stop.signal });
    setTimeout(() => stop.abort(), 5);
    await expect(found).rejects.toMatchObject({ name: "AbortError" });
  });

  it("names a metalearner that asks twice, waits for nothing or is done too early", async () => {
    const one = (ask: MetaLearner<State>["ask"]) => asking({ ...learner(9), ask }, shuffled(2, 1)).found;
    await expect(one((s) => [trial("a"), s])).rejects.toThrow(/REG_METALEARNER.*"a" a second time/);
    await expect(one((s) => [{ kind: "wait" }, s])).rejects.toThrow(/REG_METALEARNER.*nothing outstanding/);
    await expect(one((s) => [s.asked ? { kind: "done", ok: true } : trial("a"), { ...s, asked: 1 }])).rejects.toThrow(
      /REG_METALEARNER.*done before "a" was told/,
    );
  });
});
