import { beforeAll, describe, test } from "vitest";
import { wasm } from "../src/index.ts";
import { cases } from "./cases/index.ts";
import { check } from "./check.ts";

beforeAll(async () => {
  await wasm.load();
});

describe("wasm", () => {
  for (const one of cases) test(one.name, () => check(one, "wasm"));
});
