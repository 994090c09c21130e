import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RegimenError, type Workbench } from "@regimen/core";
import { serveParent } from "@regimen/executors";
import type { Console } from "../display/console.ts";
import { row } from "../display/style.ts";
import type { Call } from "../io.ts";
import { forRedis } from "../job/executor.ts";
import { readRecorded, shownPath } from "../job/folder.ts";
import { prepared, searchingOf } from "../job/run.ts";
import { resumeOrder } from "./resume.ts";

export type WorkerFlags = { readonly redis?: string; readonly runs: string };

/** Does requests until its parent is gone or it is stopped, which is no failure. Errors: REG_USAGE, REG_EXECUTOR, REG_RUN_*. */
export async function workerCommand(
  io: Call,
  console: Console,
  run: string | undefined,
  flags: WorkerFlags,
): Promise<void> {
  const stop = new AbortController();
  const unlisten = io.onInterrupt(() => stop.abort());
  const open = (folder: string) => openRun(io, console, folder, stop.signal);
  try {
    if (flags.redis === undefined) return await asChild(io, run, open);
    const runs = resolve(io.cwd, run ?? flags.runs);
    if (!existsSync(runs))
      throw new RegimenError(
        "REG_RUN_MISSING",
        `there is no folder ${shownPath(runs, io.cwd)}; name the one that holds the runs: --runs DIR`,
      );
    const { serveRedis } = await forRedis();
    console.note(row(console.paint, "worker", `waiting for runs in ${shownPath(runs, io.cwd)}. Ctrl-C ends it.`));
    await serveRedis({
      url: flags.redis,
      runs,
      open,
      signal: stop.signal,
      tell: (code, what) =>
        code === null ? console.note(row(console.paint, "worker", what)) : console.warn(code, what),
      hung: (why) => {
        // Whatever hangs in this process hangs on: its request goes to another once it is silent.
        console.error(`regimen: REG_WORKER_LOST: ${why}; this worker ends, start it again`);
        process.exit(1);
      },
    });
  } finally {
    unlisten();
  }
}

async function asChild(io: Call, run: string | undefined, open: (folder: string) => Promise<Opened>): Promise<void> {
  if (run === undefined || process.send === undefined)
    throw new RegimenError(
      "REG_USAGE",
      "a worker got nobody to work for; name a server: regimen worker --redis URL --runs DIR, or have regimen train --workers N start workers",
    );
  let opened: Opened | undefined;
  await serveParent(async () => (opened = await open(resolve(io.cwd, run))));
  await opened?.close();
}

type Opened = Workbench & { close(): Promise<void> };

/** Opens a run as its own command line did. */
function openRun(io: Call, console: Console, folder: string, signal: AbortSignal): Promise<Opened> {
  const recorded = readRecorded(folder, shownPath(folder, io.cwd));
  // Plug-ins are this machine's, wherever its copy of the project lies.
  const cwd = existsSync(recorded.cwd) ? recorded.cwd : io.cwd;
  const order = resumeOrder({ ...recorded, cwd }, folder);
  return new Promise((resolve, reject) => {
    const closed = prepared(io, console, order, signal, async ({ regimen, options, learner }) => {
      const bench = await regimen.workbench({ ...options, ...searchingOf(order, learner), out: folder });
      await new Promise<void>((close) => resolve({ ...bench, close: () => (close(), closed) }));
    });
    closed.catch(reject);
  });
}
