import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { RegimenEvent } from "@regimen/contracts";
import { writeWhole } from "./whole.ts";

/** `status.json`: who works on a run, and how far it is. For onlookers; a run itself never reads it. */
export type RunStatus = {
  readonly format: 1;
  readonly state: "running" | "finished" | "stopped" | "failed";
  /** The error, where it failed. */ readonly why: string | null;
  readonly pid: number;
  readonly host: string;
  /** When this was written, and when this process began with the run: ISO. */ readonly at: string;
  readonly since: string;
  readonly stage: { readonly name: string; readonly message: string } | null;
  /** The training that goes on; images of this sitting. */ readonly training: {
    readonly name: string;
    readonly images: number;
    readonly of: number;
    readonly imagesPerSecond: number;
  } | null;
  readonly secondsLeft: number | null;
};

/** Milliseconds between two writings of mere progress. */
const EVERY = 500;

/**
 * Does `job` and keeps the `status.json` of the run in `folder` meanwhile; without a folder it only does the job. Before the
 * job's first event the folder may still be another run's, which this one is then refused.
 */
export async function withStatus<T>(
  folder: string | undefined,
  told: (event: RegimenEvent) => void,
  job: (emit: (event: RegimenEvent) => void) => Promise<T>,
): Promise<T> {
  const now = new Date().toISOString();
  let status: RunStatus = {
    format: 1,
    state: "running",
    why: null,
    pid: process.pid,
    host: hostname(),
    at: now,
    since: now,
    stage: null,
    training: null,
    secondsLeft: null,
  };
  let [begun, written] = [false, 0];
  // A disk that is full is told by whoever writes what matters.
  const write = (): void => {
    if (folder === undefined || !existsSync(join(folder, "run.json"))) return;
    written = performance.now();
    const text = JSON.stringify({ ...status, at: new Date().toISOString() } satisfies RunStatus);
    try {
      writeWhole(join(folder, "status.json"), `${text}\n`, false);
    } catch {}
  };
  const emit = (event: RegimenEvent): void => {
    told(event);
    if (event.kind === "warning") return;
    begun = true;
    const { stage, training, secondsLeft } = status;
    status = {
      ...status,
      stage: event.kind === "stage" ? { name: event.stage, message: event.message } : stage,
      training: event.kind === "progress" ? progressOf(event) : event.kind === "stage" ? null : training,
      secondsLeft: event.secondsLeft ?? secondsLeft,
    };
    if (event.kind !== "progress" || performance.now() - written > EVERY) write();
  };
  const end = (state: RunStatus["state"], why: string | null = null): void => {
    status = { ...status, state, why, training: null, secondsLeft: null };
    if (begun) write();
  };
  try {
    const result = await job(emit);
    end("finished");
    return result;
  } catch (error) {
    const stopped = error instanceof Error && error.name === "AbortError";
    if (stopped) end("stopped");
    else end("failed", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

const progressOf = ({
  training,
  images,
  of,
  imagesPerSecond,
}: Extract<RegimenEvent, { kind: "progress" }>): RunStatus["training"] => ({
  name: training,
  images,
  of,
  imagesPerSecond,
});

/** What `status.json` says; null where there is none that can be read. */
export function readStatus(folder: string): RunStatus | null {
  try {
    const status = JSON.parse(readFileSync(join(folder, "status.json"), "utf8")) as Partial<RunStatus>;
    return status.format === 1 && Number.isInteger(status.pid) ? (status as RunStatus) : null;
  } catch {
    return null;
  }
}
