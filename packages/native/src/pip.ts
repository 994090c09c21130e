import { readdir } from "node:fs/promises";
import { Refusal, run, type Job, type Ran } from "./job.ts";
import { describe, type Python } from "./python.ts";

/** Seconds that one download may take. */
const LIMIT = 3600;
/** A refusal that took this many seconds came from a network that does not answer: other names would fare no better. */
const SLOW = 20;
/** Pythons whose wheels will do as well: the library in them is the same. */
const OTHER_PYTHONS = ["3.13", "3.12", "3.11", "3.10"] as const;

export type Pip = {
  /** In words. */ readonly name: string;
  /** Downloads wheels without what they need themselves. */
  download(into: string, ...what: readonly string[]): Promise<Ran>;
};

/** The pip of the first Python that has one, or one on the PATH. Errors: Refusal. */
export async function findPip(job: Job, pythons: readonly Python[]): Promise<Pip> {
  const python = pythons.find(({ pip }) => pip);
  const commands = python ? [[python.command, "-m", "pip"]] : [["pip3"], ["pip"]];
  for (const [command, ...before] of commands as [string, ...string[]][]) {
    const pip = (args: readonly string[], limit: number, hear?: (text: string) => void) =>
      run(job, command, [...before, ...args], { cwd: job.stage, limit, ...(hear && { hear }) });
    if (!(await pip(["--version"], 60)).ok) continue;
    return {
      name: python ? `the pip of ${describe(python)}` : command,
      download(into, ...what) {
        // A machine without a network must not wait for minutes; one with a slow network may.
        const patience = ["--retries", "1", "--timeout", "15", "--disable-pip-version-check", "--progress-bar", "off"];
        const args = ["download", "--no-deps", "--only-binary=:all:", "--dest", into, ...patience, ...what];
        return pip(args, LIMIT, (text) => {
          const [, file, size] = /Downloading (\S+).*\((.*)\)/.exec(text) ?? [];
          if (file) job.tell(`downloading ${file.split("/").at(-1)}, ${size}`);
        });
      },
    };
  }
  throw new Refusal("there is no pip", "install pip");
}

/**
 * Downloads the first of these packages that pip can get, if need be in the wheel of another Python. Returns the wheel's file
 * name; `into` holds nothing else. Errors: Refusal.
 */
export async function downloadWheel(job: Job, pip: Pip, names: readonly string[], into: string): Promise<string> {
  let said = "";
  for (const name of names) {
    for (const python of [undefined, ...OTHER_PYTHONS]) {
      const began = Date.now();
      const ran = await pip.download(into, ...(python ? ["--python-version", python] : []), name);
      if (ran.ok) return (await readdir(into)).find((file) => file.endsWith(".whl"))!;
      said ||= reason(ran);
      if (Date.now() - began > 1000 * SLOW) throw new Refusal(`${pip.name} got no answer from its index (${said})`);
    }
  }
  throw new Refusal(`${pip.name} serves no ${names.join(" and no ")} for this machine (${said})`);
}

/** pip's own words, of which the last are the plainest, and what they leave out. */
export function reason({ err, ended }: Ran): string {
  const errors = err.split("\n").filter((line) => line.startsWith("ERROR: "));
  const offline = /connection broken by/.test(err) ? "; an index could not be reached" : "";
  return `${errors.at(-1)?.slice("ERROR: ".length) ?? ended}${offline}`;
}
