import { zeroCost, type Fragment, type Problem, type TechniqueMeta, type Trial } from "@regimen/contracts";
import { describe, expect, it } from "vitest";
import { trialsOf } from "../src/searched.ts";

const meta = (name: string): TechniqueMeta => ({
  name,
  version: "1.0.0",
  group: "regularization",
  paper: "made up",
  space: { alpha: { kind: "m", range: [0, 1], default: 0.2, off: 0 } },
  order: { slot: "mix" },
});
const PROBLEM: Problem = {
  techniques: ["made-up/blend", "made-up/drop", "made-up/decay"].map(meta),
  train: { learningRate: { kind: "value", range: [0.01, 0.5], scale: "log", default: 0.1 } },
  base: { steps: [] },
  facts: {},
  plain: zeroCost,
  budget: zeroCost,
  seed: 1,
};
const step = (use: string, m: number) => ({ use, with: { alpha: m } });
const [BLEND, DROP, DECAY] = [step("made-up/blend", 0.2), step("made-up/drop", 0.1), step("made-up/decay", 1e-3)];
const trial = (name: string, policy: Fragment, loss: number, until = 100): Trial => ({
  id: name,
  name,
  policy,
  until,
  horizon: until,
  from: null,
  status: "ok",
  score: { loss, error: loss / 4, ece: null },
  cost: { trained: until, inferred: 0, seconds: 1 },
  why: null,
  losses: [],
  points: [],
});
const statuses = (best: Fragment, trials: readonly Trial[]) =>
  Object.fromEntries(trialsOf({ problem: PROBLEM, trials, best }).trials.map(({ name, status }) => [name, status]));
const TRIALS = [
  trial("base", { steps: [] }, 0.9),
  trial("blend", { steps: [BLEND] }, 0.6),
  trial("both", { steps: [BLEND, DROP] }, 0.7),
  trial("other", { steps: [step("made-up/blend", 0.5)] }, 0.5),
];

describe("the chosen trial", () => {
  it("is the one that tried most of the policy, and nothing else", () => {
    expect(statuses({ steps: [BLEND, DECAY], train: { plainEpochs: 3 } }, TRIALS)).toEqual({
      base: "rejected",
      blend: "optimal",
      both: "rejected",
      other: "rejected",
    });
    expect(statuses({ steps: [BLEND, DROP] }, TRIALS)["both"]).toBe("optimal");
  });

  it("is nobody where only the base lies within a policy, and the base where that is the policy", () => {
    expect(Object.values(statuses({ steps: [DECAY] }, TRIALS))).not.toContain("optimal");
    expect(statuses({ steps: [] }, TRIALS)["base"]).toBe("optimal");
  });

  it("had the settings that the policy has, and of equal ones the longest", () => {
    const rate = (learningRate: number, until: number) =>
      trial(`${learningRate} ${until}`, { steps: [BLEND], train: { learningRate } }, 0.6, until);
    const told = statuses({ steps: [BLEND], train: { learningRate: 0.1 } }, [
      rate(0.1, 50),
      rate(0.2, 100),
      rate(0.1, 100),
    ]);
    expect(told).toMatchObject({ "0.1 50": "stopped", "0.2 100": "rejected", "0.1 100": "optimal" });
  });
});
