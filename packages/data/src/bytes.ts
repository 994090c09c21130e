import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { RegimenError } from "@regimen/core";

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(2);
    const { bytesRead } = await handle.read(head, 0, 2, 0);
    return bytesRead === 2 && head.readUInt16BE() === 0x1f8b;
  } finally {
    await handle.close();
  }
}

const CHUNK = 2 ** 18;
/** No packing of gzip's makes more of a byte. */
const MOST_PACKED = 1032;

/** A file's bytes from start to end, unpacked where it is gzip (told by its content, since downloads lose or keep the ending at will). */
export class ByteReader {
  readonly #shown: string;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #source: Readable;
  #rest: Buffer = Buffer.alloc(0);
  /** Unpacked bytes handed out so far. */
  got = 0;

  /** What the file can hold at most, unpacked. */
  readonly most: number;

  private constructor(source: Readable, shown: string, most: number) {
    this.#source = source;
    this.#shown = shown;
    this.most = most;
    this.#chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  static async open(file: string, shown: string): Promise<ByteReader> {
    try {
      const packed = await isGzip(file);
      const { size } = await stat(file);
      const raw = createReadStream(file, { highWaterMark: CHUNK });
      if (!packed) return new ByteReader(raw, shown, size);
      const unpacked = createGunzip({ chunkSize: CHUNK });
      raw.on("error", (error) => unpacked.destroy(error));
      unpacked.on("close", () => raw.destroy());
      return new ByteReader(raw.pipe(unpacked), shown, size * MOST_PACKED);
    } catch (cause) {
      throw new RegimenError(
        "REG_DATA_PATH",
        `${shown} cannot be opened (${(cause as Error).message}): check its permissions`,
        { cause },
      );
    }
  }

  /** The next `length` bytes, or fewer where the file ends (also in the middle of its packing). The result is valid until the next call. */
  async take(length: number): Promise<Buffer> {
    const parts = [this.#rest];
    let have = this.#rest.length;
    while (have < length) {
      const chunk = await this.#next();
      if (!chunk) break;
      parts.push(chunk);
      have += chunk.length;
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    const out = all.subarray(0, length);
    this.#rest = all.subarray(out.length);
    this.got += out.length;
    return out;
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === "Z_BUF_ERROR") return undefined; // the packing ends too early: the caller says what is missing
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${this.#shown} cannot be read (${message}); expected a whole file: download it again`,
        { cause },
      );
    }
  }

  /** Whether the file can hold `length` bytes; what its header promises is not believed before. Errors: REG_DATA_TRUNCATED. */
  async expect(length: number): Promise<void> {
    if (length <= this.most) return;
    while ((await this.take(CHUNK)).length === CHUNK);
    throw truncated(this.#shown, this.got, length);
  }

  close(): void {
    this.#source.destroy();
  }
}

export const truncated = (shown: string, got: number, expected: number): RegimenError =>
  new RegimenError(
    "REG_DATA_TRUNCATED",
    `${shown} has ${got} bytes (unpacked); expected ${expected}: download it again`,
  );
