import { encode } from "fast-png";
import type { Pictures, Sheet } from "@regimen/contracts";

/** Pixels of a sheet in a report, so that the page stays small, and the side that no cell exceeds. */
const [MOST_PIXELS, LARGEST] = [160_000, 64];

/**
 * Pictures side by side as a PNG. Of other channel counts than 1 and 3 the first is shown; where a pixel is NaN there is
 * nothing. `shrink`: each side is divided by this whole number.
 */
export function sheetPng({ images, format: { h, w, c, range }, columns }: Pictures, shrink = 1): Uint8Array {
  const [high, wide] = [Math.floor(h / shrink), Math.floor(w / shrink)];
  const shown = c === 3 ? 3 : 1;
  const cells = images.length / (h * w * c);
  const [width, height] = [columns * wide, Math.ceil(cells / columns) * high];
  const clear = images.some(Number.isNaN);
  const channels = clear ? shown + 1 : shown;
  const data = new Uint8ClampedArray(width * height * channels);
  for (let cell = 0; cell < cells; cell++)
    for (let y = 0; y < high; y++)
      for (let x = 0; x < wide; x++) {
        const row = Math.floor(cell / columns) * high + y;
        const to = (row * width + (cell % columns) * wide + x) * channels;
        for (let channel = 0; channel < shown; channel++) {
          let sum = 0;
          for (let dy = 0; dy < shrink; dy++)
            for (let dx = 0; dx < shrink; dx++)
              sum += images[((cell * h + y * shrink + dy) * w + x * shrink + dx) * c + channel]!;
          const mean = sum / shrink ** 2;
          data[to + channel] = (255 * (mean - range[0])) / (range[1] - range[0]);
          if (clear) data[to + shown] = Number.isNaN(mean) ? 0 : 255;
        }
      }
  return encode({ width, height, channels, data });
}

/** The same for a report: small, with its words. */
export function sheetOf(pictures: Pictures, rows: readonly string[], columns: readonly string[]): Sheet {
  const { h, w } = pictures.format;
  const side = Math.min(LARGEST, Math.sqrt(MOST_PIXELS / (rows.length * columns.length)));
  const shrink = Math.min(Math.min(h, w), Math.ceil(Math.max(h, w) / side));
  return { image: address(sheetPng(pictures, shrink)), rows, columns };
}

/** A sheet as a data address of at most so many bytes, each side divided by 2, 3 … where it is larger. */
export function addressWithin(pictures: Pictures, bytes: number): string {
  const { h, w } = pictures.format;
  let png = sheetPng(pictures);
  for (let shrink = 2; png.length > bytes && shrink <= Math.min(h, w); shrink++) png = sheetPng(pictures, shrink);
  return address(png);
}

export const address = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
