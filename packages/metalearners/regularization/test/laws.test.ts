import { madeUpProblem, metalearnerLaws, packageLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
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
