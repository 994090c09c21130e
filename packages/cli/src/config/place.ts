import { existsSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";

/** Whether a folder is there, under any name: also one that no file can have, which `statSync` throws for. */
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** A folder, a file, or FORMAT:PATH. One letter before the colon is a drive; what exists under the whole name is a path. */
export function splitPlace(place: string, base: string): { readonly format?: string; readonly path: string } {
  const match = existsSync(resolve(base, place)) ? null : /^([a-z][a-z0-9-]+):(?!\/\/)(.+)$/.exec(place);
  return match ? { format: match[1]!, path: match[2]! } : { path: place };
}

/** Packages and registered names stay; paths become absolute. */
export function absoluteIfPath(name: string, base: string): string {
  return /^\.{1,2}[\\/]/.test(name) || isAbsolute(name) ? resolve(base, name) : name;
}
