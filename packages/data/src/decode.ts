import { open, readFile, stat, type FileHandle } from "node:fs/promises";
import type { Sharp } from "sharp";
import { RegimenError } from "@regimen/core";
import { fitImage, place, type Fit, type Size } from "./pixels.ts";

/** From the file's header: size after EXIF orientation, and 1 for grey or 3 for colour. */
export type Header = Size & { readonly c: 1 | 3 };

/** An image file by its path, or its bytes: what stands in a record of another file. */
export type Encoded = string | (() => Promise<Uint8Array>);

/** Images that are over this many times as large as what they become are first reduced by a whole factor, in the decoder. */
const GAP = 4;

let loading: Promise<(typeof import("sharp"))["default"]> | undefined;
/** Loaded when the first image file is read: who reads tensors or IDX files alone needs no native module. */
function sharp(): Promise<(typeof import("sharp"))["default"]> {
  loading ??= import("sharp").then(
    (module) => module.default,
    (cause: unknown) => {
      loading = undefined;
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `image files need the package sharp, which could not be loaded here (${(cause as Error).message.split("\n")[0]}): run npm i sharp`,
        { cause },
      );
    },
  );
  return loading;
}

/** ISO base media files name their kind in bytes 4 to 12. */
async function isHeic(file: string): Promise<boolean> {
  const head = Buffer.alloc(12);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    await handle.read(head, 0, 12, 0);
  } catch {
    return false; // the reason is another one, and the caller has it
  } finally {
    await handle?.close();
  }
  return head.toString("latin1", 4, 8) === "ftyp" && /^(hei|hev|mif1|msf1)/.test(head.toString("latin1", 8, 12));
}

/** One sentence for `skipped`: what is wrong with the file, and what to do where something can be done. */
export async function reasonOf(file: string, error: unknown): Promise<string> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => cause);
  if (found instanceof Error) {
    return found.code === "ENOENT"
      ? "there is no such file"
      : `it cannot be opened (${found.code}): check its permissions`;
  }
  if (found.isDirectory()) return "it is a folder, not an image";
  if (found.size === 0) return "it is empty: copy it again, or remove it";
  if (await isHeic(file)) {
    return "HEIC cannot be decoded here: convert it to JPEG or PNG first (most photo applications export JPEG)";
  }
  const { message } = error as Error;
  if (/unsupported image format/.test(message)) {
    return "not an image that can be read (JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG): convert it, or remove it";
  }
  return `it cannot be decoded: ${message.split("\n")[0]!.replaceAll(file, "the file")}`;
}

/** Pixels of a side at most, as many as JPEG has: a longer one is a damaged header, and would take all memory to decode. */
const LONGEST = 65_535;

export async function readHeader(file: Encoded): Promise<Header> {
  const load = await sharp();
  const { autoOrient, space } = await load(typeof file === "string" ? file : await file()).metadata();
  if (Math.max(autoOrient.width, autoOrient.height) > LONGEST)
    throw new Error(
      `its header says ${autoOrient.width} × ${autoOrient.height} pixels, where a side of ${LONGEST} is the longest that is read`,
    );
  return { h: autoOrient.height, w: autoOrient.width, c: space === "b-w" || space === "grey16" ? 1 : 3 };
}

/** The whole factor by which the decoder may reduce, so that the resampling still has `GAP` pixels for one. */
function reduction(header: Header, to: Size, fit: Fit): number {
  const { from, to: target } = place(header, to, fit);
  return Math.max(1, Math.floor(Math.min(from.y.length / target.y.length, from.x.length / target.x.length) / GAP));
}

function eightBits(image: Sharp, header: Header): Sharp {
  // Transparent pixels are laid on black: what a decoder that drops alpha would show there is arbitrary.
  return image
    .autoOrient()
    .flatten({ background: "#000" })
    .toColourspace(header.c === 1 ? "b-w" : "srgb");
}

/** Pixels [to.h, to.w, to.c], 0..255, of one file: oriented, flattened on black, in sRGB or grey. Throws what the decoder throws. */
export async function decodeFile(file: Encoded, header: Header, to: Header, fit: Fit): Promise<Uint8Array> {
  const load = await sharp();
  // Bytes rather than a path: libvips remembers paths, and would show yesterday's pixels of a file that was written again.
  let image = eightBits(load(await (typeof file === "string" ? readFile(file) : file())), header);
  const factor = reduction(header, to, fit);
  if (factor > 1) {
    const h = Math.round(header.h / factor);
    const w = Math.round(header.w / factor);
    image = image.resize({ height: h, width: w, fit: "fill", kernel: "linear" });
  }
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  return fitImage({ data, h: info.height, w: info.width, c: info.channels }, to, fit);
}
