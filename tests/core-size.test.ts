import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../packages/core/src/", import.meta.url);
const files = readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

describe("the core stays small", () => {
  it("has under 2,500 lines, no file over 400", () => {
    const lines = files.map(({ name, text }) => ({ name, lines: text.split("\n").length - 1 }));
    expect(lines.filter((file) => file.lines > 400)).toEqual([]);
    expect(lines.reduce((sum, file) => sum + file.lines, 0)).toBeLessThan(2500);
  });

  it("names no technique, scaffold, backend or architecture package", () => {
    // Telling people what to install is allowed; importing or comparing by name is not.
    const code = files.map(({ text }) => text.replace(/npm i @regimen\/[a-z-]+/g, "")).join("\n");
    expect(code.match(/@regimen\/(technique|scaffold|backend|metalearner|models|data)\b[a-z-]*/g)).toBeNull();
  });
});
