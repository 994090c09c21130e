import { describe, expect, it } from "vitest";
import { classTable } from "../src/display/classes.ts";
import { report } from "./report.ts";

const plain = (_: string, text: string): string => text;
const coloured = (colour: string, text: string): string => `\u001b[${colour === "green" ? 32 : 31}m${text}\u001b[39m`;

describe("the table of classes", () => {
  it("is weakest first, before and after", () => {
    expect(classTable(report, plain)).toEqual([
      "  class, weakest first        images         recall %      precision %",
      "  dog                            400     60.0 →  70.0     80.0 →  85.0",
      "  cat                            400     80.0 →  90.0     70.0 →  80.0",
    ]);
  });
  it("has one figure without a baseline", () => {
    const classes = report.classes.map((c) => ({ ...c, baseline: null }));
    expect(classTable({ ...report, classes }, plain)[1]).toBe(
      "  dog                            400             70.0             85.0",
    );
  });
  it("keeps to 79 columns and ten lines, whatever the names; colours take no room", () => {
    const classes = Array.from({ length: 40 }, (_, i) => ({
      ...report.classes[i % 2]!,
      name: `\u001b[2J a name ${"that goes on ".repeat(8)}${i}`,
      support: 1_000_000,
    }));
    const many = { ...report, classes };
    const lines = classTable(many, plain);
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe("  and 30 more, in the report");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
    expect(lines.join("")).not.toContain("\u001b");
    // eslint-disable-next-line no-control-regex
    const bare = classTable(many, coloured).map((line) => line.replace(/\u001b\[\d+m/g, ""));
    expect(bare).toEqual(lines);
  });
  it("is empty where no image has a class", () => {
    const classes = report.classes.map((c) => ({ ...c, support: 0 }));
    expect(classTable({ ...report, classes }, plain)).toEqual([]);
  });
});
