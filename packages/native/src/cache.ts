import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

export type Env = Readonly<Record<string, string | undefined>>;

/** The packages of tfjs that bring TensorFlow: on the processor, and on a GPU. */
export type NativePackage = "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";

/** Where the TensorFlow came from: tfjs-node's own download, a Python that has it installed, or pip. */
export type Way = "official" | "installed" | "pip";

/** Of the record, the layout and what stands in for tfjs: one of another format is built again. */
export const FORMAT = 1;

/** A tfjs-node that was proven to work on this machine. */
export type Native = {
  readonly package: NativePackage;
  readonly version: string;
  /** The version that TensorFlow says of itself. */ readonly tensorflow: string;
  /** Whether TensorFlow found a GPU when it was proven. */ readonly gpu: boolean;
  readonly way: Way;
  /** In words: which download, which Python. */ readonly from: string;
};
export type FoundNative = Native & { readonly folder: string };

/** Written last: a folder without it was never finished. */
export const RECORD = "native.json";

/**
 * Where Regimen keeps what it has made for this machine: the environment's REGIMEN_CACHE, else `regimen` in the user's folder for
 * caches as the system has it.
 */
export function cacheFolder(env: Env = process.env): string {
  const home = env["HOME"] || homedir();
  if (env["REGIMEN_CACHE"]) return resolve(env["REGIMEN_CACHE"]);
  if (process.platform === "win32") {
    return join(env["LOCALAPPDATA"] || join(homedir(), "AppData", "Local"), "regimen", "Cache");
  }
  if (process.platform === "darwin") return join(home, "Library", "Caches", "regimen");
  // Relative ones are to be ignored (XDG base directory specification).
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, ".cache"), "regimen");
}

/** One home may serve machines of several kinds: the name says for which it was built. */
const machine = `${process.platform}-${process.arch}`;

export function folderName({ package: name, version, tensorflow }: Native): string {
  const kind = name === "@tensorflow/tfjs-node-gpu" ? "gpu" : "cpu";
  return `tfjs-node-${version}-tf${tensorflow}-${kind}-${machine}`;
}

/** What was built last for this machine, if it is whole. `name`: a package. */
export const findNative = (name: string, env: Env = process.env): FoundNative | undefined => builds(name, env)[0];

/** All that were built for this machine and are whole, the last one first. */
export function builds(name: string, env: Env): FoundNative[] {
  const cache = cacheFolder(env);
  const age = ({ folder }: FoundNative) => statSync(join(folder, RECORD)).mtimeMs;
  return entries(cache)
    .filter((entry) => entry.startsWith("tfjs-node-") && entry.endsWith(`-${machine}`))
    .flatMap((entry) => read(join(cache, entry)))
    .filter((one) => one.package === name)
    .sort((a, b) => age(b) - age(a));
}

function entries(cache: string): string[] {
  try {
    return readdirSync(cache);
  } catch {
    return []; // there is none, or not for us
  }
}

function read(folder: string): FoundNative[] {
  try {
    const { format, ...native } = JSON.parse(readFileSync(join(folder, RECORD), "utf8")) as Native & { format: number };
    // Libraries may be links into a Python environment that is gone.
    const libraries = join(packageFolder(folder, native.package), "deps", "lib");
    const whole = readdirSync(libraries).every((file) => existsSync(join(libraries, file)));
    return whole && format === FORMAT ? [{ ...native, folder }] : [];
  } catch {
    return []; // not finished, or damaged: as if it were not there
  }
}

export const packageFolder = (folder: string, name: string): string => join(folder, "node_modules", name);
