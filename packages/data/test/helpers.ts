import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { RegimenError, type ErrorCode, type ReadHow } from "@regimen/core";
import sharp from "sharp";
import { afterAll, expect } from "vitest";

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** An empty folder that goes away after the tests of the file. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "regimen-data-"));
  folders.push(folder);
  return folder;
}

export async function write(folder: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

export const howIn = (base: string, more: Partial<ReadHow> = {}): ReadHow => ({ base, fit: "cover", ...more });

/** The promise fails with this code, and its message has all these parts. */
export async function expectCode(
  promise: Promise<unknown>,
  code: ErrorCode,
  ...parts: (string | RegExp)[]
): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, `expected ${code}`).toBeInstanceOf(RegimenError);
  expect((error as RegimenError).code).toBe(code);
  for (const part of parts) expect((error as RegimenError).message).toMatch(part);
}

export type Colour = readonly [number, number, number];

/** A one-coloured image file; its kind by the ending. */
export async function plain(
  folder: string,
  name: string,
  colour: Colour,
  size: { h: number; w: number } = { h: 8, w: 8 },
): Promise<string> {
  const [r, g, b] = colour;
  const image = sharp({ create: { width: size.w, height: size.h, channels: 3, background: { r, g, b } } });
  const kind = name.endsWith(".png")
    ? image.png()
    : name.endsWith(".webp")
      ? image.webp({ lossless: true })
      : image.jpeg({ quality: 100, chromaSubsampling: "4:4:4" });
  return write(folder, name, await kind.toBuffer());
}

/** A PNG of exactly these bytes, [h, w, c]. */
export async function png(
  folder: string,
  name: string,
  data: Uint8Array,
  h: number,
  w: number,
  c: 1 | 2 | 3 | 4,
): Promise<string> {
  let image = sharp(data, { raw: { width: w, height: h, channels: c } });
  if (c === 1) image = image.toColourspace("b-w");
  return write(folder, name, await image.png().toBuffer());
}

/** An IDX file of unsigned bytes. */
export function idx(
  shape: readonly number[],
  values: Uint8Array,
  { gzip = false, magic = [0, 0, 8, shape.length] } = {},
): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set(magic);
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  const file = Buffer.concat([header, values]);
  return gzip ? gzipSync(file) : file;
}

/** One CIFAR-10 record: the label, then a red, a green and a blue plane of 32 × 32. */
export function cifarRecord(label: number, pixel: (y: number, x: number) => Colour): Buffer {
  const record = Buffer.alloc(3073);
  record[0] = label;
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) pixel(y, x).forEach((value, c) => (record[1 + c * 1024 + y * 32 + x] = value));
  }
  return record;
}

/** Bytes that look like noise and are the same in each run. */
export function noise(length: number, seed: number): Uint8Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

export const all = (samples: { length: number }): number[] => Array.from({ length: samples.length }, (_, row) => row);
