import { madeUpProblem, metalearnerLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import random from "../src/index.ts";

metalearnerLaws(() => random(), { describe, it });

describe("from a trunk", () => {
  const trunk = { name: "/trunk", images: 90_000 };
  const problem = { ...madeUpProblem, facts: { ...madeUpProblem.facts, trunk: trunk.name, trunkImages: trunk.images } };
  const kept = { [trunk.name]: [{ policy: problem.base, images: trunk.images }] };
  metalearnerLaws(() => random(), { describe, it }, { problem, kept });
});
