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
});
