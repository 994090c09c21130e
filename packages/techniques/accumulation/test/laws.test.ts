import { wasm } from "@regimen/backend-wasm";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { accumulation } from "../src/index.ts";

beforeAll(() => wasm.load());

packageLaws(new URL("..", import.meta.url), { describe, test });
// Nothing moves before the fourth step.
techniqueLaws(accumulation, { describe, test }, { steps: 4 });
