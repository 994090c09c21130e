import { join, resolve } from "node:path";
import { RegimenError, parsePolicy, type Policy } from "@regimen/contracts";
import { isFolder } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import type { JobFlags } from "../flags.ts";
import type { Call } from "../io.ts";
import { readJson } from "../job/folder.ts";
import { tellFinished } from "../job/result.ts";
import { runJob } from "../job/run.ts";
import { orderOf } from "./train.ts";

export async function fitCommand(
  io: Call,
  console: Console,
  target: string | undefined,
  flags: JobFlags,
): Promise<void> {
  const order = await orderOf("fit", io, target, flags, readPolicy(flags.policy!, io.cwd));
  await runJob(io, console, order, (done) => tellFinished(done, console, io));
}

/** A policy.json, a folder that holds one, or "none". Errors: REG_POLICY_INVALID, REG_POLICY_FORMAT. */
export function readPolicy(named: string, cwd: string): Policy | "none" {
  if (named === "none") return "none";
  const path = resolve(cwd, named);
  const file = isFolder(path) ? join(path, "policy.json") : path;
  const read = readJson(
    file,
    () => {
      throw new RegimenError(
        "REG_POLICY_INVALID",
        `--policy got "${named}", where there is no policy; expected a policy.json, a run's folder, or none`,
      );
    },
    "REG_POLICY_INVALID",
  );
  return parsePolicy(read);
}
