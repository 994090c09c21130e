import { madeUpProblem, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import fixed from "../src/index.ts";

packageLaws(new URL("..", import.meta.url), { describe, it });

it("asks for nothing and answers what it was given, beside the base", () => {
  const step = { use: "made-up/mirror", with: { rate: 0.5 } };
  const { requests, best } = simulate(fixed({ steps: [step] }), () => 1, { problem: madeUpProblem });
  expect(requests).toEqual([{ kind: "done", ok: true }]);
  expect(best.steps).toEqual([...madeUpProblem.base.steps, step]);
});
