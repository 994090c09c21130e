import { readFile } from "node:fs/promises";
import { decode, type DecodedPng } from "fast-png";
import { place, type Fit, type Size } from "./pixels.ts";

/** One mask as its file has it. `levels`: indices of a palette or levels of grey; `colours`: 0xRRGGBB. */
export type RawMask = Size & { readonly kind: "levels" | "colours"; readonly values: Uint32Array };

/**
 * A PNG's own numbers: of a palette the indices and not the colours, of 1 to 16 bits the levels as they are. Colours that are
 * grey throughout count as levels; alpha is dropped. Throws what the decoder throws.
 */
export async function readMask(file: string): Promise<RawMask> {
  const png = decode(await readFile(file));
  const samples = samplesOf(png);
  const { width: w, height: h, channels } = png;
  const size = { h, w };
  if (png.palette || channels < 3) {
    const values = channels === 1 ? samples : samples.filter((_, at) => at % channels === 0);
    return { ...size, kind: "levels", values };
  }
  const at = (pixel: number, channel: number): number => samples[pixel * channels + channel]! >> (png.depth - 8);
  const colours = Uint32Array.from(
    { length: h * w },
    (_, pixel) => (at(pixel, 0) << 16) | (at(pixel, 1) << 8) | at(pixel, 2),
  );
  const grey = colours.every((colour) => colour === (colour & 255) * 0x010101);
  return grey
    ? { ...size, kind: "levels", values: colours.map((colour) => colour & 255) }
    : { ...size, kind: "colours", values: colours };
}

/** Depths below 8 lie several to a byte, each line beginning with a new one. */
function samplesOf({ data, width, height, channels, depth }: DecodedPng): Uint32Array {
  if (depth >= 8) return Uint32Array.from(data);
  const stride = Math.ceil((width * depth) / 8);
  return Uint32Array.from({ length: width * height * channels }, (_, pixel) => {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * stride + (bit >> 3)]!;
    return (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  });
}

/** What `nearest` gives where the target shows nothing of the mask. */
export const OUTSIDE = -1;

/** Placed as its image is, each target pixel the one pixel under its centre: numbers of classes cannot be blended. [to.h · to.w] */
export function nearest(values: ArrayLike<number>, from: Size, to: Size, fit: Fit): Int32Array {
  const placed = place(from, to, fit);
  const out = new Int32Array(to.h * to.w).fill(OUTSIDE);
  const source = (span: { start: number; length: number }, size: number, at: number, of: number): number =>
    Math.min(size - 1, Math.max(0, Math.floor(span.start + ((at + 0.5) * span.length) / of)));
  for (let y = 0; y < placed.to.y.length; y++) {
    const row = source(placed.from.y, from.h, y, placed.to.y.length) * from.w;
    const target = (placed.to.y.start + y) * to.w + placed.to.x.start;
    for (let x = 0; x < placed.to.x.length; x++)
      out[target + x] = values[row + source(placed.from.x, from.w, x, placed.to.x.length)]!;
  }
  return out;
}
