// A final training that goes on from the plain training which the search forked, and what it costs.
import { describe, expect, it } from "vitest";
import { imagesSeen, type MetaLearner, type Params } from "@regimen/core";
import { PLAIN, collect, fit, job, regimenWith, spy, uses, weightsOf, type Seen } from "../support/jobs.ts";
import { samples } from "../support/world.ts";

const NOISY = uses(["test-noise", { m: 0.1, rr: 0.5 }], "test-spy");
/** Forks the trunk once, and wants the policy to go on from it. */
const forks = (train: Params = {}): MetaLearner => ({
  name: "forks",
  claims: () => true,
  init: (problem) => ({ facts: problem.facts, at: 0 }),
  ask: (state) => {
    const { facts, at } = state as { facts: { trunk: string; trunkImages: number }; at: number };
    const until = facts.trunkImages + 40;
    const fork = {
      kind: "trial",
      id: "fork",
      policy: { steps: [] },
      until,
      horizon: until,
      from: facts.trunk,
      seed: 5,
    };
    return [at ? { kind: "done", ok: true } : (fork as never), { facts, at: 1 } as never];
  },
  tell: (state) => state,
  best: (state) => ({
    ...NOISY,
    train: { ...(state as { facts: { start: Params } }).facts.start, ...train },
  }),
});

describe("a policy that begins plainly", () => {
  it.each([
    ["without a baseline", false],
    ["with one", true],
  ] as const)("goes on from the search's trunk, and fit does the same to the bit: %s", async (_, baseline) => {
    const seen: Seen[] = [];
    const regimen = await regimenWith(spy(seen));
    const data = { ...job().data, test: samples(40, 3) };
    const result = await regimen.train({ ...job(), data, metalearner: forks(), search: { budget: 1 }, baseline });
    const trained = weightsOf(result.model);
    result.model.dispose();
    expect(result.policy.train).toMatchObject({ plainEpochs: 0.5, plainHorizon: 2 });
    // The trunk was not trained again: the only noisy training is the final one, and attribution's forks.
    const { stages } = result.report.search.cost;
    const cost = (name: string): number => stages.find(({ stage }) => stage === name)!.imagesSeen;
    const others = cost("search") + cost("worth of techniques") + cost("plain trunk");
    // Whoever made the trunk, it is counted.
    expect(cost("final training") + others).toBeGreaterThan(1.9 * PLAIN);
    expect(cost("final training") + others).toBeLessThan(2.15 * PLAIN);
    if (baseline) {
      const { totalOverBaseline, imagesSeen: all } = result.report.search.cost;
      expect(totalOverBaseline! * cost("baseline")).toBeCloseTo(cost("final training") + others, 5);
      // All that was done: the trunk once.
      expect(all).toBeCloseTo(cost("baseline") + cost("final training") + others - cost("plain trunk"), 5);
    }
    const again = await fit(regimen, { ...job(), data, policy: result.policy });
    expect(again.weights).toEqual(trained);
    expect(imagesSeen(again.cost)).toBeGreaterThan(cost("final training") + 80);
    await regimen.dispose();
  });

  it("trains a beginning of its own where the trunk had other settings", async () => {
    const seen: Seen[] = [];
    const regimen = await regimenWith(spy(seen));
    const running = regimen.train({ ...job(), metalearner: forks({ learningRate: 0.02 }), baseline: false });
    await collect(running);
    const result = await running;
    const trained = weightsOf(result.model);
    result.model.dispose();
    // Which is paid for: what is left is so much less.
    expect(imagesSeen(result.cost)).toBeLessThan(2 * PLAIN);
    expect(result.policy.train.epochs).toBeLessThan(2.8);
    const again = await fit(regimen, { ...job(), policy: result.policy });
    expect(again.weights).toEqual(trained);
    await regimen.dispose();
  });
});
