import { wasm } from "@regimen/backend-wasm";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { ganSynthesis } from "../src/index.ts";

beforeAll(() => wasm.load());

packageLaws(new URL("..", import.meta.url), { describe, test });
// The laws' trainings are short: with a generator all the same.
const { fewest } = ganSynthesis.space;
const always = { ...ganSynthesis, space: { ...ganSynthesis.space, fewest: { ...fewest, default: 1 } } };
techniqueLaws(always, { describe, test });
