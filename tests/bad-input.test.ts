// Bad input, through the real command: one clear coded line, exit code 2, no trace.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages/regimen/dist/bin.js");
const clothes = join(root, "examples/fashion-mnist");
const built = existsSync(bin);
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-bad-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]): string => join(folder, ...parts);
function run(...args: string[]): { status: number | null; err: string; out: string } {
  const { status, stderr, stdout } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: "utf8" });
  return { status, err: stderr, out: stdout };
}
/** One line of its own, whatever the plan printed before it. */
function refused(found: ReturnType<typeof run>, message: RegExp): void {
  const lines = found.err.trim().split("\n");
  expect(lines.at(-1)).toMatch(message);
  expect(found.err).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect(found.status).toBe(2);
}
const config = (text: string): string => {
  writeFileSync(at("regimen.yaml"), text);
  return at("regimen.yaml");
};
const train = `data:\n  train: { format: idx, path: ${clothes}, split: train, limit: 200 }\n`;
/** Unpacked IDX files of a few pictures, their bytes changed. */
function idx(name: string, change: (images: Buffer, labels: Buffer) => [Buffer, Buffer]): string {
  const unpack = (kind: string): Buffer => gunzipSync(readFileSync(join(clothes, `train-${kind}.gz`)));
  const [images, labels] = change(unpack("images-idx3-ubyte"), unpack("labels-idx1-ubyte"));
  mkdirSync(at(name), { recursive: true });
  writeFileSync(at(name, "train-images-idx3-ubyte"), images);
  writeFileSync(at(name, "train-labels-idx1-ubyte"), labels);
  return at(name);
}

describe.skipIf(!built)(`bad input${built ? "" : " (skipped: run npm run setup first)"}`, () => {
  it("an unreadable image is a recorded skip", () => {
    // An IDX file has no unreadable images; a folder has. Two good pictures a class, and one that is none.
    const pixel = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
      "base64",
    );
    for (const name of ["a", "b"]) {
      mkdirSync(at("photos", name), { recursive: true });
      for (let i = 0; i < 2; i++) writeFileSync(at("photos", name, `${i}.png`), pixel);
    }
    writeFileSync(at("photos", "a", "broken.jpg"), "not a picture");
    const found = run("data", "inspect", "--data", "photos", "--json");
    expect(found.status).toBe(0);
    const unreadable = JSON.stringify((JSON.parse(found.out) as { unreadable: unknown }).unreadable);
    expect(unreadable).toContain("broken.jpg");
  });

  it("a truncated IDX file", () => {
    const path = idx("short", (images, labels) => [images.subarray(0, 5000), labels]);
    refused(
      run("train", "--config", config(`data:\n  train: { format: idx, path: ${path} }\n`)),
      /REG_DATA_TRUNCATED: .*5,?000/,
    );
  });

  it("an unknown key, with its line and the nearest known one", () => {
    refused(
      run("train", "--config", config(`${train}training: { epoch: 3 }\n`)),
      /REG_CONFIG_INVALID: .*epoch.*:3.*epochs/,
    );
  });

  it("one class only", () => {
    const path = idx("one", (images, labels) => [
      images,
      Buffer.concat([labels.subarray(0, 8), Buffer.alloc(labels.length - 8, 4)]),
    ]);
    refused(run("train", "--config", config(`data:\n  train: { format: idx, path: ${path} }\n`)), /REG_DATA_ONE_CLASS/);
  });

  it("an empty split", () => {
    mkdirSync(at("empty", "a"), { recursive: true });
    mkdirSync(at("empty", "b"), { recursive: true });
    refused(run("train", "--config", config("data:\n  train: ./empty\n")), /REG_DATA_EMPTY/);
  });

  it("a label out of range", () => {
    const path = idx("label", (images, labels) => {
      labels[20] = 77;
      return [images, labels];
    });
    const names = "a b c d e f g h i j".split(" ").join(", ");
    refused(
      run("train", "--config", config(`data:\n  train: { format: idx, path: ${path}, classes: [${names}] }\n`)),
      /REG_DATA_LABEL: .*77/,
    );
  });

  it("a malformed policy, and one from a newer format", () => {
    const file = config(train);
    writeFileSync(at("bad.json"), '{ "format": 1, "name": "x", "engine": "1", "seed": 1, "steps": [] }');
    refused(run("fit", "--policy", "bad.json", "--config", file), /REG_POLICY_INVALID: .*train/);
    writeFileSync(at("cut.json"), '{ "format": 1, ');
    refused(run("fit", "--policy", "cut.json", "--config", file), /REG_POLICY_INVALID|REG_CONFIG_UNREADABLE/);
    writeFileSync(at("new.json"), '{ "format": 9 }');
    refused(run("fit", "--policy", "new.json", "--config", file), /REG_POLICY_FORMAT: .*format 9/);
  });

  it("a number of workers that is none", () => {
    for (const text of ["many", "0", "1.5", "99999"])
      refused(run("train", "--workers", text), /REG_USAGE: .*expected a number from 1 to 10000, or auto/);
    refused(
      run("search", "--workers", "auto", "--redis", "redis://localhost", "--config", config(train)),
      /REG_USAGE: .*how many workers wait/,
    );
  });
});
