import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { __IDENT__ } from "../src/index.js";

const base = mkdtempSync(join(tmpdir(), "__SHORT__-"));
afterAll(() => rmSync(base, { recursive: true }));
const open = (lines: readonly unknown[], classes?: readonly string[]) => {
  writeFileSync(join(base, "images"), lines.map((line) => JSON.stringify(line)).join("\n"));
  return __IDENT__.open({ format: "__SHORT__", path: "images" }, { base, fit: "cover", ...(classes && { classes }) });
};
const cat = { label: "cat", height: 1, width: 2, pixels: [10, 20] };
const dog = { label: "dog", height: 1, width: 2, pixels: [30, 40] };

test("reads images, labels and ids, in the order that is asked for", async () => {
  const samples = await open([dog, cat, { ...cat, label: undefined }]);
  expect(samples.classes).toEqual(["cat", "dog"]);
  expect([...samples.labels()!]).toEqual([0, 1, 1, 0, NaN, NaN]);
  expect([...(await samples.read([1, 0])).images]).toEqual([10, 20, 30, 40]);
  expect(samples.id(1)).toBe("images#2");
});

test("a broken line is left out and recorded; a wrong file is an error with a code", async () => {
  expect((await open([cat, { ...dog, pixels: [1] }])).skipped).toEqual([
    { file: "images#2", why: expect.stringContaining("pixels were expected") },
  ]);
  await expect(open([cat, dog], ["cat"])).rejects.toMatchObject({ code: "REG_DATA_LABEL" });
  await expect(open([])).rejects.toMatchObject({ code: "REG_DATA_EMPTY" });
  await expect(open([cat, { ...dog, height: 2, width: 1 }])).rejects.toMatchObject({ code: "REG_DATA_MISMATCH" });
});
