// Trials that do nothing: what is left is the queue, the journal and the search's own work.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// Neither is a dependency of the workspace's root.
const root = fileURLToPath(new URL("../../packages", import.meta.url));
const from = (folder) => createRequire(join(root, folder, "package.json"));
const load = (folder) => import(pathToFileURL(join(root, folder, "dist/index.js")).href);

export async function overhead({ url, trials, workers }) {
  const { askAndTell } = await load("search");
  const { Journal } = await import(pathToFileURL(from("search").resolve("@regimen/run-folder")).href);
  const folder = mkdtempSync(join(tmpdir(), "regimen-overhead-"));
  const program = fileURLToPath(new URL("no-op-worker.mjs", import.meta.url));
  let [executor, staff] = [undefined, []];
  if (url) {
    const { bullmq } = await load("executor-bullmq");
    executor = bullmq({ url, workers, tell: console.log });
    staff = Array.from({ length: workers }, () =>
      spawn(process.execPath, [program, url, folder], { stdio: "inherit" }),
    );
  } else {
    const { processes } = await load("executors");
    executor = processes({ workers, command: () => [process.execPath, program], tell: console.log });
  }
  const journal = new Journal(join(folder, "journal.jsonl"));
  await executor.begin({ identity: { nothing: true }, folder });
  let [done, started] = [0, 0];
  const learner = {
    name: "no-op",
    claims: () => true,
    init: () => ({ asked: 0, told: 0 }),
    ask: (s) =>
      s.asked < trials
        ? [
            { kind: "trial", id: `${s.asked}`, policy: { steps: [] }, until: 1, seed: 1 },
            { ...s, asked: s.asked + 1 },
          ]
        : [s.told < s.asked ? { kind: "wait" } : { kind: "done", ok: true }, s],
    tell: (s) => ({ ...s, told: s.told + 1 }),
    best: () => ({ steps: [] }),
  };
  const every = Math.max(1, Math.floor(trials / 10));
  await askAndTell({
    learner,
    problem: {
      techniques: [],
      train: {},
      base: { steps: [] },
      facts: {},
      plain: { trained: 1, inferred: 0, seconds: 0 },
      budget: { trained: trials, inferred: 0, seconds: 0 },
      seed: 1,
    },
    journal,
    executor,
    signal: new AbortController().signal,
    grace: 0,
    reached: new Map(),
    before: async () => undefined,
    known: () => undefined,
    record: ({ request }, { answer }) => journal.add("trial", request.id, answer),
    told: () => {
      // The workers have come by then.
      if (done++ === every) started = performance.now();
      if (done % every || done === every) return;
      globalThis.gc?.();
      const { rss, heapUsed } = process.memoryUsage();
      console.log(
        `${done}: ${(heapUsed / 2 ** 20).toFixed(1)} MiB heap, ${(rss / 2 ** 20).toFixed(0)} MiB in all, ${((performance.now() - started) / Math.max(1, done - every - 1)).toFixed(2)} ms a trial`,
      );
    },
  });
  const milliseconds = (performance.now() - started) / (trials - every - 1);
  console.log(`${executor.name}: ${trials} trials, ${workers} outstanding: ${milliseconds.toFixed(2)} ms a trial`);
  await executor.close();
  for (const child of staff) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
