import { availableParallelism } from "node:os";
import { spawnSync } from "node:child_process";
import { elsewhere } from "./examined.ts";
import type { Io } from "../io.ts";

/** How fast so many processes train together. */
export type SideBySide = { readonly workers: number; readonly imagesPerSecond: number };

/** More processes than this are not tried: the machine would be busy for minutes. */
const MOST = 8;
/** One way of sharing is taken before another where it is faster by this: less is chance. */
const CLEARLY = 1.05;

/** A GPU each, or an equal share of the processor's cores; what the user has set stands. */
export function shareOf(at: number, of: number, backend: string): Record<string, string> {
  const cores = String(Math.max(1, Math.floor(availableParallelism() / of)));
  const shares: Record<string, string> =
    backend === "node-gpu"
      ? { CUDA_VISIBLE_DEVICES: String(at) }
      : { OMP_NUM_THREADS: cores, TF_NUM_INTRAOP_THREADS: cores, REGIMEN_THREADS: cores };
  return Object.fromEntries(Object.entries(shares).filter(([name]) => process.env[name] === undefined));
}

/**
 * Short trainings in two processes at once, four, eight, as far as there are cores for them or GPUs, each with its share; what
 * all of them together did. Empty where there is nothing to share.
 *
 * @param alone images a second of one process that has all
 */
export async function sideBySide(
  backend: string,
  alone: number,
  io: Io,
  plugins: readonly string[] = [],
): Promise<SideBySide[]> {
  const parts = backend === "node-gpu" ? gpus() : availableParallelism();
  if (parts < 2 || !io.self) return [];
  const found: SideBySide[] = [{ workers: 1, imagesPerSecond: alone }];
  for (let workers = 2; workers <= Math.min(parts, MOST); workers *= 2) {
    const paces = await Promise.all(
      Array.from({ length: workers }, async (_, at) => {
        const env = shareOf(at, workers, backend);
        return (await elsewhere(backend, io, { plugins, speed: true, env })).imagesPerSecond;
      }),
    );
    if (paces.includes(null)) break;
    found.push({ workers, imagesPerSecond: paces.reduce<number>((sum, pace) => sum + pace!, 0) });
  }
  return found;
}

/** The fewest workers that nothing beats clearly. */
export function fastest(found: readonly SideBySide[]): SideBySide | undefined {
  return found.reduce<SideBySide | undefined>(
    (best, one) => (!best || one.imagesPerSecond > CLEARLY * best.imagesPerSecond ? one : best),
    undefined,
  );
}

function gpus(): number {
  const { stdout, status } = spawnSync("nvidia-smi", ["-L"], { encoding: "utf8" });
  return status === 0 ? stdout.split("\n").filter((line) => line.startsWith("GPU ")).length : 0;
}
