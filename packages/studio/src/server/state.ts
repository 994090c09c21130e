import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { RunStatus } from "@regimen/run-folder";

/** How old a status may be that nothing else vouches for. */
const STALE = 5 * 60_000;

/** Whether the process that wrote this status still works on the run. `here`: on this machine, so that it can be stopped. */
export function working(status: RunStatus): { readonly running: boolean; readonly here: boolean } {
  if (status.state !== "running") return { running: false, here: false };
  const fresh = Date.now() - Date.parse(status.at) < STALE;
  if (status.host !== hostname()) return { running: fresh, here: false };
  const running = alive(status.pid) && (startedBefore(status.pid, Date.parse(status.at)) ?? fresh);
  return { running, here: running };
}

/** Only whole, positive numbers: 0 and below would name whole groups of processes. */
function alive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Numbers of processes come round again: one that began after the status was written is another program's. null where this
 * system does not tell. Linux: proc_pid_stat(5), field 22, in hundredths of a second since boot.
 */
function startedBefore(pid: number, at: number): boolean | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = 1000 * Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const began = boot + 10 * ticks;
    return Number.isFinite(began) ? began <= at + 2000 : null;
  } catch {
    return null;
  }
}
