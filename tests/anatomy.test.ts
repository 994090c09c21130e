// Two techniques written by different people look alike: every technique package against the same laws, and against each other.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { packageLaws } from "@regimen/testkit";

const techniques = new URL("../packages/techniques/", import.meta.url);
const names = readdirSync(techniques).filter((name) => existsSync(new URL(`${name}/package.json`, techniques)));

for (const name of names) packageLaws(new URL(`${name}/`, techniques), { describe, test: it });

describe("technique packages look alike", () => {
  const manifests = names.map((name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, techniques), "utf8")));

  it.each(names)("%s: its manifest has the common fields, in the common order", (name) => {
    const at = names.indexOf(name);
    const order = [
      "name",
      "version",
      "description",
      "keywords",
      "license",
      "type",
      "engines",
      "sideEffects",
      "regimen",
    ];
    expect(Object.keys(manifests[at]).slice(0, order.length)).toEqual(order);
    expect(manifests[at].name).toBe(`@regimen/technique-${name}`);
    expect(manifests[at].version).toBe(manifests[0].version);
    expect(manifests[at].peerDependencies["@regimen/core"]).toBe(manifests[0].peerDependencies["@regimen/core"]);
  });

  it.each(names)("%s: runs the testkit's laws", (name) => {
    const tests = readdirSync(new URL(`${name}/test/`, techniques)).filter((file) => file.endsWith(".ts"));
    const sources = tests.map((file) => readFileSync(new URL(`${name}/test/${file}`, techniques), "utf8")).join("\n");
    expect(sources).toContain("techniqueLaws(");
  });
});
