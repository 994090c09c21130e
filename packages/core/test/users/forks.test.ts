// Checkpoints: rungs that go on as if nothing had happened, forks that share a trunk.
import type { Scalar } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { Params, Request, Technique } from "@regimen/core";
import { PLAIN, ask, look, regimenWith, spy, technique, trial, uses, type Seen } from "../support/jobs.ts";

const noisy = uses(["test-noise", { m: 0.1, rr: 0.5 }]);
const rung = (id: string, until: number, more: Parameters<typeof trial>[1] = {}): Request =>
  trial(id, { until, keep: id, ...more });

describe("a rung", () => {
  it.each([
    ["plain, by SGD", {}, "sgd"],
    ["with draws on host and device", noisy, "sgd"],
    ["by Adam, whose state counts", noisy, "adam"],
  ] as const)(
    "goes on from a checkpoint as an uninterrupted training would, to the bit: %s",
    async (_, policy, optimizer) => {
      const own = { steps: [], ...policy, train: { optimizer } as Params };
      const at = (id: string, until: number, from?: string) =>
        rung(id, until, { policy: own, ...(from !== undefined && { from }) });
      const { answers } = await ask(await regimenWith(), [
        at("whole", PLAIN),
        at("a", 60),
        at("b", 260, "a"),
        at("c", PLAIN, "b"),
        look("whole weights", "whole"),
        look("c weights", "c"),
        look("b weights", "b"),
      ]);
      expect(answers["c weights"]!.value).toEqual(answers["whole weights"]!.value);
      expect(answers["b weights"]!.value).not.toEqual(answers["whole weights"]!.value);
      expect(answers["c"]!.score).toEqual(answers["whole"]!.score);
      expect(["a", "b", "c"].map((id) => answers[id]!.cost.trained)).toEqual([60, 200, 140]);
    },
  );

  it("ends on a whole batch, where the whole training would have passed", async () => {
    const { answers } = await ask(await regimenWith(), [
      rung("whole", PLAIN),
      rung("a", 130),
      rung("b", PLAIN, { from: "a" }),
      look("w", "whole"),
      look("b w", "b"),
    ]);
    // 130 is six and a half batches of 20.
    expect(answers["a"]!.cost.trained).toBe(140);
    expect(answers["b"]!.cost.trained).toBe(260);
    expect(answers["b w"]!.value).toEqual(answers["w"]!.value);
  });
});

describe("a rung of a technique that costs more", () => {
  it("ends where the whole would, though its position is no round number", async () => {
    const dear = technique({ name: "test-dear", cost: () => 1.01, create: () => ({}) });
    const policy = uses("test-dear");
    // Five and a half steps of 20.2, which is six; the second half of them is three and a half but for a rounding error.
    const { answers } = await ask(await regimenWith(dear), [
      rung("whole", 111.1, { policy }),
      rung("a", 40.4, { policy }),
      rung("b", 111.1, { policy, from: "a" }),
      look("whole weights", "whole"),
      look("b weights", "b"),
    ]);
    expect(answers["whole"]!.cost.trained).toBeCloseTo(6 * 20.2, 6);
    expect(answers["b"]!.cost.trained).toBeCloseTo(4 * 20.2, 6);
    expect(answers["b weights"]!.value).toEqual(answers["whole weights"]!.value);
  });
});

describe("a fork", () => {
  it("is the same twice, differs by policy and by seed, and does not touch its trunk", async () => {
    const fork = (id: string, more: Parameters<typeof trial>[1] = {}) => rung(id, PLAIN, { from: "trunk", ...more });
    const { answers } = await ask(await regimenWith(), [
      rung("trunk", 200),
      look("trunk before", "trunk"),
      fork("one", { policy: noisy }),
      fork("again", { policy: noisy }),
      fork("plain"),
      fork("seeded", { policy: noisy, seed: 6 }),
      look("trunk after", "trunk"),
      ...["one", "again", "plain", "seeded"].map((id) => look(`${id} weights`, id)),
    ]);
    const of = (id: string): unknown => answers[`${id} weights`]!.value;
    expect(of("again")).toEqual(of("one"));
    expect(answers["again"]!.score).toEqual(answers["one"]!.score);
    for (const other of ["plain", "seeded"]) expect(of(other)).not.toEqual(of("one"));
    expect(answers["trunk after"]!.value).toEqual(answers["trunk before"]!.value);
  });

  it("of everybody's trunk is there without asking", async () => {
    const { answers } = await ask(await regimenWith(), [
      trial("fork", { from: "/trunk", drop: ["/trunk"] }),
      look("still there", "/trunk"),
    ]);
    expect(answers["fork"]).toMatchObject({ status: "ok", cost: { trained: 0.75 * PLAIN } });
    expect(answers["still there"]!.status).toBe("ok");
  });

  /** Writes down the scheduled rate of each step. */
  const recorder = (rates: number[], name = "test-rates"): Technique =>
    technique({
      name,
      create: () => ({
        batch: (batch, step) => {
          rates.push((step.rate() as Scalar).dataSync()[0]!, step.progress.dataSync()[0]!);
          return batch;
        },
      }),
    });
  const shares = (rates: readonly number[]): number[] =>
    rates.filter((_, at) => at % 2 === 0).map((rate) => rate / 0.05);
  const cosine = (from: number, steps: number, of: number): number[] =>
    Array.from({ length: steps }, (_, at) => (1 + Math.cos((Math.PI * (from + at)) / of)) / 2);
  const near = (got: readonly number[], expected: readonly number[]): void => {
    expect(got).toHaveLength(expected.length);
    got.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
  };
  const recorded = { ...uses("test-rates"), train: { schedule: "cosine" } };

  it("follows its chain's schedule to the horizon, or one of its own from its origin", async () => {
    const rates: number[] = [];
    await ask(await regimenWith(recorder(rates)), [
      rung("trunk", 200),
      trial("chain", { from: "trunk", policy: recorded, horizon: 2 * PLAIN }),
      trial("own", { from: "trunk", policy: recorded, origin: 200 }),
    ]);
    near(shares(rates.slice(0, 20)), cosine(10, 10, 40));
    near(shares(rates.slice(20)), cosine(0, 10, 10));
  });

  it("by a technique that starts from its own snapshot begins at that training's own beginning", async () => {
    const rates: number[] = [];
    const restart = technique({
      name: "test-restart",
      order: { slot: "pretrain" },
      create: () => ({
        async train(run, next) {
          const built = await run.blueprint.build(run.rng.fork("init"));
          const model = await run.scaffold(built);
          const from = await run.snapshot("fresh", model.weights);
          built.dispose();
          model.dispose();
          return next({ name: "from", from, plan: { images: run.plan.images } });
        },
      }),
    });
    const policy = { ...uses("test-rates", "test-restart"), train: { schedule: "cosine" } };
    const { answers } = await ask(await regimenWith(recorder(rates), restart), [
      rung("trunk", 200),
      trial("whole", { policy }),
      trial("fork", { from: "trunk", policy, origin: 200 }),
    ]);
    near(shares(rates.slice(0, 40)), cosine(0, 20, 20));
    near(shares(rates.slice(40)), cosine(0, 10, 10));
    expect(answers["fork"]!.cost.trained).toBe(200);
  });
});

describe("a training from another's result", () => {
  it("has its weights, and a schedule and steps of its own", async () => {
    const seen: number[] = [];
    const log: Seen[] = [];
    const on = technique({
      name: "test-on",
      order: { slot: "teach" },
      create: () => ({
        async train(run, next) {
          const images = run.plan.images / 2;
          const first = await next({ name: "first", plan: { images } });
          const from = first.snapshot!;
          first.model.dispose();
          return next({ name: "second", from, plan: { images } });
        },
      }),
    });
    const indices = technique({
      name: "test-rates",
      create: () => ({
        batch: (batch, step) => {
          seen.push(step.index.dataSync()[0]!, step.progress.dataSync()[0]!);
          return batch;
        },
      }),
    });
    await ask(await regimenWith(on, indices, spy(log)), [
      trial("on", { policy: uses("test-on", "test-rates", "test-spy") }),
    ]);
    expect(log[1]!.first).toEqual(log[0]!.last);
    expect(seen.slice(20)).toEqual(seen.slice(0, 20));
    expect(seen.slice(0, 4)).toEqual([0, 0, 1, Math.fround(0.1)]);
  });
});

describe("checkpoints that are not there", () => {
  it("end the search: nobody can train from what was dropped or never kept", async () => {
    const regimen = await regimenWith();
    await expect(ask(regimen, [trial("x", { from: "never" })])).rejects.toThrow(/REG_METALEARNER.*"never"/);
    const dropped = [rung("a", 100), trial("b", { until: 100, drop: ["a"] }), trial("c", { from: "a" })];
    await expect(ask(regimen, dropped)).rejects.toThrow(/REG_METALEARNER.*"a".*dropped/);
  });

  it("of a policy that trains in several stages: that trial fails, and says why", async () => {
    const twice = technique({
      name: "test-twice",
      order: { slot: "teach" },
      create: () => ({ train: (_run, next) => next({ name: "once" }) }),
    });
    const { answers } = await ask(await regimenWith(twice), [
      trial("a", { policy: uses("test-twice"), keep: "a" }),
      trial("b", { policy: uses("test-twice") }),
    ]);
    expect(answers["a"]).toMatchObject({
      status: "failed",
      why: expect.stringContaining("several stages"),
      cost: { trained: PLAIN },
    });
    expect(answers["b"]!.status).toBe("ok");
  });
});

describe("a budget", () => {
  it("refuses a trial that needs more than is left, at no cost, and counts what a fork saves", async () => {
    const requests = [
      rung("half", 200),
      trial("too much", { until: 240 }),
      trial("fits", { from: "half", until: 280 }),
    ];
    const { answers } = await ask(await regimenWith(), requests, { search: { budget: 1 } });
    expect(answers["too much"]).toMatchObject({ status: "over-budget", cost: { trained: 0, inferred: 0, seconds: 0 } });
    expect(answers["too much"]!.why).toMatch(/needs 240 images and 180 are left/);
    expect(answers["fits"]).toMatchObject({ status: "ok", cost: { trained: 80, inferred: 60 } });
  });

  it("is one for ids too: the same id twice is an error, not an old answer", async () => {
    const twice = [trial("a", { until: 100 }), trial("a", { until: 200 })];
    await expect(ask(await regimenWith(), twice)).rejects.toThrow(/REG_METALEARNER.*"a".*second time/);
    const { answers } = await ask(await regimenWith(), [trial("trunk", { until: 100 })]);
    expect(answers["trunk"]!.cost.trained).toBe(100);
  });
});
