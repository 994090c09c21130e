import { wasm } from "@regimen/backend-wasm";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { temperature } from "../src/index.ts";

beforeAll(() => wasm.load());

packageLaws(new URL("..", import.meta.url), { describe, test });
techniqueLaws(temperature, { describe, test });
