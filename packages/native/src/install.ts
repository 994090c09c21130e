import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { build, findCompiler } from "./build.ts";
import { findNative, packageFolder, type Env, type FoundNative, type Native, type Way } from "./cache.ts";
import { full, needRoom } from "./disk.ts";
import { Refusal, type Job } from "./job.ts";
import { TFJS_NODE, installPackage } from "./npm.ts";
import { expectOfficial, installOfficial } from "./official.ts";
import { prove } from "./prove.ts";
import { describe, findPythons, type Python } from "./python.ts";
import { finish, openStage } from "./stage.ts";
import { downloadedTensorFlow, installedTensorFlow, type TensorFlow } from "./tensorflow.ts";

export type NativeOptions = {
  /** tfjs-node-gpu rather than tfjs-node. */ readonly gpu?: boolean;
  /** The only Python to ask: an interpreter, or the folder of an environment. No official binary is looked for then. */
  readonly python?: string;
  /** Builds again what is there already. */ readonly force?: boolean;
  /** What is tried, in this order. Default: official, installed, pip. */ readonly ways?: readonly Way[];
  /** Default: this process's. */ readonly env?: Env;
  readonly signal?: AbortSignal;
  /** Hears of each step when it begins. */ readonly tell?: (step: string) => void;
};

export type InstalledNative = FoundNative & {
  /** False: it stood there already, and still works. */ readonly built: boolean;
  /** Why the ways before this one did not lead there. */ readonly tried: readonly string[];
};

const NAMES: Readonly<Record<Way, string>> = {
  official: "tfjs-node's own binary",
  installed: "the TensorFlow of an installed Python",
  pip: "a wheel of TensorFlow by pip",
};

/**
 * Makes tfjs-node work on this machine, by the first of the ways that leads there, and proves it in a process of its own. It
 * then stands in the user's cache, whole or not at all, where `findNative` finds it. Errors: REG_BACKEND_UNAVAILABLE, which says
 * what was tried, in order, and what would help; REG_USAGE where `python` is none; REG_DISK; the signal's reason.
 */
export async function installNative(options: NativeOptions = {}): Promise<InstalledNative> {
  const { gpu = false, force = false, python, env = process.env, tell = () => undefined } = options;
  const { ways = python === undefined ? ["official", "installed", "pip"] : ["installed", "pip"] } = options;
  const { signal = new AbortController().signal } = options;
  const stage = await openStage(env);
  const name = `@tensorflow/tfjs-node${gpu ? "-gpu" : ""}` as const;
  const job: Job = { package: name, gpu, env, signal, stage, app: join(stage, "app"), tell };
  try {
    const named = python === undefined ? undefined : await findPythons(job, python);
    const standing = force ? undefined : await stillStanding(job, named?.[0]);
    if (standing) return { ...standing, built: false, tried: [] };
    const [native, tried] = await firstThatWorks(job, ways, new Attempt(job, named));
    return { ...(await finish(job, native)), built: true, tried };
  } catch (error) {
    signal.throwIfAborted();
    throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? full(job, error) : error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** What stands in the cache, if it was made with the Python that is named now, and still works. */
async function stillStanding(job: Job, named: Python | undefined): Promise<FoundNative | undefined> {
  const found = findNative(job.package, job.env);
  if (found === undefined || (named && !found.from.endsWith(describe(named)))) return undefined;
  try {
    return { ...found, ...(await prove(job, packageFolder(found.folder, found.package))) };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function firstThatWorks(job: Job, ways: readonly Way[], attempt: Attempt): Promise<[Native, string[]]> {
  const tried: string[] = [];
  const helpful = new Set<string>();
  for (const way of ways) {
    try {
      const from = await attempt[way]();
      const at = packageFolder(job.app, job.package);
      return [{ package: job.package, version: TFJS_NODE, ...(await prove(job, at)), way, from }, tried];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      tried.push(`${NAMES[way]}: ${error.message}`);
      if (error.todo !== undefined) helpful.add(error.todo);
    }
  }
  const help = helpful.size > 0 ? `. What would help: ${[...helpful].join("; or ")}` : "";
  throw new RegimenError(
    "REG_BACKEND_UNAVAILABLE",
    `${job.package} does not work here yet; tried, in order: ${tried.map((why, i) => `(${i + 1}) ${why}`).join("; ")}${help}`,
    { input: false },
  );
}

/** The ways: each ends with a package that is ready to be proven, and says where its TensorFlow came from. */
class Attempt implements Record<Way, () => Promise<string>> {
  readonly #job: Job;
  readonly #named: readonly Python[] | undefined;
  #package: Promise<string> | undefined;

  constructor(job: Job, named: readonly Python[] | undefined) {
    this.#job = job;
    this.#named = named;
  }

  async official(): Promise<string> {
    await expectOfficial(this.#job);
    await needRoom(this.#job, this.#job.gpu ? 3 : 1);
    return installOfficial(this.#job, await this.#fetched());
  }

  installed(): Promise<string> {
    return this.#built(async (pythons) => installedTensorFlow(this.#job, pythons));
  }

  pip(): Promise<string> {
    return this.#built((pythons) => downloadedTensorFlow(this.#job, pythons));
  }

  /** What needs no download comes first: a machine without a compiler should hear of it at once. */
  async #built(get: (pythons: readonly Python[]) => Promise<TensorFlow>): Promise<string> {
    if (process.platform === "win32") {
      throw new Refusal("the wheels for Windows lack the library that the binding needs", "use Regimen in WSL2");
    }
    const compiler = await findCompiler(this.#job);
    await needRoom(this.#job, 0.1);
    const tensorflow = await get(this.#named ?? (await findPythons(this.#job)));
    const at = await this.#fetched();
    // What an earlier way has left.
    for (const folder of ["deps", "lib"]) await rm(join(at, folder), { recursive: true, force: true });
    await build(this.#job, compiler, at, tensorflow);
    return tensorflow.from;
  }

  #fetched(): Promise<string> {
    return (this.#package ??= installPackage(this.#job));
  }
}
