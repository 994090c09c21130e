import { CLASS_COLOURS, RegimenError, type ImageFormat } from "@regimen/core";
import type { Pictures } from "./pictures.ts";

/** Rows of pictures with words beside and below them. */
export type Sheet = {
  readonly title: string;
  readonly format: ImageFormat;
  readonly rows: readonly {
    readonly label: string;
    /** A second, smaller line. */ readonly note?: string;
    readonly cells: readonly { readonly picture: Pictures; readonly label: string }[];
  }[];
};
type Placed = { readonly left: number; readonly top: number };

/** Pixels of the sheet: of small pictures enlarged to about this, of large ones shrunk to it. */
const [SMALL, LARGE] = [96, 192];
const [GAP, WORDS, MARGIN, BESIDE, ABOVE] = [8, 16, 16, 190, 40];

/** The sheet as a PNG. Letters are drawn with the machine's own fonts. Errors: REG_DATA_UNREADABLE where sharp is missing. */
export async function drawSheet(
  sheet: Sheet,
): Promise<{ readonly png: Uint8Array; readonly width: number; readonly height: number }> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new RegimenError("REG_DATA_UNREADABLE", "a sheet cannot be drawn without sharp; run: npm i sharp", { cause });
  });
  const { h, w } = sheet.format;
  const side = Math.max(h, w);
  const scale = side > LARGE ? LARGE / side : Math.max(1, Math.floor(SMALL / side));
  const [cellW, cellH] = [Math.round(w * scale), Math.round(h * scale)];
  const columns = Math.max(...sheet.rows.map(({ cells }) => cells.length));
  const width = 2 * MARGIN + BESIDE + columns * (cellW + GAP);
  const height = MARGIN + ABOVE + sheet.rows.length * (cellH + WORDS + GAP);
  const place = (row: number, column: number): Placed => ({
    left: MARGIN + BESIDE + column * (cellW + GAP),
    top: ABOVE + row * (cellH + WORDS + GAP),
  });
  const pictures = await Promise.all(
    sheet.rows.flatMap(({ cells }, row) =>
      cells.map(async ({ picture }, column) => ({
        input: await sharp(pixelsOf(picture, sheet.format), { raw: { width: w, height: h, channels: 3 } })
          .resize(cellW, cellH, { kernel: scale > 1 ? "nearest" : "lanczos3", fit: "fill" })
          .raw()
          .toBuffer(),
        raw: { width: cellW, height: cellH, channels: 3 as const },
        ...place(row, column),
      })),
    ),
  );
  const words = sheet.rows.flatMap(({ label, note, cells }, row) => {
    const { top } = place(row, 0);
    return [
      text(MARGIN, top + cellH / 2, 13, label, 28),
      ...(note === undefined ? [] : [text(MARGIN, top + cellH / 2 + 16, 11, note, 32, "#666")]),
      ...cells.flatMap(({ label, picture }, column) => {
        const at = place(row, column);
        return [text(at.left, at.top + cellH + 12, 11, label, cellW / 6, "#444"), ...boxesOf(picture, at, scale)];
      }),
    ];
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif">${text(MARGIN, 24, 15, sheet.title, 120)}${words.join("")}</svg>`;
  const png = await sharp({ create: { width, height, channels: 3, background: "#fff" } })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png({ compressionLevel: 9 })
    .toBuffer();
  return { png, width, height };
}

/** Red, green and blue; of other channel counts than three the first is shown. Masks tint what they cover. */
function pixelsOf({ images, masks }: Pictures, { h, w, c, range: [low, high] }: ImageFormat): Uint8ClampedArray {
  const bytes = new Uint8ClampedArray(3 * h * w);
  for (let at = 0; at < h * w; at++) {
    const mask = masks?.[at] ?? 0;
    const tint = mask > 0 ? CLASS_COLOURS[(mask - 1) % CLASS_COLOURS.length] : undefined;
    for (let k = 0; k < 3; k++) {
      const value = (255 * (images[at * c + (c === 3 ? k : 0)]! - low)) / (high - low);
      bytes[3 * at + k] = tint ? 0.6 * value + 0.4 * tint[k]! : value;
    }
  }
  return bytes;
}

type Outline = { readonly edges: readonly [number, number, number, number]; readonly colour: readonly number[] };
/** What is not to be judged: difficult objects, and crowds. */
const HIDDEN = [128, 128, 128] as const;

/** Each object's edges y0, x0, y1, x1 in pixels, in its class's colour. */
function outlinesOf({ boxes }: Pictures): Outline[] {
  if (!boxes) return [];
  const classes = boxes.labels.length / boxes.weights.length;
  return [...boxes.weights].flatMap((weight, box) => {
    if (!(weight > 0)) return [];
    const labels = boxes.labels.subarray(box * classes, (box + 1) * classes);
    const of = labels.findIndex((label) => label !== 0);
    const colour = labels[of]! < 0 ? HIDDEN : CLASS_COLOURS[of % CLASS_COLOURS.length]!;
    return [{ edges: [...boxes.at.subarray(4 * box, 4 * box + 4)] as unknown as Outline["edges"], colour }];
  });
}

function boxesOf(picture: Pictures, { left, top }: Placed, scale: number): string[] {
  return outlinesOf(picture).map(({ edges, colour }) => {
    const [y0, x0, y1, x1] = edges.map((edge) => edge * scale) as [number, number, number, number];
    const place = `x="${left + x0}" y="${top + y0}" width="${x1 - x0}" height="${y1 - y0}"`;
    return `<rect ${place} fill="none" stroke="rgb(${colour.join(",")})" stroke-width="1.5"/>`;
  });
}

/** [h, w, 3], 0..255: the image with its masks and boxes on it, in its own pixels. */
export function painted(picture: Pictures, format: ImageFormat): Uint8ClampedArray {
  const bytes = pixelsOf(picture, format);
  const { h, w } = format;
  for (const { edges, colour } of outlinesOf(picture)) {
    const [top, left, bottom, right] = edges.map((edge, at) => {
      const inside = at < 2 ? Math.round(edge) : Math.round(edge) - 1;
      return Math.min((at % 2 ? w : h) - 1, Math.max(0, inside));
    }) as [number, number, number, number];
    const dot = (y: number, x: number): void => bytes.set(colour, 3 * (y * w + x));
    for (let x = left; x <= right; x++) for (const y of [top, bottom]) dot(y, x);
    for (let y = top; y <= bottom; y++) for (const x of [left, right]) dot(y, x);
  }
  return bytes;
}

const ESCAPED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
/** One line, cut to `most` letters: of a path, its end is what tells. */
function text(x: number, y: number, size: number, words: string, most: number, fill = "#111"): string {
  const cut = words.length > most ? `…${words.slice(1 - Math.floor(most))}` : words;
  const safe = cut.replace(/[&<>]/g, (sign) => ESCAPED[sign]!).replace(/\p{Cc}/gu, " ");
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}">${safe}</text>`;
}
