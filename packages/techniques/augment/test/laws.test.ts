import { wasm } from "@regimen/backend-wasm";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { augmentations } from "../src/index.ts";

beforeAll(() => wasm.load());

packageLaws(new URL("..", import.meta.url), { describe, test });
const { mirror, ...others } = augmentations;
techniqueLaws(mirror, { describe, test });
for (const technique of Object.values(others)) techniqueLaws(technique, { describe, test });
