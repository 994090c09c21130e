// Names and places as people have them, through the built command: spaces, umlauts, emoji and 200 letters in paths and classes;
// folders that may not be written; a disk that is full. Errors have codes, nothing is lost, and a run goes on where it stopped.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 180_000 });

const bin = fileURLToPath(new URL("../packages/regimen/dist/bin.js", import.meta.url));
const built = existsSync(bin);
const LONG = "x".repeat(200);
const CLASSES = ["größe 🐟", 'a, "b"', "red|green", "$(touch x);%s", LONG];
const PHOTOS = `Fotos von Jürgen 🐟 & 'Co' "${LONG}`;
const quick = ["--set", "training.epochs=1", "--set", "model.architecture=small-cnn", "--backend", "wasm", "--quiet"];

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);
type Ran = { readonly status: number | null; readonly out: string; readonly err: string };
function spawned(
  command: string,
  args: readonly string[],
  more: { readonly uid?: number; readonly cwd?: string } = {},
): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", ...more });
  return { status, out: stdout, err: stderr };
}
const regimen = (...args: string[]): Ran => spawned(process.execPath, [bin, ...args]);
/** One line with its code and no trace. */
function refused({ status, err }: Ran, message: RegExp): void {
  expect(err.trim().split("\n").at(-1)).toMatch(message);
  expect(err).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect(status).toBe(1);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-places-"));
  for (const [k, name] of CLASSES.entries()) {
    mkdirSync(at(PHOTOS, name), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const data = Uint8Array.from(
        { length: 192 },
        (_, p) => (p % 3 === k % 3 ? 200 : 30) + ((p * 7 * (i + 1) + 31 * k) % 50),
      );
      writeFileSync(at(PHOTOS, name, `${i} 🐟.png`), encode({ width: 8, height: 8, channels: 3, data }));
    }
  }
});
afterAll(() => {
  if (existsSync(at("shut"))) chmodSync(at("shut"), 0o755);
  rmSync(folder, { recursive: true });
});

describe.skipIf(!built)(`names${built ? "" : " (skipped: run npm run setup first)"}`, () => {
  const run = `Läufe 🏃/${LONG}/r 1`;

  it("of 200 letters, with spaces, umlauts, emoji and what shells and CSV read as more, from training to labels", () => {
    expect(regimen("fit", PHOTOS, "--policy", "none", "--out", run, ...quick)).toMatchObject({ status: 0 });
    const metadata = JSON.parse(readFileSync(at(run, "model", "metadata.json"), "utf8")) as { classes: string[] };
    expect([...metadata.classes].sort()).toEqual([...CLASSES].sort());
    const file = join(PHOTOS, CLASSES[0]!, "0 🐟.png");
    const predicted = regimen("predict", "--model", run, file, "--json", "--backend", "wasm");
    expect(JSON.parse(predicted.out)).toMatchObject([{ file }]);
    const labels = ["label", "--model", run, "--unlabeled", PHOTOS, "--out", "läbel 🐟.csv", "--backend", "wasm"];
    expect(regimen(...labels)).toMatchObject({ status: 0 });
    const inspected = JSON.parse(regimen("data", "inspect", "--data", "läbel 🐟.csv", "--json").out) as {
      classes: { name: string }[];
    };
    const known = new Set(CLASSES);
    expect(inspected.classes.length).toBeGreaterThan(0);
    for (const { name } of inspected.classes) expect(known).toContain(name);
    expect(readdirSync(folder)).not.toContain("x");
  });

  it("that no file can have are an error that says so", () => {
    const far = "y".repeat(5000);
    for (const [place, message] of [
      [far, /REG_DATA_PATH/],
      [`idx:${far}`, /REG_DATA_PATH/],
    ] as const) {
      const found = regimen("train", place);
      expect(found.status).toBe(2);
      expect(found.err.trim().split("\n").at(-1)).toMatch(message);
    }
    const told = regimen("fit", PHOTOS, "--policy", "none", "--out", `${far}/run`, ...quick);
    expect(told.err.trim().split("\n").at(-1)).toMatch(/REG_DISK: could not write .*too long/);
  });
});

// For root every folder is open: then the command runs as nobody, if this process may do that and nobody may read it.
const root = process.getuid?.() === 0;
const nobody = 65_534;
const asOther = (args: readonly string[], cwd: string): Ran =>
  spawned(process.execPath, [bin, ...args], { cwd, ...(root && { uid: nobody }) });
const mayShut =
  built && process.platform !== "win32" && asOther(["--version"], tmpdir()).status === 0
    ? ""
    : built
      ? " (skipped: permissions cannot be tried on this system)"
      : " (skipped: run npm run setup first)";

describe.skipIf(mayShut !== "")(`a folder that may not be written${mayShut}`, () => {
  it("is REG_DISK for whatever writes, and the data in it can be read", () => {
    chmodSync(folder, 0o755);
    mkdirSync(at("shut"), { mode: 0o755 });
    chmodSync(at("shut"), 0o555);
    const away = (...args: string[]): Ran => asOther(args, at("shut"));
    const photos = join("..", PHOTOS);
    refused(away("fit", photos, "--policy", "none", ...quick), /REG_DISK: could not write .*may not be written/);
    refused(away("init", photos), /REG_DISK: .*regimen\.yaml may not be read or written/);
    refused(away("new", "technique", "fog"), /REG_DISK: .*may not be read or written/);
    refused(away("augment", "--all", "--data", photos, "--out", "sheet.png"), /REG_DISK: .*sheet\.png/);
    expect(readdirSync(at("shut"))).toEqual([]);
  });
});

/** A small disk of this test alone: Linux lets a process mount one in a namespace of its own. */
const SMALL = `mkdir -p disk && mount -t tmpfs -o size="$1" tmpfs disk`;
const inSpace = (script: string, ...args: string[]): Ran =>
  spawned("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", ...args]);
const mayMount =
  built &&
  process.platform === "linux" &&
  spawned("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], {
    cwd: tmpdir(),
  }).status === 0;
const why = built ? " (skipped: no disk can be mounted here)" : " (skipped: run npm run setup first)";

describe.skipIf(!mayMount)(`a full disk${mayMount ? "" : why}`, () => {
  // Full before the run's record, at the first checkpoint, and late.
  it.each(["4k", "100k", "350k"])("of %s: REG_DISK, and with room the run goes on to its end", (size) => {
    const script = `${SMALL}
      node="$2"; bin="$3"; photos="$4"; shift 4
      job() { "$node" "$bin" train "$photos" --out disk/run --set search.budget=0.3 "$@" 2>&1; echo "exit $?"; }
      job "$@"
      find disk -name '*.[0-9]*[0-9]' -path '*.json.*' -o -name '*.bin.*'
      mount -o remount,size=64m disk
      if [ -e disk/run ]; then "$node" "$bin" resume disk/run --quiet 2>&1; echo "exit $?"; else job "$@"; fi
      ls disk/run`;
    const { out } = inSpace(script, size, process.execPath, bin, PHOTOS, ...quick);
    const [first = "", then = ""] = out.split(/^exit 1$/m);
    expect(first).toMatch(/regimen: REG_DISK: .*the disk is full/);
    expect(first).not.toMatch(/\n\s+at .*:\d+:\d+/);
    expect(then).toMatch(/^exit 0$/m);
    for (const file of ["model", "policy.json", "report.html", "predictions.csv"]) expect(then).toContain(file);
    expect(then).not.toContain("checkpoints");
  });
});
