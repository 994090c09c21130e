// A run that is killed at ten moments, and resumed each time, is the run that nobody disturbed.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRng } from "@regimen/core";

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "regimen-kill-"));
  const conditions = ["@regimen/source", "module", "node", "development|production"];
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      ssr: join(import.meta.dirname, "support", "resume-job.ts"),
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { output: { format: "cjs", entryFileNames: "job.cjs" } },
    },
  });
  program = join(folder, "job.cjs");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { readonly killed: boolean; readonly epochs: readonly string[]; readonly errors: string };
/** Runs the job until its end, its `write`-th write, or `after` milliseconds after it has told of so many epochs. */
function run(
  out: string,
  { write = 0, after, lines = 0 }: { readonly write?: number; readonly after?: number; readonly lines?: number } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, out, String(write)], { stdio: ["ignore", "pipe", "pipe"] });
  let [told, errors] = ["", ""];
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdout.on("data", (data: Buffer) => {
    told += data.toString();
    if (after !== undefined && told.split("\n").length > lines + 1) setTimeout(() => child.kill("SIGKILL"), after);
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      const epochs = told.split("\n").flatMap((line) => (line.startsWith("epoch ") ? [line.slice(6)] : []));
      resolve({ killed: signal === "SIGKILL", epochs, errors: code === 0 || signal ? "" : errors });
    });
  });
}

type Entry = { kind: string; id: string; value: { cost?: { seconds: number } } };
const journal = (out: string): Entry[] => {
  const file = join(out, "journal.jsonl");
  if (!existsSync(file)) return [];
  // What stands behind the last line's end was cut short.
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
};
const keys = (entries: readonly Entry[]): string[] => entries.map(({ kind, id }) => `${kind}/${id}`);
/** Without what a clock says. */
const timeless = (entries: readonly Entry[]): unknown =>
  JSON.parse(JSON.stringify(entries, (key, value: unknown) => (key === "seconds" ? 0 : value)));
const bytes = (out: string, file: string): string => readFileSync(join(out, file)).toString("base64");

it("loses no finished trial, does none twice, and ends with the same policy and weights, to the bit", async () => {
  const [whole, out] = [join(folder, "whole"), join(folder, "disturbed")];
  const undisturbed = await run(whole);
  expect(undisturbed).toMatchObject({ killed: false, errors: "" });
  const expected = journal(whole);
  expect(keys(expected)).toContain("trial/twice");
  const rng = createRng(Date.now()).fork("kill");
  const moments: string[] = [];
  let kills = 0;
  for (let attempt = 0; kills < 10 && attempt < 14; attempt++) {
    if (!existsSync(join(out, "run.json"))) rmSync(out, { recursive: true, force: true }); // it had not begun
    const before = journal(out);
    // By turns in the middle of a write, and at any moment.
    const how = attempt % 2 ? { write: 1 + rng.int(30) } : { lines: rng.int(4), after: rng.int(20) };
    moments.push(JSON.stringify(how));
    const { killed, errors, epochs } = await run(out, how);
    expect(errors, moments.join()).toBe("");
    const after = journal(out);
    expect(timeless(after.slice(0, before.length)), moments.join()).toEqual(timeless(before));
    for (const { id } of before) expect(epochs, moments.join()).not.toContain(`trial/${id}`);
    if (!killed) break;
    kills++;
  }
  expect(kills, moments.join()).toBeGreaterThanOrEqual(8);
  const last =
    existsSync(join(out, "report.json")) && keys(journal(out)).includes("done/run") ? undefined : await run(out);
  expect(last?.errors ?? "", moments.join()).toBe("");
  expect(new Set(keys(journal(out))).size).toBe(journal(out).length);
  expect(timeless(journal(out)), moments.join()).toEqual(timeless(expected));
  for (const file of ["policy.json", "model/weights.bin", "model/model.json", "predictions.csv", "splits.csv"])
    expect(bytes(out, file), `${file} after ${moments.join()}`).toBe(bytes(whole, file));
  const report = (of: string) => JSON.parse(readFileSync(join(of, "report.json"), "utf8")) as Record<string, unknown>;
  for (const field of ["error", "loss", "techniques", "confusion", "policy"])
    expect(report(out)[field]).toEqual(report(whole)[field]);
  // Event files are named by the moment at which their run began.
  const files = (of: string) =>
    readdirSync(of, { recursive: true, encoding: "utf8" })
      .map((name) => name.replace(/tfevents\.[\d.]+/, "tfevents"))
      .sort();
  expect(files(out)).toEqual(files(whole));
}, 120_000);
