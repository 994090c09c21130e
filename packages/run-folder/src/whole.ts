import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file whole or not at all: beside itself first, then under its name. `flush`: it is on the disk before it has its
 * name. A full disk may take a part of what it is given and say nothing: `writeFileSync` asks again, and then it is told.
 */
export function writeWhole(file: string, content: string | Uint8Array, flush = true): void {
  const beside = `${file}.${Math.floor(Math.random() * 2 ** 32)}`;
  try {
    const handle = openSync(beside, "wx");
    try {
      writeFileSync(handle, content);
      if (flush) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw Object.assign(error as NodeJS.ErrnoException, { path: file });
  }
}
