import type { Console } from "../display/console.ts";
import type { JobFlags } from "../flags.ts";
import type { Call } from "../io.ts";
import { tellFinished } from "../job/result.ts";
import { runJob } from "../job/run.ts";
import { orderOf } from "./train.ts";

export async function searchCommand(
  io: Call,
  console: Console,
  target: string | undefined,
  flags: JobFlags,
): Promise<void> {
  await runJob(io, console, await orderOf("search", io, target, flags, null), (done) =>
    tellFinished(done, console, io),
  );
}
