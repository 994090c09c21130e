import { setMaxListeners } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Done, Work } from "@regimen/contracts";
import { processes, type Processes, type ProcessesOptions } from "@regimen/executors";

const worker = join(import.meta.dirname, "support", "worker.mjs");
let folder: string;
let executor: Processes | undefined;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-processes-"));
  told = [];
});
afterEach(async () => {
  await executor?.close();
  executor = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function started(
  options: Partial<ProcessesOptions> = {},
  traits: string[] = [],
  engine = "1",
): Promise<Processes> {
  executor = processes({
    workers: 2,
    command: (at) => [process.execPath, worker, at, ...traits],
    tell: (what) => told.push(what),
    ...options,
  });
  await executor.begin!({ identity: { engine }, folder });
  return executor;
}
const { signal } = new AbortController();
setMaxListeners(0, signal);
const workOf = (id: string): Work => ({
  request: { kind: "trial", id, policy: { steps: [] }, until: 100, seed: 1 },
  left: 1000,
  seed: 1,
});
const begun = (): string[] => readFileSync(join(folder, "begun.txt"), "utf8").trimEnd().split("\n");
const all = (of: Processes, ids: readonly string[]): Promise<Done[]> =>
  Promise.all(ids.map((id) => of.submit(workOf(id), signal)));
const ids = (done: readonly Done[]): string[] => done.map(({ answer }) => `${answer.id} ${answer.status}`);

describe("worker processes", () => {
  it("do requests side by side, each once", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `r${at}`);
    const done = await all(await started(), names);
    expect(ids(done)).toEqual(names.map((name) => `${name} ok`));
    expect(begun().toSorted()).toEqual(names.toSorted());
    expect(executor!.pids).toHaveLength(2);
    expect(told).toEqual([]);
  });

  it("that die in the middle of a trial are started again, and another goes on with it", async () => {
    const done = await all(await started(), ["a", "dies once 1", "b", "dies once 2", "c"]);
    expect(ids(done)).toEqual(["a ok", "dies once 1 ok", "b ok", "dies once 2 ok", "c ok"]);
    expect(begun().filter((id) => id === "dies once 1")).toHaveLength(2);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/"dies once \d".*SIGKILL/);
    await vi.waitFor(() => expect(executor!.pids).toHaveLength(2), 10_000);
  });

  it.each(["hangs once idly", "hangs once busily"])("that hang are ended by the pace of the others: %s", async (id) => {
    const of = await started({ pace: { least: 0.5, times: 10 } });
    await all(of, ["a", "b"]);
    expect(ids(await all(of, [id, "c"]))).toEqual([`${id} ok`, "c ok"]);
    expect(told).toEqual([expect.stringMatching(/took longer than 1 s|took longer than 0 s/)]);
  });

  it("that die of one request again and again fail it, and it alone", async () => {
    const done = await all(await started({ lost: 3 }), ["always dies", "a", "b"]);
    expect(ids(done)).toEqual(["always dies failed", "a ok", "b ok"]);
    expect(done[0]!.answer.why).toMatch(/^REG_WORKER_LOST: it cost 3 workers.*SIGKILL, having said: out of memory/);
    expect(done[0]!.trial).toMatchObject({ id: "always dies", status: "failed", until: 100, score: null });
    expect(begun().filter((id) => id === "always dies")).toHaveLength(3);
  });

  it("that answer twice are heard once", async () => {
    const of = await started({ workers: 1 });
    const done = await all(of, ["twice 1", "twice 2", "a", "twice 3", "b"]);
    expect(ids(done)).toEqual(["twice 1 ok", "twice 2 ok", "a ok", "twice 3 ok", "b ok"]);
  });

  it("of another version refuse before they take anything, with a code", async () => {
    await expect(started({}, [], "2")).rejects.toMatchObject({
      code: "REG_WORKER_MISMATCH",
      message: /engine: 2, here 1/,
    });
  });

  it("that die before they are ready are REG_WORKER_LOST, with what they said", async () => {
    await expect(started({}, ["stillborn"])).rejects.toMatchObject({
      code: "REG_WORKER_LOST",
      message: /cannot begin/,
    });
  });

  it("tell what would break every other request too", async () => {
    const of = await started();
    await expect(of.submit(workOf("full"), signal)).rejects.toMatchObject({ code: "REG_DISK", input: false });
    expect(ids(await all(of, ["a"]))).toEqual(["a ok"]);
  });

  it("save what was done when they are stopped, and leave what has not begun", async () => {
    const of = await started();
    const stop = new AbortController();
    const running = ["waits 1", "waits 2", "a"].map((id) => of.submit(workOf(id), stop.signal));
    setTimeout(() => stop.abort(), 200);
    for (const one of await Promise.allSettled(running))
      expect(one).toMatchObject({ status: "rejected", reason: { name: "AbortError" } });
    expect(begun()).toEqual(expect.arrayContaining(["waits 1", "waits 2", "saved"]));
    expect(begun()).not.toContain("a");
  });

  it("want a folder", async () => {
    executor = processes({ workers: 1, command: () => [process.execPath, worker] });
    await expect(executor.begin!({ identity: {}, folder: undefined })).rejects.toMatchObject({ code: "REG_EXECUTOR" });
  });
});
