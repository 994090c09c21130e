import { metalearnerLaws, packageLaws } from "@regimen/testkit";
import { describe, test } from "vitest";
import { create__TITLE__ } from "../src/index.js";

packageLaws(new URL("..", import.meta.url), { describe, test });
metalearnerLaws(() => create__TITLE__(), { describe, test });
