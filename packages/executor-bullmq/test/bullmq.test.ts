import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { setMaxListeners } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Done, Work } from "@regimen/contracts";
import { bullmq, type Bullmq, type BullmqOptions } from "@regimen/executor-bullmq";
import { Queue } from "bullmq";
import { program, serverWith, skipped, type Server } from "./support/server.ts";

const SILENCE = 2;
let bundle: string;
let server: Server;
beforeAll(async () => {
  if (!program) return;
  bundle = mkdtempSync(join(import.meta.dirname, ".worker-"));
  const conditions = ["@regimen/source", "module", "node", "development|production"];
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions },
    ssr: { noExternal: [/^@regimen/], resolve: { conditions } },
    build: {
      ssr: join(import.meta.dirname, "support", "worker.ts"),
      outDir: bundle,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { output: { format: "es", entryFileNames: "worker.mjs" } },
    },
  });
  server = await serverWith();
});
afterAll(async () => {
  await server?.remove();
  if (bundle) rmSync(bundle, { recursive: true, force: true });
});

let runs: string;
let folder: string;
let executor: Bullmq | undefined;
let told: string[];
const staff: { child: ChildProcess; said: string[] }[] = [];
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "regimen-bullmq-"));
  folder = join(runs, "run");
  mkdirSync(folder);
  told = [];
});
afterEach(async () => {
  for (const { child } of staff.splice(0)) child.kill("SIGKILL");
  await executor?.close();
  executor = undefined;
  rmSync(runs, { recursive: true, force: true });
});

const identity = { engine: "1", plugins: { a: "1" } };
async function coordinator(options: Partial<BullmqOptions> = {}): Promise<Bullmq> {
  executor = bullmq({ url: server.url, look: 500, tell: (what) => told.push(what), ...options });
  await executor.begin!({ identity, folder });
  return executor;
}
function worker(engine = "1", url = server.url, before: readonly string[] = []) {
  const [command = "", ...args] = [...before, process.execPath];
  const child = spawn(command, [...args, join(bundle, "worker.mjs"), url, runs, engine, `${SILENCE}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const one = { child, said: [] as string[] };
  child.stdout.on("data", (text: Buffer) => one.said.push(...String(text).trimEnd().split("\n")));
  staff.push(one);
  return one;
}
const workOf = (id: string): Work => ({
  request: { kind: "trial", id, policy: { steps: [] }, until: 100, seed: 1 },
  left: 1000,
  seed: 1,
});
const { signal } = new AbortController();
setMaxListeners(0, signal);
const all = (of: Bullmq, ids: readonly string[], until = signal): Promise<Done[]> =>
  Promise.all(ids.map((id) => of.submit(workOf(id), until)));
const answers = (done: readonly Done[]): string[] => done.map(({ answer }) => `${answer.id} ${answer.status}`);
const ok = (ids: readonly string[]): string[] => ids.map((id) => `${id} ok`);
const begun = (): string[] =>
  existsSync(join(folder, "begun.txt")) ? readFileSync(join(folder, "begun.txt"), "utf8").trimEnd().split("\n") : [];
const names = (many: number, name = "r"): string[] => Array.from({ length: many }, (_, at) => `${name}${at}`);
const soon = { timeout: 20_000, interval: 50 };

describe.skipIf(!program)(`requests through Redis${skipped}`, () => {
  it("are shared by two workers, each done once; a worker may come late, and goes when the run is over", async () => {
    const of = await coordinator();
    const done = all(of, names(20));
    const [first, second] = [worker(), worker()];
    expect(answers(await done)).toEqual(ok(names(20)));
    expect(begun().toSorted()).toEqual(names(20).toSorted());
    await vi.waitFor(() => expect(second.said.length).toBeGreaterThan(1), soon);
    await of.close();
    expect(existsSync(join(folder, "executor.json"))).toBe(false);
    await vi.waitFor(() => expect(first.said.at(-1)).toMatch(/note done with/), soon);
    expect(told).toEqual([]);
  });

  it("of a worker that is killed in the middle of a trial go to another", async () => {
    const of = await coordinator();
    const first = worker();
    const done = all(of, ["long 1", "a", "b"]);
    await vi.waitFor(() => expect(first.said).toContain("begun long 1"), soon);
    first.child.kill("SIGKILL");
    worker();
    expect(answers(await done)).toEqual(ok(["long 1", "a", "b"]));
    expect(begun().filter((id) => id === "long 1")).toHaveLength(2);
    expect(begun().filter((id) => id === "a")).toHaveLength(1);
  });

  it("survive a server that is killed with all that it knew", async () => {
    const of = await coordinator();
    worker();
    const done = all(of, ["long 1", "long 2", ...names(5)]);
    await vi.waitFor(() => expect(begun()).toContain("long 1"), soon);
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    expect(answers(await done)).toEqual(ok(["long 1", "long 2", ...names(5)]));
  });

  it.each(["hangs idly", "hangs busily"])("of a worker that hangs go to another: %s", async (id) => {
    const of = await coordinator({ pace: { least: 1, times: 1 } });
    const first = worker();
    await all(of, ["a"]);
    const done = all(of, [id, "b"]);
    await vi.waitFor(() => expect(first.said).toContain(`begun ${id}`), soon);
    worker();
    expect(answers(await done)).toEqual(ok([id, "b"]));
    if (id === "hangs idly") expect(first.said.at(-1)).toMatch(/^hung "hangs idly" took longer/);
  });

  it("are not taken by a worker of another version, which says why", async () => {
    const of = await coordinator();
    const wrong = worker("2");
    const done = all(of, names(3));
    await vi.waitFor(
      () => expect(wrong.said.join()).toMatch(/REG_WORKER_MISMATCH .* is refused.*engine: 1, here 2/),
      soon,
    );
    expect(begun()).toEqual([]);
    worker();
    expect(answers(await done)).toEqual(ok(names(3)));
    expect(wrong.said).toHaveLength(1);
  });

  it("answered twice are counted once: a worker whose lock went to another comes too late", async () => {
    const of = await coordinator();
    const [first, second] = [worker(), worker()];
    const done = all(of, ["long 1"]);
    await vi.waitFor(() => expect(begun()).toContain("long 1"), soon);
    const slow = first.said.includes("begun long 1") ? first : second;
    // It sleeps until another has answered; then it answers too.
    slow.child.kill("SIGSTOP");
    expect(answers(await done)).toEqual(ok(["long 1"]));
    slow.child.kill("SIGCONT");
    const more = all(of, names(6));
    expect(answers(await more)).toEqual(ok(names(6)));
    expect(begun().filter((id) => id === "long 1")).toHaveLength(2);
  });

  it("that were done in an earlier sitting are not done again", async () => {
    const stop = new AbortController();
    const of = await coordinator();
    const first = all(of, ["long 1"], stop.signal);
    worker();
    await vi.waitFor(() => expect(begun()).toContain("long 1"), soon);
    stop.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    await of.close();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(answers(await all(await coordinator(), ["long 1", "a"]))).toEqual(ok(["long 1", "a"]));
    expect(begun().filter((id) => id === "long 1")).toHaveLength(1);
  });

  it("leave nothing on the server when all is done", async () => {
    const of = await coordinator();
    const { queue } = JSON.parse(readFileSync(join(folder, "executor.json"), "utf8")) as { queue: string };
    worker();
    await all(of, names(5));
    const left = new Queue(queue, { connection: { port: server.port } });
    await vi.waitFor(async () => expect(await left.getJobCountByTypes("completed", "waiting", "active")).toBe(0), soon);
    await left.close();
  });

  it("want a folder, and a server that answers", async () => {
    const away = bullmq({ url: "redis://127.0.0.1:1" });
    await expect(away.begin!({ identity, folder: undefined })).rejects.toMatchObject({ code: "REG_EXECUTOR" });
    await expect(away.begin!({ identity, folder })).rejects.toThrow(
      /REG_EXECUTOR.*redis:\/\/127.0.0.1:1 cannot be used/,
    );
    expect(existsSync(join(folder, "executor.json"))).toBe(false);
  });
});

/** A network of its own for a worker, behind a cable that can be cut. Undefined where this machine or user may not make one. */
function networkOf(number: number) {
  const ip = (...args: string[]): boolean => spawnSync("ip", args).status === 0;
  const [space, near, far] = [`regimen${number}`, `rgn${number}`, `rgf${number}`];
  const [here, there] = [`10.213.${number % 250}.1`, `10.213.${number % 250}.2`];
  const remove = (): void => void (ip("link", "del", near), ip("netns", "del", space));
  const made =
    ip("netns", "add", space) &&
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space) &&
    ip("addr", "add", `${here}/24`, "dev", near) &&
    ip("-n", space, "addr", "add", `${there}/24`, "dev", far) &&
    ip("link", "set", near, "up") &&
    ip("-n", space, "link", "set", far, "up");
  if (!made) remove();
  const cable = (to: "up" | "down") => ip("-n", space, "link", "set", far, to);
  return made ? { here, inside: ["ip", "netns", "exec", space], cable, remove } : undefined;
}
const network = program ? networkOf(process.pid % 10_000) : undefined;
afterAll(() => network?.remove());
const noNetwork = network ? "" : " (skipped: network namespaces need root and the program ip)";

describe.skipIf(!network)(`a network that is cut${noNetwork}`, () => {
  it("costs its worker the request, which another does; what comes late is not counted", async () => {
    const { here, inside, cable } = network!;
    const far = await serverWith(["--bind", here, "--requirepass", "secret"], false, here);
    try {
      const url = `redis://:secret@${here}:${far.port}`;
      const of = await coordinator({ url });
      const first = worker("1", url, inside);
      const done = all(of, ["long 1", "a"]);
      await vi.waitFor(() => expect(first.said).toContain("begun long 1"), soon);
      expect(cable("down")).toBe(true);
      worker("1", url);
      expect(answers(await done)).toEqual(ok(["long 1", "a"]));
      expect(begun().filter((id) => id === "long 1")).toHaveLength(2);
      expect(cable("up")).toBe(true);
      expect(answers(await all(of, names(6)))).toEqual(ok(names(6)));
      expect(told).toEqual([expect.stringMatching(/TLS/)]);
      await of.close();
    } finally {
      await far.remove();
    }
  });
});
