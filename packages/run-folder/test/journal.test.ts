import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal } from "@regimen/run-folder";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-journal-"));
  file = join(folder, "run", "journal.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a journal", () => {
  it("remembers across openings, the last value of a key winning", () => {
    const first = new Journal(file);
    expect(existsSync(file)).toBe(false);
    first.add("trial", "a", { loss: 1 });
    first.add("measure", "a", null);
    first.add("trial", "a", { loss: 2, text: "line\nbreak ü" });
    for (const journal of [first, new Journal(file)]) {
      expect(journal.get("trial", "a")).toEqual({ loss: 2, text: "line\nbreak ü" });
      expect(journal.get("measure", "a")).toBeNull();
      expect(journal.get("trial", "b")).toBeUndefined();
    }
    expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(3);
  });

  it("without a file lives in memory", () => {
    const journal = new Journal();
    journal.add("trial", "a", 1);
    expect(journal.get("trial", "a")).toBe(1);
  });

  it("drops a last line that was cut short at any byte, keeps those before it, and goes on", () => {
    const [a, b] = [{ name: "é" }, { name: "ü", list: [1, 2] }];
    const journal = new Journal(file);
    journal.add("trial", "a", a);
    const before = readFileSync(file);
    journal.add("trial", "b", b);
    const whole = readFileSync(file);
    fc.assert(
      fc.property(fc.integer({ min: before.length, max: whole.length }), (length) => {
        writeFileSync(file, whole.subarray(0, length));
        const again = new Journal(file);
        expect(again.get("trial", "a")).toEqual(a);
        expect(again.get("trial", "b")).toEqual(length === whole.length ? b : undefined);
        again.add("trial", "c", 3);
        const last = new Journal(file);
        expect([last.get("trial", "a"), last.get("trial", "c")]).toEqual([a, 3]);
      }),
    );
  });

  it("does not guess at a damaged line in the middle, and says which", () => {
    const journal = new Journal(file);
    journal.add("trial", "a", 1);
    appendFileSync(file, '{"kind":"trial","id":"b","val\n');
    journal.add("trial", "c", 3);
    expect(() => new Journal(file)).toThrow(/REG_JOURNAL: line 2 of .*journal\.jsonl/);
    for (const damaged of ["null\n", "3\n", '"text"\n', '{"kind":"trial"}\n', "\n"]) {
      writeFileSync(file, damaged);
      expect(() => new Journal(file), JSON.stringify(damaged)).toThrow("REG_JOURNAL");
    }
  });
});
