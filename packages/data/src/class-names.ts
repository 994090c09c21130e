import { readFile } from "node:fs/promises";
import { normalName } from "./labels.ts";

/** Class names, one a line, in the order of their numbers; undefined where there is no such file. */
export async function readClassNames(file: string): Promise<string[] | undefined> {
  let text;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  const names = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map(normalName)
    .filter((name) => name !== "");
  return names.length === 0 ? undefined : names;
}
