import { madeUpProblem, metalearnerLaws, packageLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import byDefault from "../src/index.ts";

const measures = { "@regimen/metalearner-optimization/range": () => ({ rates: [0.1], losses: [2.3] }) };

metalearnerLaws(byDefault, { describe, it }, { problem: madeUpProblem, measures });
packageLaws(new URL("..", import.meta.url), { describe, it });
