import { RegimenError, type Executor, type Regimen } from "@regimen/core";
import { processes } from "@regimen/executors";
import type { Console } from "../display/console.ts";
import type { Io } from "../io.ts";
import { elsewhere as examine } from "../machine/examined.ts";
import { fastest, shareOf, sideBySide } from "../machine/shares.ts";

/**
 * Who does a search's trials: `--workers` alone means processes here, "auto" as many as are fastest; `--redis` whoever waits
 * there.
 */
export type Elsewhere = { readonly workers?: number | "auto" | undefined; readonly redis?: string | undefined };
type Asked = {
  readonly job: string;
  readonly elsewhere?: Elsewhere;
  /** Named by the user. */ readonly plugins: readonly string[];
};
type Closing = Executor & { close(): Promise<void> };

/** Undefined: this process. The caller closes it. Errors: REG_EXECUTOR, REG_USAGE. */
export async function executorOf(
  { job, plugins, elsewhere: { workers: asked, redis } = {} }: Asked,
  { backend }: Regimen,
  io: Io,
  console: Console,
): Promise<Closing | undefined> {
  if (job === "fit") return undefined;
  const tell = (what: string): void => console.warn("REG_EXECUTOR", what);
  if (redis !== undefined) {
    if (asked === "auto")
      throw new RegimenError(
        "REG_USAGE",
        "--workers auto is for processes on this machine; say how many workers wait at --redis, or leave it out",
      );
    const { bullmq } = await forRedis();
    return bullmq({ url: redis, tell, ...(asked !== undefined && { workers: asked }) });
  }
  if (asked === undefined || asked === 1) return undefined;
  if (!io.self)
    throw new RegimenError("REG_EXECUTOR", "worker processes need a command line that can be started again");
  const workers = asked === "auto" ? await fastestHere(backend.name, io, plugins, console) : asked;
  if (workers === 1) return undefined;
  const [command, ...args] = io.self as [string, ...string[]];
  return processes({
    workers,
    command: (folder) => [command, ...args, "worker", folder],
    env: (at) => shareOf(at, workers, backend.name),
    tell,
  });
}

/** As many processes as train most images a second together. */
async function fastestHere(backend: string, io: Io, plugins: readonly string[], console: Console): Promise<number> {
  console.live("  trying trainings side by side …");
  const { imagesPerSecond } = await examine(backend, io, { plugins, speed: true });
  const best = fastest(imagesPerSecond === null ? [] : await sideBySide(backend, imagesPerSecond, io, plugins));
  const workers = best?.workers ?? 1;
  console.note(
    `  ${workers === 1 ? "trials one after the other: nothing is faster here" : `${workers} workers: the fastest here`}`,
  );
  return workers;
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
