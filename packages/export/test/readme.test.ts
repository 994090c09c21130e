import { pageLaws } from "@regimen/testkit";
import { describe, test } from "vitest";

const folder = new URL("../", import.meta.url);
pageLaws(new URL("README.md", folder), folder, { describe, test });
