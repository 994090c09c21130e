import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { RegimenError } from "@regimen/core";
import { natural } from "./labels.ts";

/** Files with these endings are images (HEIC and BMP too: they are reported as unreadable, with what to do). */
const IMAGE_ENDINGS = new Set(
  ".jpg .jpeg .jpe .jfif .png .webp .gif .tif .tiff .avif .svg .heic .heif .bmp .jp2 .jxl".split(" "),
);
export const isImageName = (name: string): boolean => IMAGE_ENDINGS.has(extname(name).toLowerCase());

/** What systems and archivers leave behind. */
const isPassedOver = (name: string): boolean =>
  name.startsWith(".") || ["thumbs.db", "desktop.ini", "__macosx"].includes(name.toLowerCase());

export const isUnlabelledFolder = (name: string): boolean => /^unlabell?ed$/i.test(name);

/** Forward slashes everywhere, so that ids do not differ between systems. */
export const slashed = (path: string): string => path.replaceAll("\\", "/");
export const joined = (folder: string, name: string): string => slashed(join(folder, name));

/** The path's kind; REG_DATA_PATH where there is none. `path` as the user wrote it, `base` where relative ones start. */
export async function lookAt(path: string, base: string): Promise<{ readonly full: string; readonly folder: boolean }> {
  const full = resolve(base, path);
  try {
    return { full, folder: (await stat(full)).isDirectory() };
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code;
    const what =
      why === "ENOENT" || why === "ENOTDIR" ? "does not exist" : `cannot be opened (${(cause as Error).message})`;
    throw new RegimenError(
      "REG_DATA_PATH",
      `"${path}" ${what}; expected a file or folder at ${full}: correct the path`,
      { cause },
    );
  }
}

export type Entry = { readonly name: string; readonly path: string; readonly folder: boolean };

/** What a folder holds, in natural order, links followed, without what is passed over. */
export async function entriesOf(folder: string): Promise<Entry[]> {
  let found;
  try {
    found = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new RegimenError(
      "REG_DATA_PATH",
      `the folder ${folder} cannot be listed (${(cause as Error).message}): check its permissions`,
      { cause },
    );
  }
  const entries = found
    .filter((entry) => !isPassedOver(entry.name))
    .map(async (entry): Promise<Entry> => {
      const path = join(folder, entry.name);
      // A broken link stays a file: reading it says so.
      const isFolder = entry.isSymbolicLink()
        ? await stat(path).then(
            (s) => s.isDirectory(),
            () => false,
          )
        : entry.isDirectory();
      return { name: entry.name, path, folder: isFolder };
    });
  return (await Promise.all(entries)).sort((a, b) => natural(a.name, b.name));
}

/** All files below a folder, relative paths in natural order, folder by folder; a link that leads back into itself is not followed. */
export async function filesBelow(folder: string, above: readonly string[] = []): Promise<string[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!entry.folder) files.push(entry.name);
    else for (const file of await filesBelow(entry.path, [...above, real])) files.push(joined(entry.name, file));
  }
  return files;
}

/** Where nothing was found: the endings of what was there. */
export function endingsOf(files: readonly string[]): string {
  const endings = [...new Set(files.map((file) => extname(file).toLowerCase() || "no ending"))].sort();
  return endings.length === 0 ? "nothing" : `${files.length} files of other kinds (${endings.slice(0, 5).join(", ")})`;
}

export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
