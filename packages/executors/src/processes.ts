import { RegimenError, type Done, type Executor, type Identity, type Work } from "@regimen/contracts";
import { errorOf, lostOf } from "./failure.ts";
import { Pace, type PaceOptions } from "./pace.ts";
import { WorkerProcess } from "./worker-process.ts";

export type ProcessesOptions = {
  /** How many. */ readonly workers: number;
  /** The command that starts one for the run in `folder`; it calls `serveParent`. */
  command(folder: string): readonly [string, ...string[]];
  /** What the worker, counted from 0, has in its environment beside this process's. */
  env?(at: number): Readonly<Record<string, string>>;
  /** A worker was lost, and why: it is started again. */ tell?(what: string): void;
  readonly pace?: PaceOptions;
  /** Workers that one request may cost before it has failed; 5 unless told. */ readonly lost?: number;
};
/** `close` ends the workers. `pids`: of those that run. */
export type Processes = Executor & { close(): Promise<void>; readonly pids: readonly number[] };

type Entry = {
  readonly work: Work;
  readonly signal: AbortSignal;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
  /** Workers that it has cost. */ lost: number;
};

/** Seconds that a worker has to save what it did. */
const SAVING = 15;

/**
 * Requests side by side on this machine, each worker a process of its own. One that dies or hangs is started again, and its
 * request goes to the next that is free, from the last checkpoint in the run's folder.
 *
 * Errors: REG_EXECUTOR for a run without a folder; REG_WORKER_MISMATCH; REG_WORKER_LOST where workers die before they are ready.
 */
export function processes(options: ProcessesOptions): Processes {
  const { workers, tell = () => undefined, lost: most = 5 } = options;
  const pace = new Pace(options.pace);
  const waiting: Entry[] = [];
  const staff: WorkerProcess[] = [];
  let open: (at: number) => Promise<WorkerProcess>;
  let closed = false;
  let broken: Error | undefined;

  /** Keeps place `at` filled until `close`. */
  async function fill(at: number): Promise<void> {
    try {
      const worker = await open(at);
      if (closed) return void worker.kill();
      staff[at] = worker;
      pump();
    } catch (error) {
      if (closed) return;
      broken = error as Error;
      for (const entry of waiting.splice(0)) entry.reject(broken);
    }
  }
  function pump(): void {
    for (const [at, worker] of staff.entries()) {
      if (!worker?.free) continue;
      const entry = waiting.shift();
      if (!entry) return;
      void give(entry, worker, at);
    }
  }
  async function give(entry: Entry, worker: WorkerProcess, at: number): Promise<void> {
    const { work, signal } = entry;
    const hung = setTimeout(
      () => worker.kill(`it took longer than ${Math.round(pace.limit(work))} s`),
      1000 * pace.limit(work),
    );
    const stop = (): void => worker.stop(SAVING);
    signal.addEventListener("abort", stop, { once: true });
    const ended = await worker.work(work).finally(() => {
      clearTimeout(hung);
      signal.removeEventListener("abort", stop);
    });
    if ("done" in ended) {
      pace.learn(ended.done);
      entry.resolve(ended.done);
    } else if (signal.aborted) entry.reject(signal.reason as Error);
    else if ("failure" in ended) entry.reject(errorOf(ended.failure));
    else if (!closed) again(entry, ended.lost);
    if ("lost" in ended && !closed) void fill(at);
    else pump();
  }
  function again(entry: Entry, why: string): void {
    entry.lost++;
    const { id } = entry.work.request;
    if (entry.lost >= most) {
      tell(`"${id}" has cost ${most} workers, and has failed: ${why}`);
      return entry.resolve(lostOf(entry.work, `it cost ${most} workers, the last because ${why}`));
    }
    tell(`a worker was lost with "${id}", which another goes on with: ${why}`);
    if (broken) entry.reject(broken);
    else waiting.unshift(entry);
    pump();
  }

  return {
    name: `${workers} worker processes`,
    capacity: workers,
    get pids() {
      return staff.flatMap(({ pid, gone }) => (pid === undefined || gone ? [] : [pid]));
    },
    async begin({ identity, folder }: { identity: Identity; folder: string | undefined }) {
      if (folder === undefined)
        throw new RegimenError(
          "REG_EXECUTOR",
          "worker processes share a run's folder, and this run has none; give it one: out",
        );
      const [command, ...args] = options.command(folder);
      open = (at) => WorkerProcess.start([command, ...args], options.env?.(at) ?? {}, identity);
      const all = Array.from({ length: workers }, (_, at) => fill(at));
      await Promise.all(all);
      if (broken) throw broken;
    },
    submit: (work, signal) =>
      new Promise<Done>((resolve, reject) => {
        if (signal.aborted || broken) return reject(broken ?? (signal.reason as Error));
        const unlisten = (): void => signal.removeEventListener("abort", leave);
        const entry: Entry = {
          work,
          signal,
          lost: 0,
          resolve: (done) => (unlisten(), resolve(done)),
          reject: (error) => (unlisten(), reject(error)),
        };
        // One that is at work is told by its worker.
        const leave = (): void => {
          const at = waiting.indexOf(entry);
          if (at >= 0) waiting.splice(at, 1)[0]!.reject(signal.reason as Error);
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.push(entry);
        pump();
      }),
    async close() {
      closed = true;
      for (const worker of staff) worker?.kill();
      await Promise.all(staff.map((worker) => worker?.ended));
    },
  };
}
