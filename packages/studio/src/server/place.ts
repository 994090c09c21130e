import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

/** Larger files are not read: a page could not show them. */
const MOST_BYTES = 256 * 2 ** 20;

/** Files that make a folder a run's, whole or not. */
const SIGNS = ["run.json", "journal.jsonl", "report.json"];

/** The folder of all runs, and the only way into it: nothing outside is ever opened. */
export class Runs {
  readonly root: string;

  /** Errors: what `realpath` throws where there is no such folder. */
  constructor(root: string) {
    this.root = realpathSync(root);
  }

  /** Names of the folders that hold a run, in order. */
  ids(): string[] {
    return readdirSync(this.root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .filter((id) => SIGNS.some((file) => lstat(join(this.root, id, file))))
      .sort();
  }

  /** A run's folder; null for whatever is not a name of `ids()`: paths, links, null bytes. */
  folder(id: string): string | null {
    if (id === "" || id === "." || id === ".." || /[/\\\0]/.test(id)) return null;
    const path = join(this.root, id);
    return lstat(path)?.isDirectory() && SIGNS.some((file) => lstat(join(path, file))) ? path : null;
  }
}

const lstat = (path: string) => lstatSync(path, { throwIfNoEntry: false });

/** A file directly in a run's folder: where, when it was changed, how long it is. null where it is none, or leads elsewhere. */
export function fileIn(folder: string, name: string): { path: string; stamp: string; size: number } | null {
  const path = join(folder, name);
  const known = lstat(path);
  if (!known?.isFile()) return null;
  // A folder on the way may be a link too, as in "events/x".
  if (!realpathSync(path).startsWith(realpathSync(folder) + sep)) return null;
  return { path, stamp: `${known.mtimeMs}/${known.size}`, size: known.size };
}

/** Its text; null where it is not there. Errors: what reading throws, and one that says that it is too large. */
export function textIn(folder: string, name: string): string | null {
  return bytesIn(folder, name)?.toString("utf8") ?? null;
}

/** Never follows a link, not even one put there a moment ago. */
export function bytesIn(folder: string, name: string, from = 0): Buffer | null {
  const file = fileIn(folder, name);
  if (!file) return null;
  const opened = openSync(file.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const { size } = fstatSync(opened);
    if (size - from > MOST_BYTES)
      throw new Error(`${name} is larger than the ${MOST_BYTES / 2 ** 20} MiB that are read`);
    return from === 0 ? readFileSync(opened) : readFileSync(opened).subarray(from);
  } finally {
    closeSync(opened);
  }
}
