import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { FORMAT, RECORD, builds, cacheFolder, folderName, type Env, type FoundNative, type Native } from "./cache.ts";
import type { Job } from "./job.ts";

const DAY = 24 * 60 * 60 * 1000;
const PREFIX = ".building-";

/** A folder in the cache to build in; those that a killed build has left are taken away. Errors: REG_DISK. */
export async function openStage(env: Env): Promise<string> {
  const cache = cacheFolder(env);
  try {
    await mkdir(cache, { recursive: true });
    await sweep(cache);
    return await mkdtemp(join(cache, `${PREFIX}${hostname()}-${process.pid}-`));
  } catch (cause) {
    throw new RegimenError(
      "REG_DISK",
      `nothing can be written to ${cache} (${(cause as Error).message}); name a folder for it in the environment variable REGIMEN_CACHE`,
      { cause, input: false },
    );
  }
}

async function sweep(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const [, host, pid] = /^\.building-(.*)-(\d+)-\w+$/.exec(name) ?? [];
    if (host === undefined) continue;
    const folder = join(cache, name);
    const { mtimeMs = 0 } = await stat(folder).catch(() => ({}) as { mtimeMs?: number }); // another may sweep too
    const abandoned = host === hostname() ? !alive(Number(pid)) : Date.now() - mtimeMs > DAY;
    if (abandoned) await rm(folder, { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's
  }
}

/**
 * Gives what was built its name, in one move, so that it is there whole or not at all. What was built before goes: it is a
 * gigabyte that nobody would ask for again.
 */
export async function finish({ stage, app, env }: Job, native: Native): Promise<FoundNative> {
  const cache = cacheFolder(env);
  const folder = join(cache, folderName(native));
  await rm(join(app, "stand-ins"), { recursive: true, force: true });
  await writeFile(join(app, RECORD), `${JSON.stringify({ format: FORMAT, ...native }, null, 2)}\n`);
  for (let attempt = 0; ; attempt++) {
    // It goes with the stage. Whoever has loaded it keeps it.
    if (existsSync(folder)) await moved(folder, join(stage, `replaced-${attempt}`));
    try {
      await moved(app, folder);
      break;
    } catch (error) {
      // Another build has ended in between.
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "") || attempt === 3) throw error;
    }
  }
  for (const older of builds(native.package, env)) {
    if (older.folder !== folder) await rm(older.folder, { recursive: true, force: true }).catch(() => undefined);
  }
  return { ...native, folder };
}

/** Windows refuses for a moment what a virus scanner looks at. */
async function moved(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!["EPERM", "EACCES", "EBUSY"].includes(code ?? "") || attempt === 5) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}
