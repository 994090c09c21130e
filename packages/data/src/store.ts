import { randomUUID } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RegimenError } from "@regimen/core";

/** Bytes of decoded pixels that one store keeps in memory; what is beyond goes to a temporary file. */
const MEMORY_LIMIT = 256 * 2 ** 20;
const CHUNK = 2 ** 20;
/** Closes the files of stores that nobody closed: Node forbids leaving that to its garbage collector. */
const forgotten = new FinalizationRegistry<Promise<FileHandle>>(
  (file) => void file.then((handle) => handle.close()).catch(() => undefined),
);

/**
 * Decoded images of one size, written once and read in any order. The first `limit` bytes sit in memory, the others in a file of the
 * system's temporary folder, read by position. The file has no name once it is open, so a killed process leaves nothing behind.
 */
export class PixelStore {
  readonly stride: number;
  readonly #perChunk: number;
  readonly #inMemory: number;
  readonly #chunks: Buffer[] = [];
  #file: Promise<FileHandle> | undefined;
  #path: string | undefined;
  #closed = false;

  /** `stride`: bytes of one image. */
  constructor(stride: number, limit: number = MEMORY_LIMIT) {
    this.stride = stride;
    this.#perChunk = Math.max(1, Math.floor(CHUNK / stride));
    this.#inMemory = Math.floor(limit / stride);
  }

  async #open(): Promise<FileHandle> {
    const path = join(tmpdir(), `regimen-pixels-${randomUUID()}`);
    const file = await open(path, "wx+", 0o600);
    // Some systems keep an open file's name: then `close` removes it.
    await rm(path).catch(() => (this.#path = path));
    return file;
  }

  #tracked(): Promise<FileHandle> {
    const file = this.#open();
    forgotten.register(this, file, this);
    return file;
  }

  /** Copies one image into `slot`. Different slots may be written at once. */
  async write(slot: number, bytes: Uint8Array): Promise<void> {
    if (slot < this.#inMemory) {
      const chunk = Math.floor(slot / this.#perChunk);
      const into = (this.#chunks[chunk] ??= Buffer.alloc(this.#perChunk * this.stride));
      into.set(bytes, (slot % this.#perChunk) * this.stride);
      return;
    }
    try {
      const file = await (this.#file ??= this.#tracked());
      let done = 0;
      while (done < bytes.length) {
        const at = (slot - this.#inMemory) * this.stride + done;
        done += (await file.write(bytes, done, bytes.length - done, at)).bytesWritten;
      }
    } catch (cause) {
      throw new RegimenError(
        "REG_DISK",
        `decoded images could not be written to ${tmpdir()} (${(cause as Error).message}): free space there, or point TMPDIR (Windows: TEMP) elsewhere`,
        { cause },
      );
    }
  }

  /** Bytes of the images in `slots`, one after the other, in memory of the caller's own. */
  async read(slots: ArrayLike<number>): Promise<Uint8Array> {
    if (this.#closed) throw new RegimenError("REG_USAGE", "images were read after dispose(): open the data again");
    const out = new Uint8Array(slots.length * this.stride);
    const pending: Promise<void>[] = [];
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      if (slot < this.#inMemory) {
        const start = (slot % this.#perChunk) * this.stride;
        const chunk = this.#chunks[Math.floor(slot / this.#perChunk)]!;
        out.set(chunk.subarray(start, start + this.stride), i * this.stride);
      } else pending.push(this.#readFile(out, i * this.stride, slot));
    }
    await Promise.all(pending);
    return out;
  }

  async #readFile(out: Uint8Array, offset: number, slot: number): Promise<void> {
    const file = await this.#file!;
    let done = 0;
    while (done < this.stride) {
      const at = (slot - this.#inMemory) * this.stride + done;
      const { bytesRead } = await file.read(out, offset + done, this.stride - done, at);
      if (bytesRead === 0)
        throw new RegimenError("REG_DISK", "the temporary file of decoded images was cut short: open the data again");
      done += bytesRead;
    }
  }

  /** Frees the memory and removes the file. Reads that are under way finish. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    forgotten.unregister(this);
    this.#chunks.length = 0;
    const path = this.#path;
    // The handle waits for its pending reads. Nobody is left to tell of a failure here: the file is temporary.
    void this.#file
      ?.then((file) => file.close())
      .then(() => (path === undefined ? undefined : rm(path, { force: true })))
      .catch(() => undefined);
  }
}
