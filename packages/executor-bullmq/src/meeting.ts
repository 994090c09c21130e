import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Done, Identity, Work } from "@regimen/contracts";
import type { Failure } from "@regimen/executors";

/** `executor.json` in a run's folder: where its search hands its requests out, and what a worker must have to take them. */
export type Meeting = { readonly format: 1; readonly queue: string; readonly identity: Identity };

const fileIn = (folder: string): string => join(folder, "executor.json");

export function announce(folder: string, identity: Identity): Meeting {
  const digest = createHash("sha1")
    .update(`${folder} ${JSON.stringify(identity)}`)
    .digest("hex")
    .slice(0, 12);
  const meeting: Meeting = { format: 1, queue: `regimen-${basename(folder).replaceAll(":", "-")}-${digest}`, identity };
  const [file, half] = [fileIn(folder), `${fileIn(folder)}.${process.pid}`];
  writeFileSync(half, `${JSON.stringify(meeting, null, 2)}\n`);
  renameSync(half, file);
  return meeting;
}
export const withdraw = (folder: string): void => rmSync(fileIn(folder), { force: true });

/** Undefined where nobody hands out requests, or the file is half there. */
export function meetingIn(folder: string): Meeting | undefined {
  if (!existsSync(fileIn(folder))) return undefined;
  try {
    const meeting = JSON.parse(readFileSync(fileIn(folder), "utf8")) as Partial<Meeting>;
    return meeting.format === 1 && meeting.queue && meeting.identity ? (meeting as Meeting) : undefined;
  } catch {
    return undefined;
  }
}

/** What is queued, and what comes back. `seconds`: after these its worker counts as hung. */
export type Job = { readonly work: Work; readonly seconds: number };
export type Result = { readonly done: Done } | { readonly failure: Failure };

/** The same request has the same id, in a later sitting too: it is never queued twice. */
export const jobIdOf = ({ request }: Work): string =>
  `t${createHash("sha1").update(JSON.stringify(request)).digest("hex")}`;
