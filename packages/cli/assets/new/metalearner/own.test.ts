import { madeUpProblem, simulate } from "@regimen/testkit";
import { expect, test } from "vitest";
import __IDENT__ from "../src/index.js";

// In a made-up world, where a search takes milliseconds: here one technique takes a quarter off the loss.
test("it tries techniques one by one, and takes the one that helps", () => {
  const { answers, best } = simulate(
    __IDENT__({ atMost: 3 }),
    ({ steps }, images) =>
      (0.6 + 20 / Math.sqrt(images)) * (steps.some(({ use }) => use === "made-up/mirror") ? 0.75 : 1),
    { problem: madeUpProblem },
  );
  expect(answers.length).toBeLessThanOrEqual(5);
  expect(best.steps.length).toBeLessThanOrEqual(madeUpProblem.base.steps.length + 1);
});
