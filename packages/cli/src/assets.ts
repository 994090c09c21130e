import { copyFile, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What this package carries beside its code: the same folder from the sources and from the build. */
const ASSETS = join(dirname(createRequire(import.meta.url).resolve("@regimen/cli/package.json")), "assets");

export const assetOf = (name: string): string => join(ASSETS, name);
export const copyAsset = (name: string, to: string): Promise<void> => copyFile(join(ASSETS, name), to);

/** A text asset, for instance with what stands for a name replaced by it. */
export async function filledAsset(name: string, fill: (text: string) => string = (text) => text): Promise<string> {
  return fill(await readFile(join(ASSETS, name), "utf8"));
}
