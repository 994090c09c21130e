import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { RegimenError, type ErrorCode, threeWords, type Json } from "@regimen/contracts";

import { typed } from "../display/style.ts";
import type { Chosen } from "./types.ts";

/** `./runs/YYYYMMDD-HHMMSS-three-words`, with `-2` where that is there already, or what `--out` says. Errors: REG_RUN_EXISTS. */
export function runFolder(out: string | undefined, seed: number, cwd: string, now = new Date()): string {
  const own = join("runs", `${stamp(now)}-${threeWords(seed)}`);
  if (out === undefined) return resolve(cwd, existsSync(resolve(cwd, own)) ? free(own, cwd) : own);
  const folder = resolve(cwd, out);
  if (existsSync(folder)) {
    const name = shownPath(folder, cwd);
    throw new RegimenError(
      "REG_RUN_EXISTS",
      `${name} exists already; to go on with that run: regimen resume ${typed(name)}; to start another: --out ${typed(free(name, cwd))}`,
    );
  }
  return folder;
}

const two = (n: number): string => String(n).padStart(2, "0");
function stamp(at: Date): string {
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

function free(name: string, cwd: string): string {
  for (let n = 2; ; n++) if (!existsSync(resolve(cwd, `${name}-${n}`))) return `${name}-${n}`;
}

/** Relative where that is shorter to read. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === "" ? "." : near.startsWith("..") || isAbsolute(near) ? path : near;
}

/** What this command line keeps in a run's `run.json`, so that `resume` needs nothing else. */
export type Recorded = {
  readonly job: "train" | "search" | "fit" | "pretrain";
  /** As it was typed. */ readonly command: string;
  readonly cwd: string;
  readonly base: string;
  readonly backend: string;
  readonly baseline: boolean;
  readonly policy: Json;
  /** Named by the user. */ readonly named: readonly string[];
  /** What was used. */ readonly plugins: readonly { readonly name: string; readonly version: string }[];
  readonly config: { readonly [key: string]: Json | undefined };
  readonly chosen: Chosen;
  /** The same by the configuration's keys: what a report's commands name. */ readonly auto: {
    readonly [key: string]: Json;
  };
};

/** Errors: REG_RUN_MISSING, REG_RUN_MISMATCH. */
export function readRecorded(folder: string, shown: string): Recorded {
  const run = readJson(join(folder, "run.json"), () => {
    throw new RegimenError(
      "REG_RUN_MISSING",
      `${shown} holds no run (there is no run.json in it); name the folder that train, search or fit wrote`,
    );
  }) as { config?: Partial<Recorded> };
  const { config } = run;
  if (config?.job === undefined || config.config === undefined) {
    throw new RegimenError(
      "REG_RUN_MISMATCH",
      `${shown} was started from code, not by this command line; resume it there, with { out, resume: true }`,
    );
  }
  return config as Recorded;
}

/** Errors: what `missing` throws; `broken` for a file that is no JSON. */
export function readJson(path: string, missing: () => never, broken: ErrorCode = "REG_JOURNAL"): unknown {
  if (!existsSync(path)) return missing();
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new RegimenError(broken, `${path} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}
