// Every guide's samples run, as if they stood in a package that has what they import.
import { readFileSync, readdirSync } from "node:fs";
import { describe, it, vi } from "vitest";
import { pageLaws } from "@regimen/testkit";

// A page is a program that runs the kit on each of its recipes.
vi.setConfig({ testTimeout: 180_000 });

const guides = new URL("../docs/guides/", import.meta.url);
const testkit = new URL("../packages/testkit/", import.meta.url);
/** Has proposals, which metalearners are made of. */
const learner = new URL("../packages/metalearners/random/", import.meta.url);

const pages = readdirSync(guides).filter((name) => /^```(ts|js)$/m.test(readFileSync(new URL(name, guides), "utf8")));
for (const page of pages)
  pageLaws(new URL(page, guides), page.includes("metalearner") ? learner : testkit, { describe, test: it });
