import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal, folderStore } from "@regimen/run-folder";
import { onDisk } from "../src/store.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-disk-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code, path: "/data/run.json" });
};

describe("a disk that does not take it", () => {
  it.each([
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk is full"],
    ["EACCES", "may not be written"],
    ["EROFS", "may not be written"],
    ["EPERM", "may not be written"],
    ["ENOTDIR", "may not be written"],
  ])("%s is REG_DISK, with the file and what to do", (code, why) => {
    expect(() => onDisk(failing(code))).toThrow(/REG_DISK.*\/data\/run\.json/);
    expect(() => onDisk(failing(code))).toThrow(why);
    expect(() => onDisk(failing(code))).toThrow("resume");
  });

  it("anything else is itself", () => expect(() => onDisk(failing("EXDEV"))).toThrow(/^EXDEV$/));

  it("a store whose folder is a file cannot write", () => {
    writeFileSync(join(folder, "checkpoints"), "");
    expect(() => folderStore(join(folder, "checkpoints")).put("x", Uint8Array.of(1))).toThrow("REG_DISK");
  });

  it.runIf(process.platform === "linux")("a journal on a full disk says so", () => {
    const journal = new Journal(join(folder, "journal.jsonl"));
    symlinkSync("/dev/full", join(folder, "journal.jsonl"));
    expect(() => journal.add("trial", "a", 1)).toThrow(/REG_DISK.*disk is full/);
  });
});
