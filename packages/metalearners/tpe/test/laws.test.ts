import { metalearnerLaws, packageLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import tpe from "../src/index.ts";

metalearnerLaws(tpe, { describe, it });
packageLaws(new URL("..", import.meta.url), { describe, it });
