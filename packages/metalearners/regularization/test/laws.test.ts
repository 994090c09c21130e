import { madeUpProblem, metalearnerLaws, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import regularization from "@regimen/metalearner-regularization";

const trunk = { name: "/trunk", images: 90_000 };
const problem = {
  ...madeUpProblem,
  facts: { ...madeUpProblem.facts, trunk: trunk.name, trunkImages: trunk.images, validation: 500 },
};
const kept = { [trunk.name]: [{ policy: madeUpProblem.base, images: trunk.images }] };
const measures = { "@regimen/metalearner-regularization/probe": () => ({ probed: [] }) };

metalearnerLaws(() => regularization(), { describe, it });
describe("from a trunk", () => metalearnerLaws(() => regularization(), { describe, it }, { problem, kept, measures }));
packageLaws(new URL("..", import.meta.url), { describe, it });

it("takes the winner of a round that the budget cut short", () => {
  // The preset hurts, so techniques are tried one by one; the first of them is far better, and the budget ends after it.
  const play = (forks: number) => {
    const trained = forks * problem.plain.trained * (1 / 15 + 1e-3);
    return simulate(regularization({ share: 1 }), ({ steps }) => (steps.length > 2 ? 2 : steps.length > 1 ? 0.5 : 1), {
      problem: { ...problem, facts: { ...problem.facts, validation: 0 }, budget: { trained, inferred: 0, seconds: 0 } },
      kept,
      measures,
      validation: 0,
    });
  };
  const trials = (forks: number) => play(forks).requests.filter(({ kind }) => kind === "trial").length;
  const forks = Array.from({ length: 20 }, (_, at) => 3 + at / 4).find((at) => trials(at) === 4)!;
  const { best } = play(forks);
  expect(best.steps.length).toBe(2);
});
