import { packageLaws } from "@regimen/testkit";
import { describe, test } from "vitest";

packageLaws(new URL("..", import.meta.url), { describe, test });
