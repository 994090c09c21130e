// The kernels' sources, and what tells whether they have changed since they were built.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

export const files = readdirSync(new URL(".", import.meta.url))
  .filter((file) => /\.[ch]$/.test(file))
  .sort();

export function digest() {
  const hash = createHash("sha256");
  for (const file of [...files, "build.mjs"]) {
    const text = readFileSync(new URL(file, import.meta.url), "utf8").replaceAll("\r\n", "\n");
    hash.update(`${file}\n${text}\n`);
  }
  return `${hash.digest("hex")}\n`;
}
