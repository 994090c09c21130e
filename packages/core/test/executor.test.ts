// A search whose requests are done elsewhere is the search that does them here.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Executor, Identity, MetaLearner, Regimen, Request, SearchOptions, Workbench } from "@regimen/core";
import { oneByOne } from "@regimen/search";
import { job, regimenWith, trial, uses } from "./support/jobs.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-executor-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const noisy = uses(["test-noise", { m: 0.1, rr: 0.5 }]);
const requests: Request[] = [
  trial("a", { until: 200, keep: "a" }),
  trial("b", { policy: noisy }),
  trial("fork", { until: 300, policy: noisy, from: "/trunk" }),
  trial("dear", { until: 100_000 }),
  trial("broken", { policy: uses("test-missing") }),
];
type State = { readonly asked: number; readonly told: number };
/** Asks for all, and waits for the last. */
const learner: MetaLearner<State> = {
  name: "patient",
  claims: () => true,
  init: () => ({ asked: 0, told: 0 }),
  ask: (s) =>
    s.asked < requests.length
      ? [requests[s.asked]!, { ...s, asked: s.asked + 1 }]
      : [s.told < s.asked ? { kind: "wait" } : { kind: "done", ok: true }, s],
  tell: (s) => ({ ...s, told: s.told + 1 }),
  best: () => ({ steps: [] }),
};
const options = (): SearchOptions => ({
  ...job(),
  metalearner: learner as unknown as MetaLearner,
  search: { budget: 4 },
});

/** Does requests through a workbench, as a worker does. */
function through(regimen: Regimen, out: string, capacity: number) {
  const seen: { identity?: Identity; bench?: Workbench } = {};
  const inner = oneByOne((work, signal) => seen.bench!.work(JSON.parse(JSON.stringify(work)), signal));
  const executor: Executor = {
    name: "through a workbench",
    capacity,
    begin: async ({ identity }) => {
      seen.identity = identity;
      seen.bench = await regimen.workbench({ ...options(), out });
    },
    submit: async (work, signal) => JSON.parse(JSON.stringify(await inner.submit(work, signal))),
  };
  return { executor, seen };
}
const timeless = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (key, v: unknown) => (key === "seconds" ? 0 : v))) as T;

describe("a search done elsewhere", () => {
  it.each([1, 3])(
    "with %i outstanding has the trials, the ledger and the policy of one done here",
    async (capacity) => {
      const regimen = await regimenWith();
      const here = await regimen.search(options());
      const out = join(folder, "run");
      const { executor, seen } = through(regimen, out, capacity);
      const there = await regimen.search({ ...options(), out, executor });
      expect(there.trials.map(({ status }) => status)).toEqual(["ok", "ok", "ok", "over-budget", "failed"]);
      expect(timeless(there.trials)).toEqual(timeless(here.trials));
      expect(timeless(there.cost)).toEqual(timeless(here.cost));
      expect(there.policy).toEqual(here.policy);
      expect(seen.bench!.identity).toEqual(seen.identity);
      const lines = readFileSync(join(out, "journal.jsonl"), "utf8").trimEnd().split("\n");
      const ids = lines
        .map((line) => JSON.parse(line) as { kind: string; id: string })
        .filter(({ kind }) => kind === "trial");
      expect(new Set(ids.map(({ id }) => id)).size).toBe(ids.length);
    },
  );

  it("knows other data by its pixels, and a run that is not there", async () => {
    const regimen = await regimenWith();
    const out = join(folder, "run");
    const { executor, seen } = through(regimen, out, 1);
    await regimen.search({ ...options(), out, executor });
    const { data } = job();
    const read = data.train.read;
    const other = {
      ...data.train,
      read: async (rows: ArrayLike<number>) => ({ images: (await read(rows)).images.map((v) => 255 - v) }),
    };
    const bench = await regimen.workbench({ ...options(), data: { ...data, train: other }, out });
    const differing = Object.keys(bench.identity).filter(
      (key) => JSON.stringify(bench.identity[key]) !== JSON.stringify(seen.identity![key]),
    );
    expect(differing).toEqual(["data"]);
    await expect(regimen.workbench({ ...options(), out: join(folder, "none") })).rejects.toMatchObject({
      code: "REG_RUN_MISSING",
    });
  });
});
