import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startStudio, type Card, type Studio } from "@regimen/studio";
import { begin } from "./runs.ts";

let home: string;
let runs: string;
let studio: Studio | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "regimen-studio-"));
  runs = join(home, "runs");
  for (const folder of [runs, join(home, "client")]) mkdirSync(folder);
  writeFileSync(join(home, "client", "index.html"), "");
});
afterEach(async () => {
  await studio?.close();
  studio = undefined;
  rmSync(home, { recursive: true, force: true });
});

/** Stands in for `regimen`: takes up the run, and saves when it is asked to stop. */
const FAKE = `
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
const [word, folder] = process.argv.slice(2);
const tell = (state) => {
  const at = new Date().toISOString();
  writeFileSync(join(folder, "status.json"), JSON.stringify({ format: 1, state, why: null, pid: process.pid,
    host: hostname(), at, since: at, stage: { name: "search", message: "searching" }, training: null, secondsLeft: 9 }));
};
console.log("called with", word, folder);
tell("running");
process.on("SIGINT", () => { tell("stopped"); console.log("saved"); process.exit(130); });
setTimeout(() => process.exit(3), 20000);
`;

const start = async (script: string): Promise<void> => {
  const file = join(home, "fake.mjs");
  writeFileSync(file, script);
  const client = join(home, "client");
  studio = await startStudio({ runs, port: 0, command: [process.execPath, file], cwd: home, client });
};
const post = async (id: string, what: string): Promise<number> => {
  const [base, token] = studio!.url.split("/#token=");
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${base}/api/runs/${encodeURIComponent(id)}/${what}`, { method: "POST", headers })).status;
};
const card = async (id: string): Promise<Card> =>
  ((await (await fetch(`http://127.0.0.1:${studio!.port}/api/runs`)).json()) as Card[]).find((one) => one.id === id)!;
const until = async (id: string, check: (card: Card) => boolean): Promise<Card> => {
  for (let i = 0; i < 200; i++) {
    const now = await card(id);
    if (check(now)) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${JSON.stringify(await card(id))}`);
};

it("resumes a stopped run, stops it once, and can resume it again", async () => {
  // A name that a shell would take for more.
  const id = "--help; touch $HOME `x` '\"&";
  begin(join(runs, id));
  await start(FAKE);
  expect(await card(id)).toMatchObject({ state: "stopped", can: { resume: true, stop: false } });
  expect(await post(id, "stop")).toBe(409);
  expect(await post(id, "resume")).toBe(202);
  const starting = await card(id);
  expect(starting).toMatchObject({ state: "running", can: { resume: false } });
  expect(await post(id, "resume")).toBe(409);
  await until(id, ({ can }) => can.stop);
  expect(await post(id, "stop")).toBe(202);
  // A second signal would end it without saving.
  expect(await post(id, "stop")).toBe(409);
  await until(id, ({ state, can }) => state === "stopped" && can.resume);
  const log = readFileSync(join(runs, id, "studio.log"), "utf8");
  expect(log).toContain(`called with resume ${join(runs, id)}`);
  expect(log).toContain("saved");
  expect(await post(id, "resume")).toBe(202);
  await until(id, ({ can }) => can.stop);
  await post(id, "stop");
  await until(id, ({ state }) => state === "stopped");
});

it("says why a run could not be resumed", async () => {
  begin(join(runs, "a"));
  await start(`console.error("regimen: REG_PLUGIN_MISSING: cutmix is not installed"); process.exit(2);`);
  expect(await post("a", "resume")).toBe(202);
  const failed = await until("a", ({ state }) => state === "failed");
  expect(failed).toMatchObject({ why: expect.stringContaining("exit code 2"), can: { resume: true } });
  const details = await (await fetch(`http://127.0.0.1:${studio!.port}/api/runs/a`)).json();
  expect(details.log.at(-1)).toContain("REG_PLUGIN_MISSING");
  expect(existsSync(join(runs, "a", "journal.jsonl"))).toBe(false);
});
