import { describe, expect, it } from "vitest";
import type { MetaLearner, Request } from "@regimen/core";
import { madeUpProblem, simulate, timeline } from "@regimen/testkit";

type State = { readonly asked: number; readonly told: number };
/** So many trials; `waits`: each only when the one before it was told. */
const learner = (many: number, waits = false): MetaLearner<State> => ({
  name: "many",
  claims: () => true,
  init: () => ({ asked: 0, told: 0 }),
  ask: (s) => {
    const idle = s.asked === many || (waits && s.asked > s.told);
    if (idle) return [s.told < s.asked ? { kind: "wait" } : { kind: "done", ok: true }, s];
    return [
      { kind: "trial", id: `${s.asked}`, policy: { steps: [] }, until: 100, seed: 1 },
      { ...s, asked: s.asked + 1 },
    ];
  },
  tell: (s) => ({ ...s, told: s.told + 1 }),
  best: () => ({ steps: [] }),
});
const simulated = (of: MetaLearner<State>, workers: number) =>
  simulate(of, () => 1, { problem: madeUpProblem, workers });

describe("a timeline", () => {
  it("has one worker always at work", () => {
    const line = timeline(simulated(learner(5), 1), { workers: 1, seconds: (_: Request, n) => n + 1 });
    expect(line).toEqual({ seconds: 15, work: 15, utilisation: 1, most: 1 });
  });

  it("has equal trials side by side", () => {
    const line = timeline(simulated(learner(12), 4), { workers: 4, seconds: () => 10 });
    expect(line).toEqual({ seconds: 30, work: 120, utilisation: 1, most: 4 });
  });

  it("has workers wait for a straggler that is to be told first, unless more is outstanding", () => {
    // The first takes 10, the others 1: until it is told nothing more is asked than two.
    const seconds = (_: Request, n: number): number => (n === 0 ? 10 : 1);
    const strict = timeline(simulated(learner(10), 2), { workers: 2, seconds });
    // 0..10 the first; beside it the second alone; then eight on two workers.
    expect(strict.seconds).toBe(14);
    // With all ten outstanding the other worker does the nine meanwhile.
    expect(timeline(simulated(learner(10), 10), { workers: 2, seconds }).seconds).toBe(10);
  });

  it("has one at work where each waits for the one before", () => {
    const line = timeline(simulated(learner(6, true), 4), { workers: 4, seconds: () => 2 });
    expect(line).toEqual({ seconds: 12, work: 12, utilisation: 0.25, most: 1 });
  });
});
