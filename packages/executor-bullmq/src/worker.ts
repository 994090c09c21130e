import { existsSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Workbench } from "@regimen/contracts";
import { failureOf, refuse } from "@regimen/executors";
import { UnrecoverableError, Worker } from "bullmq";
import { connectionOf, probe } from "./connection.ts";
import { meetingIn, type Job, type Meeting, type Result } from "./meeting.ts";

/** A run that this worker has opened. */
type Opened = Workbench & { close(): Promise<void> };
export type ServeOptions = {
  readonly url: string;
  /** The folder that holds the runs; all machines see it. */ readonly runs: string;
  /** Opens one of them, to do its requests. */ open(folder: string): Promise<Opened>;
  /** What a person should know: runs begun, refused and ended. */ tell(code: string | null, what: string): void;
  /** A request took longer than it may: this process is no longer to be trusted, and is to end. */ hung(
    why: string,
  ): void;
  readonly signal: AbortSignal;
  /** Seconds without a sign of life after which a worker's request goes to another; 30 unless told. */ readonly silence?: number;
};

/** Milliseconds between two looks at the folder. */
const LOOK = 1000;
/** Milliseconds until a run that could not be opened is tried again. */
const AGAIN = 30_000;
/** Workers that one request may cost. */
const MOST = 5;

/**
 * Waits for runs that hand out requests, and does them, one run after the other, until the signal fires. A run whose data,
 * versions or plug-ins are others than here is refused before anything is taken from it. Errors: REG_USAGE, REG_EXECUTOR.
 */
export async function serveRedis(options: ServeOptions): Promise<void> {
  const { url, tell, signal } = options;
  for (const door of await probe(url)) tell("REG_EXECUTOR", door);
  /** By folder and queue: when it may be tried again. What could not be opened may be mended meanwhile. */
  const refused = new Map<string, number>();
  const keyOf = (folder: string, { queue }: Meeting): string => `${folder} ${queue}`;
  while (!signal.aborted) {
    const found = runsIn(options.runs).find(
      ({ folder, meeting }) => (refused.get(keyOf(folder, meeting)) ?? 0) <= Date.now(),
    );
    if (!found) {
      await pause(LOOK, signal);
      continue;
    }
    const { folder, meeting } = found;
    let bench: Opened | undefined;
    try {
      bench = await options.open(folder);
      refuse(meeting.identity, bench.identity);
    } catch (error) {
      const { code, message } = failureOf(error);
      tell(code ?? "REG_EXECUTOR", `${folder} is refused: ${message.replace(`${code}: `, "")}`);
      refused.set(
        keyOf(folder, meeting),
        code === "REG_WORKER_MISMATCH" ? Number.POSITIVE_INFINITY : Date.now() + AGAIN,
      );
      await bench?.close();
      continue;
    }
    tell(null, `working on ${folder}`);
    await serve(options, folder, meeting, bench).finally(() => bench.close());
    tell(null, `done with ${folder}`);
  }
}

/** Until the run withdraws what it announced. */
async function serve(options: ServeOptions, folder: string, { queue }: Meeting, bench: Opened): Promise<void> {
  const { signal, silence = 30, hung } = options;
  const worker = new Worker<Job, Result>(
    queue,
    async ({ data: { work, seconds } }) => {
      const late = setTimeout(
        () => hung(`"${work.request.id}" took longer than ${Math.round(seconds)} s`),
        1000 * seconds,
      );
      try {
        return { done: await bench.work(work, signal) };
      } catch (error) {
        // Saved, and to be gone on with by another.
        if (signal.aborted) throw new UnrecoverableError("its worker was stopped");
        return { failure: failureOf(error) };
      } finally {
        clearTimeout(late);
      }
    },
    {
      connection: connectionOf(options.url),
      // Stands with each job, for whoever looks at the queue.
      name: `${hostname()}-${process.pid}`,
      concurrency: 1,
      lockDuration: 1000 * silence,
      stalledInterval: 500 * silence,
      maxStalledCount: MOST - 1,
      drainDelay: 2,
    },
  );
  worker.on("error", () => undefined); // a server that is away is tried again
  while (!signal.aborted && meetingIn(folder)?.queue === queue) await pause(LOOK, signal);
  await worker.close();
}

/** Those that hand out requests; `runs` may be one itself. */
function runsIn(runs: string): { readonly folder: string; readonly meeting: Meeting }[] {
  const below = existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : [];
  return [runs, ...below].flatMap((folder) => {
    const meeting = meetingIn(folder);
    return meeting ? [{ folder, meeting }] : [];
  });
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => (clearTimeout(timer), signal.removeEventListener("abort", end), resolve());
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
