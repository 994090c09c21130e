import type { Console } from "../display/console.ts";
import type { JobFlags } from "../flags.ts";
import type { Call } from "../io.ts";
import { readPolicy } from "../job/policy.ts";
import { tellFinished } from "../job/result.ts";
import { runJob } from "../job/run.ts";
import { orderOf } from "./train.ts";

export async function fitCommand(
  io: Call,
  console: Console,
  target: string | undefined,
  flags: JobFlags,
): Promise<void> {
  const order = await orderOf(
    "fit",
    io,
    target,
    flags,
    flags.policy === "none" ? "none" : readPolicy(flags.policy!, io.cwd, "--policy"),
  );
  await runJob(io, console, order, (done) => tellFinished(done, console, io));
}
