import { metalearnerLaws, packageLaws } from "@regimen/testkit";
import { describe, it } from "vitest";
import ssl from "../src/index.ts";

metalearnerLaws(ssl, { describe, it });
packageLaws(new URL("..", import.meta.url), { describe, it });
