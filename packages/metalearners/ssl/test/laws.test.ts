import type { Fragment } from "@regimen/core";
import { madeUpProblem, metalearnerLaws, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import ssl from "../src/index.ts";

metalearnerLaws(ssl, { describe, it });
packageLaws(new URL("..", import.meta.url), { describe, it });

it("asks for nothing where there are labelled images alone", () => {
  const asked = (features: readonly string[]) =>
    simulate(ssl(), () => 1, { problem: { ...madeUpProblem, facts: { ...madeUpProblem.facts, features } } }).requests
      .length;
  expect(asked(["batch-norm"])).toBe(1);
  expect(asked(["batch-norm", "unlabeled"])).toBeGreaterThan(2);
  // Made images are for what needs them.
  expect(asked(["batch-norm", "synthetic"])).toBe(1);
});

it("asks for other shares of further images only where they helped", () => {
  const problem = { ...madeUpProblem, facts: { ...madeUpProblem.facts, features: ["unlabeled"] } };
  const ratios = (loss: number) => {
    const ratioOf = ({ steps }: Fragment) => steps.find(({ use }) => use === "made-up/teach")?.with["ratio"] ?? 0;
    const { requests } = simulate(ssl(), (policy) => (ratioOf(policy) ? loss : 1), { problem });
    return requests.flatMap((request) => (request.kind === "trial" ? [ratioOf(request.policy)] : []));
  };
  expect(ratios(0.5)).toEqual([0, 1, 0.5, 2]);
  expect(ratios(1.5)).toEqual([0, 1]);
});

it("tries nothing where a training would be too short to say anything", () => {
  const facts = { ...madeUpProblem.facts, features: ["unlabeled"] };
  const asked = (batchSize: number) =>
    simulate(ssl(), () => 1, { problem: { ...madeUpProblem, facts: { ...facts, batchSize } } });
  const shortest = 0.15 * madeUpProblem.plain.trained;
  expect(asked(Math.floor(shortest / 100)).requests.length).toBeGreaterThan(2);
  const { requests, done, best } = asked(Math.ceil(shortest / 50));
  expect(requests).toHaveLength(1);
  expect(done!.why).toMatch(/^a short training would have \d+ steps, and one of fewer than 100 says nothing$/);
  expect(best.steps).toEqual(madeUpProblem.base.steps);
});
