import { metalearnerLaws, packageLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import hyperband from "../src/index.ts";

metalearnerLaws(hyperband, { describe, it });
packageLaws(new URL("..", import.meta.url), { describe, it });
