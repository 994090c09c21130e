import { metalearnerLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import halving from "../src/index.ts";

metalearnerLaws(() => halving(), { describe, it });
