import { wasm } from "@regimen/backend-wasm";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { ema } from "../src/index.ts";

beforeAll(() => wasm.load());

packageLaws(new URL("..", import.meta.url), { describe, test });
// An average shows from the second step on.
techniqueLaws(ema, { describe, test }, { steps: 2 });
