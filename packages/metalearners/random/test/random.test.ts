import {
  checkValue,
  createRng,
  isOff,
  type Fragment,
  type MetaLearnerFactory,
  type Problem,
  type Registry,
  type Request,
} from "@regimen/core";
import { madeUpProblem, metalearnerLaws, packageLaws, simulate, type Surface } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import { drawPolicy, margin, presetPolicy } from "@regimen/proposals";
import random, { trialsFor } from "../src/index.ts";

const trunk = { name: "/trunk", images: 90_000 };
const forked: Problem = {
  ...madeUpProblem,
  facts: { ...madeUpProblem.facts, trunk: trunk.name, trunkImages: trunk.images },
};
const kept = { [trunk.name]: [{ policy: madeUpProblem.base, images: trunk.images }] };

metalearnerLaws(random, { describe, it });
describe("from a trunk", () => metalearnerLaws(random, { describe, it }, { problem: forked, kept }));
packageLaws(new URL("..", import.meta.url), { describe, it });

const names = (policy: Fragment): readonly string[] => policy.steps.map((step) => step.use);
const draws = (problem: Problem, count: number): readonly Fragment[] =>
  Array.from({ length: count }, (_, i) => drawPolicy(problem, createRng("draws").fork(i)));

describe("draws", () => {
  const many = draws(madeUpProblem, 2000);
  const share = (has: (policy: Fragment) => boolean): number => many.filter(has).length / many.length;

  it("are within the space, on, and keep what is fixed and the base", () => {
    for (const { steps } of many) {
      expect(steps[0]).toEqual(madeUpProblem.base.steps[0]);
      for (const { use, with: params } of steps.slice(1)) {
        const { space } = madeUpProblem.techniques.find((technique) => technique.name === use)!;
        for (const [key, axis] of Object.entries(space)) checkValue(key, axis, params[key]!);
        expect(isOff(space, params)).toBe(false);
        if (use === "made-up/blend") expect(params["alpha"]).toBe(0.4);
      }
    }
  });

  it("take each part of a package a quarter of the time, and no side of a conflict more than the other", () => {
    // Five standard deviations of a share of 2,000 coins: 0.056 at the most.
    for (const use of ["made-up/blend", "made-up/decay", "made-up/mirror", "made-up/teach"])
      expect(Math.abs(share((policy) => names(policy).includes(use)) - 1 / 4)).toBeLessThan(0.05);
    // Both wanted (1/16): one of them by a coin. So each is in with 3/16 + 1/32.
    for (const use of ["made-up/drop", "made-up/skip"])
      expect(Math.abs(share((policy) => names(policy).includes(use)) - 7 / 32)).toBeLessThan(0.047);
    expect(share((policy) => names(policy).includes("made-up/drop") && names(policy).includes("made-up/skip"))).toBe(0);
    expect(Math.abs(share((policy) => policy.train?.["learningRate"] !== undefined) - 0.5)).toBeLessThan(0.056);
  });

  it("take a technique with a package of its own half of the time", () => {
    const whole = {
      ...madeUpProblem,
      techniques: madeUpProblem.techniques.map((one) => ({ ...one, name: one.name.replace("/", "-") })),
    };
    const rng = createRng(1);
    const draws = Array.from({ length: 2000 }, (_, at) => drawPolicy(whole, rng.fork(at)));
    const held = draws.filter(({ steps }) => steps.some(({ use }) => use === "made-up-mirror")).length;
    expect(Math.abs(held / 2000 - 0.5)).toBeLessThan(0.056);
  });

  it("are uniform in the range, or in its logarithm", () => {
    const values = (use: string, key: string): number[] =>
      many.flatMap(({ steps }) => steps.filter((step) => step.use === use).map((step) => step.with[key] as number));
    const below = (all: number[], middle: number): number => all.filter((value) => value < middle).length / all.length;
    expect(Math.abs(below(values("made-up/mirror", "rate"), 0.5) - 0.5)).toBeLessThan(0.08);
    expect(Math.abs(below(values("made-up/decay", "lambda"), 1e-3) - 0.5)).toBeLessThan(0.08);
    expect(Math.abs(below(values("made-up/teach", "rounds"), 1.5) - 1 / 3)).toBeLessThan(0.08);
  });

  it("do not change with what else is installed", () => {
    const fewer = {
      ...madeUpProblem,
      techniques: madeUpProblem.techniques.filter(({ name }) => name !== "made-up/mirror"),
    };
    const without = (policy: Fragment): Fragment["steps"] =>
      policy.steps.filter((step) => step.use !== "made-up/mirror");
    expect(draws(fewer, 50).map((policy) => policy.steps)).toEqual(draws(madeUpProblem, 50).map(without));
  });

  it("leave out what is fixed at its off value", () => {
    const problem = { ...madeUpProblem, fixed: { "made-up/mirror": { rate: 0 } } };
    expect(draws(problem, 50).flatMap(names)).not.toContain("made-up/mirror");
    expect(names(presetPolicy(problem))).not.toContain("made-up/mirror");
  });
});

it("has a preset of every technique at its default, the first of two in conflict", () => {
  expect(presetPolicy(madeUpProblem).steps).toEqual([
    { use: "made-up/earlier", with: { strength: 0.3 } },
    { use: "made-up/blend", with: { alpha: 0.4, rate: 0.5 } },
    { use: "made-up/paste", with: { rate: 0.5 } },
    { use: "made-up/decay", with: { lambda: 5e-4 } },
    { use: "made-up/mirror", with: { rate: 0.5 } },
    { use: "made-up/drop", with: { rate: 0.2, where: "head" } },
    { use: "made-up/teach", with: { ratio: 1, rounds: 1 } },
  ]);
});

const trialsOf = (problem: Problem, options: Parameters<typeof random>[0] = {}) => {
  const flat: Surface = () => 1;
  const { requests, done, spent } = simulate(random(options), flat, { problem, kept });
  return { trials: requests.filter((r): r is Extract<Request, { kind: "trial" }> => r.kind === "trial"), done, spent };
};

describe("trials", () => {
  it("are the base, the preset, what is warm, then draws: equally long, annealed, paired", () => {
    const warm = { steps: [{ use: "made-up/mirror", with: { rate: 0.2 } }] };
    const { trials } = trialsOf({ ...madeUpProblem, warm: [warm] });
    expect(trials).toHaveLength(8);
    const [base, preset, third, ...rest] = trials;
    expect(base!.policy.steps).toEqual(madeUpProblem.base.steps);
    expect(preset!.policy).toEqual(presetPolicy(madeUpProblem));
    expect(third!.policy.steps).toEqual([...madeUpProblem.base.steps, ...warm.steps]);
    expect(new Set(rest.map(({ policy }) => JSON.stringify(policy))).size).toBe(rest.length);
    for (const trial of trials)
      expect([trial.until, trial.horizon, trial.from]).toEqual([base!.until, base!.until, undefined]);
    for (const trial of [preset!, third!, ...rest]) expect(trial.seed).toBe(base!.seed);
  });

  it("fork the trunk where there is one, shortly, and leave the rest of the budget", () => {
    const { trials, spent } = trialsOf(forked);
    // 2 of 30 epochs of 5,000 images.
    for (const trial of trials) expect([trial.from, trial.until, trial.horizon]).toEqual(["/trunk", 100_000, 100_000]);
    expect(trials).toHaveLength(8);
    expect(spent.trained).toBe(80_000);
    const [base, again, ...others] = trials;
    expect(again!.policy).toEqual(base!.policy);
    expect(again!.seed).not.toBe(base!.seed);
    for (const trial of others) expect(trial.seed).toBe(base!.seed);
  });

  it("are as many as the budget pays for, or as was asked for", () => {
    expect([0.15, 0.3, 0.8, 1, 4, 100].map(trialsFor)).toEqual([1, 3, 8, 8, 16, 100]);
    const { trials, spent } = trialsOf(madeUpProblem, { trials: 20 });
    expect(trials).toHaveLength(20);
    expect(spent.trained).toBeGreaterThan(0.9 * madeUpProblem.budget.trained);
  });

  it("are none where nothing is open, or where nothing can be compared", () => {
    const nothing = trialsOf({ ...madeUpProblem, techniques: [], train: {} });
    expect([nothing.trials.length, nothing.done]).toEqual([0, { kind: "done", ok: true }]);
    const poor = trialsOf({ ...madeUpProblem, budget: { trained: 15_000, inferred: 0, seconds: 0 } });
    expect([poor.trials.length, poor.done?.ok]).toEqual([0, false]);
    expect(poor.done?.why).toMatch(/15000 images/);
  });
});

describe("the decision", () => {
  it("asks for more than the noise, and for more the more candidates there are", () => {
    // √2 · 0.02 · √(2 ln(1 / 0.4)) and √2 · 0.02 · √(2 ln(6 / 0.4)).
    expect(margin({ base: 1, candidates: 1 })).toBeCloseTo(0.038289, 6);
    expect(margin({ base: 1, candidates: 6 })).toBeCloseTo(0.065825, 6);
    // Two trainings of the base that lie 0.1 apart show a deviation of 0.1 / √2.
    expect(margin({ base: 1, candidates: 1, again: { first: 1, second: 1.1 } })).toBeCloseTo(0.135373, 6);
  });

  it("takes the lowest loss that is below the base by the margin, and the base else", () => {
    const at = (loss: number): Fragment => {
      const mirror: Surface = ({ steps }) => (steps.length === 2 && steps[1]!.use === "made-up/mirror" ? loss : 1);
      const only = {
        ...madeUpProblem,
        train: {},
        techniques: madeUpProblem.techniques.filter(({ name }) => name === "made-up/mirror"),
      };
      return simulate(random(), mirror, { problem: only }).best;
    };
    // All seven candidates come out equal: the margin is √2 · 0.02 · √(2 ln(7 / 0.4)) = 0.0677.
    expect(names(at(0.933))).toEqual(["made-up/earlier"]);
    expect(names(at(0.932))).toEqual(["made-up/earlier", "made-up/mirror"]);
  });
});

it("is a plug-in and a function; options out of range are errors", () => {
  const factories: MetaLearnerFactory[] = [];
  random.register({ metalearner: (factory) => void factories.push(factory) } as Partial<Registry> as Registry);
  expect([random.name, factories[0]!.name, factories[0]!.version]).toEqual([
    "@regimen/metalearner-random",
    "random",
    random.version,
  ]);
  expect(factories[0]!.create({ trials: 12 }).name).toBe("random");
  expect(() => factories[0]!.create({ trails: 12 })).toThrow(/"trails"; the nearest is "trials"/);
  expect(() => random({ trials: 1 })).toThrow(/trials is 1; expected a whole number from 2 to 1000/);
  expect(() => factories[0]!.create({ trials: null })).toThrow(/trials is null/);
});
