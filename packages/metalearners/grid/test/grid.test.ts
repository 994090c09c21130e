import { madeUpProblem, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import { combinations } from "../src/grid.ts";
import grid from "../src/index.ts";

packageLaws(new URL("..", import.meta.url), { describe, it });

describe("the grid", () => {
  const learner = grid({ use: "made-up/mirror", values: { rate: [0.25, 0.5, 1] } });

  it("holds every combination once", () => {
    expect(combinations({ n: [1, 2], m: ["a", "b", "c"] })).toEqual([
      { n: 1, m: "a" },
      { n: 1, m: "b" },
      { n: 1, m: "c" },
      { n: 2, m: "a" },
      { n: 2, m: "b" },
      { n: 2, m: "c" },
    ]);
  });

  it("is tried from its first to its last, after the base, equally long", () => {
    const { requests } = simulate(learner, () => 1, { problem: madeUpProblem });
    const trials = requests.filter((request) => request.kind === "trial");
    const rates = trials.map(({ policy }) => policy.steps.find(({ use }) => use === "made-up/mirror")?.with["rate"]);
    expect(rates).toEqual([undefined, 0.25, 0.5, 1]);
    expect(new Set(trials.map(({ until }) => until)).size).toBe(1);
  });

  it("takes the best, and the base where none is better than chance", () => {
    const found = (gain: number) =>
      simulate(learner, ({ steps }) => 1 - (steps.some(({ with: params }) => params["rate"] === 0.5) ? gain : 0), {
        problem: madeUpProblem,
      }).best.steps;
    expect(found(0.3).at(-1)).toEqual({ use: "made-up/mirror", with: { rate: 0.5 } });
    expect(found(0.01)).toEqual(madeUpProblem.base.steps);
  });

  it("says what it needs", () => {
    expect(() => grid({} as never)).toThrow(/REG_PARAM.*use/);
  });
});
