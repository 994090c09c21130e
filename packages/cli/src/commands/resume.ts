import { resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import type { Console } from "../display/console.ts";
import type { JobFlags } from "../flags.ts";
import type { Call } from "../io.ts";
import { readRecorded, shownPath, type Recorded } from "../job/folder.ts";
import { tellFinished } from "../job/result.ts";
import { runJob, type Order } from "../job/run.ts";

export async function resumeCommand(
  io: Call,
  console: Console,
  run: string,
  flags: Pick<JobFlags, "workers" | "redis"> = {},
): Promise<void> {
  const folder = resolve(io.cwd, run);
  const recorded = readRecorded(folder, shownPath(folder, io.cwd));
  if (recorded.job === "pretrain") {
    const { resumePretraining } = await import("./pretrain.ts");
    return resumePretraining(io, console, recorded, folder);
  }
  const order = { ...resumeOrder(recorded, folder), elsewhere: flags };
  await runJob(io, console, order, (done) => tellFinished(done, console, io));
}

/** The order that a run was started with. Errors: REG_RUN_MISMATCH. */
export function resumeOrder(recorded: Recorded, folder: string): Order {
  const { job, command, cwd, base, backend, baseline, policy, named, config, chosen } = recorded;
  if (job === "pretrain")
    throw new RegimenError(
      "REG_RUN_MISMATCH",
      `${folder} was started by regimen pretrain; to go on with it: regimen resume ${folder}`,
    );
  return {
    job,
    line: command,
    cwd,
    backend,
    baseline,
    folder,
    policy: policy as Order["policy"],
    settings: { config: config as unknown as Order["settings"]["config"], base, plugins: named },
    chosen,
    dryRun: false,
  };
}
