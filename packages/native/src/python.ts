import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { run, type Job } from "./job.ts";

export type Python = {
  readonly command: string;
  readonly version: string;
  /** The environment it belongs to. */ readonly prefix: string;
  /** The package's folder. */ readonly tensorflow: string | null;
  readonly pip: boolean;
};

/** Asks where packages are without importing them: to import TensorFlow takes seconds, and may fail where its library would not. */
const QUESTION = `
import json, sys, importlib.util
def folder(name):
    found = importlib.util.find_spec(name)
    return next(iter(found.submodule_search_locations or []), None) if found else None
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "prefix": sys.prefix,
                  "tensorflow": folder("tensorflow"), "pip": folder("pip") is not None}))
`;

/**
 * The Pythons to ask, each environment once: the one that is named (an interpreter, or an environment's folder), or the
 * environment that is active and what is on the PATH. Errors: REG_USAGE where the one named does not answer.
 */
export async function findPythons(job: Job, named?: string): Promise<Python[]> {
  if (named !== undefined) {
    const python = await ask(job, interpreter(named));
    if (python) return [python];
    throw new RegimenError(
      "REG_USAGE",
      `"${named}" is no Python 3; name an interpreter, or the folder of an environment`,
    );
  }
  const active = ["VIRTUAL_ENV", "CONDA_PREFIX"].flatMap((name) => job.env[name] || []).map(interpreter);
  const pythons: Python[] = [];
  for (const command of [...active, "python3", "python"]) {
    const python = await ask(job, command);
    if (python && !pythons.some(({ prefix }) => prefix === python.prefix)) pythons.push(python);
  }
  return pythons;
}

/** A path, or a command on the PATH. */
function interpreter(named: string): string {
  const path = resolve(named);
  if (!existsSync(path)) return named;
  if (!statSync(path).isDirectory()) return path;
  const places = ["bin/python3", "bin/python", "Scripts/python.exe", "python.exe"].map((place) => join(path, place));
  return places.find((place) => existsSync(place)) ?? path;
}

async function ask(job: Job, command: string): Promise<Python | undefined> {
  const { ok, out } = await run(job, command, ["-c", QUESTION], { cwd: job.stage, limit: 20 });
  if (!ok) return undefined;
  try {
    return { command, ...(JSON.parse(out) as Omit<Python, "command">) };
  } catch {
    return undefined;
  }
}

export const describe = ({ version, prefix }: Python): string => `Python ${version} in ${prefix}`;
