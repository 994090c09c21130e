import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { metalearnerLaws, type Runner } from "../src/index.ts";
import { runIn } from "../src/bundle.ts";
import { parseReadme } from "../src/readme.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const learner = {
  name: "idle",
  claims: () => true,
  init: () => null,
  ask: () => [{ kind: "done", ok: true }, null] as const,
  tell: () => null,
  best: () => ({ steps: [] }),
};

it("fits node's own runner too", () => {
  const fits: (runner: typeof import("node:test")) => Runner = (runner) => runner;
  expect(fits).toBeTypeOf("function");
});

it("names the subject in each test where there is nothing to group them with", () => {
  const names: string[] = [];
  metalearnerLaws(() => learner, { it: (name) => names.push(name) });
  expect(names[0]).toMatch(/^idle: is pure/);
});

it("has a README whose samples run", async () => {
  const { samples } = parseReadme(readFileSync(`${folder}README.md`, "utf8"));
  const [laws, simulation, backend] = await Promise.all(samples.map(({ code }) => runIn(folder, code)));
  expect(laws).toMatch(/pass 11\n.*fail 0/);
  expect(simulation).toMatch(/made-up\/earlier/);
  expect(backend).toMatch(/fail 0/);
});
