import { metalearnerLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import random from "../src/index.ts";

metalearnerLaws(() => random(), { describe, it });
