import type { Technique } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { augmentations, cluster } from "../src/index.ts";

beforeAll(() => wasm.load());

packageLaws(new URL("..", import.meta.url), { describe, test });
for (const technique of [...Object.values(augmentations), cluster])
  techniqueLaws(technique as unknown as Technique, { describe, test });
