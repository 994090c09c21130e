import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { RegimenError } from "@regimen/contracts";
import { readSettings, spellOut, type Settings } from "../config/settings.ts";
import type { Console } from "../display/console.ts";
import type { JobFlags } from "../flags.ts";
import type { Call } from "../io.ts";
import { readRecorded, runFolder, shownPath, type Recorded } from "../job/folder.ts";
import { tellFinished } from "../job/result.ts";
import { runJob, type Order } from "../job/run.ts";
import { resumeOrder } from "./resume.ts";

export async function trainCommand(
  io: Call,
  console: Console,
  target: string | undefined,
  flags: JobFlags,
): Promise<void> {
  await runJob(io, console, await orderOf("train", io, target, flags, null), (done) => tellFinished(done, console, io));
}

/** An order from the command line. Errors: REG_USAGE, REG_CONFIG_*, REG_RUN_EXISTS, REG_RUN_MISMATCH. */
export async function orderOf(
  job: Order["job"],
  io: Call,
  target: string | undefined,
  flags: JobFlags,
  policy: Order["policy"],
): Promise<Order> {
  const folder = flags.out === undefined ? undefined : resolve(io.cwd, flags.out);
  if (flags.resume && folder === undefined) {
    throw new RegimenError(
      "REG_USAGE",
      "--resume got no folder to go on with; name it: --out RUN, or: regimen resume RUN",
    );
  }
  const goesOn = flags.resume === true && folder !== undefined && existsSync(folder);
  const recorded = goesOn ? readRecorded(folder, shownPath(folder, io.cwd)) : undefined;
  const says = target !== undefined || flags.config !== undefined;
  const elsewhere = { workers: flags.workers, redis: flags.redis };
  if (recorded && !says) return { ...resumeOrder(recorded, folder!), elsewhere };
  const settings = readSettings(target, flags, io.cwd, await spellOut(target, flags, io.cwd));
  if (recorded) return { ...resumeOrder(same(recorded, job, settings, flags.out!), folder!), elsewhere };
  return {
    job,
    line: io.line,
    settings,
    policy,
    backend: flags.backend ?? "auto",
    cwd: io.cwd,
    folder: runFolder(flags.out, settings.config.seed, io.cwd),
    dryRun: flags.dryRun === true,
    baseline: flags.baseline ?? true,
    elsewhere,
    ...(flags.time === undefined ? {} : { time: flags.time }),
  };
}

/** A run goes on with what it was started with. Errors: REG_RUN_MISMATCH. */
function same(recorded: Recorded, job: Order["job"], { config }: Settings, out: string): Recorded {
  const asked = config as unknown as Recorded["config"];
  const keys = [...new Set([...Object.keys(asked), ...Object.keys(recorded.config)])];
  const other = keys.filter((key) => !isDeepStrictEqual(recorded.config[key], asked[key]));
  if (recorded.job === job && other.length === 0) return recorded;
  const what = recorded.job === job ? `with another ${other.join(", ")}` : `by regimen ${recorded.job}`;
  throw new RegimenError(
    "REG_RUN_MISMATCH",
    `${out} was started ${what}; to go on with it as it is: regimen resume ${out}; to start another: --out ${out}-2`,
  );
}
