import { availableParallelism } from "node:os";
import { RegimenError, type Executor, type Regimen } from "@regimen/core";
import { processes } from "@regimen/executors";
import type { Console } from "../display/console.ts";
import type { Io } from "../io.ts";

/** Who does a search's trials: `--workers` alone means processes here, `--redis` whoever waits there. */
export type Elsewhere = { readonly workers?: number | undefined; readonly redis?: string | undefined };
type Closing = Executor & { close(): Promise<void> };

/** Undefined: this process. The caller closes it. Errors: REG_EXECUTOR, REG_USAGE. */
export async function executorOf(
  { job, elsewhere: { workers, redis } = {} }: { readonly job: string; readonly elsewhere?: Elsewhere },
  { backend }: Regimen,
  io: Io,
  console: Console,
): Promise<Closing | undefined> {
  if (job === "fit") return undefined;
  const tell = (what: string): void => console.warn("REG_EXECUTOR", what);
  if (redis !== undefined) {
    const { bullmq } = await forRedis();
    return bullmq({ url: redis, tell, ...(workers !== undefined && { workers }) });
  }
  if (workers === undefined || workers === 1) return undefined;
  if (!io.self)
    throw new RegimenError("REG_EXECUTOR", "worker processes need a command line that can be started again");
  const [command, ...args] = io.self as [string, ...string[]];
  return processes({
    workers,
    command: (folder) => [command, ...args, "worker", folder],
    env: (at) => shareOf(at, workers, backend.name),
    tell,
  });
}

/** A GPU each, or an equal share of the processor's cores; what the user has set stands. */
function shareOf(at: number, of: number, backend: string): Record<string, string> {
  const cores = String(Math.max(1, Math.floor(availableParallelism() / of)));
  const shares: Record<string, string> =
    backend === "node-gpu"
      ? { CUDA_VISIBLE_DEVICES: String(at) }
      : { OMP_NUM_THREADS: cores, TF_NUM_INTRAOP_THREADS: cores, REGIMEN_THREADS: cores };
  return Object.fromEntries(Object.entries(shares).filter(([name]) => process.env[name] === undefined));
}

/** It is installed by those who need it. Errors: REG_EXECUTOR. */
export async function forRedis(): Promise<typeof import("@regimen/executor-bullmq")> {
  try {
    return await import("@regimen/executor-bullmq");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new RegimenError(
      "REG_EXECUTOR",
      "--redis needs a package that is not installed; run: npm i @regimen/executor-bullmq",
      { cause },
    );
  }
}
