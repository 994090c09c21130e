import { RegimenError, type ImageFormat } from "@regimen/core";

/** Larger pictures are shrunk to this side, in pixels: a page holds dozens. */
const SIDE = 128;
const address = (kind: string, bytes: Buffer): string => `data:image/${kind};base64,${bytes.toString("base64")}`;

/**
 * Pixels [h, w, c] of one image as a data address of a PNG, or of a small JPEG where it is large; `range` maps to black and white, and of other channel counts
 * than 1 and 3 the first is shown. Errors: REG_DATA_UNREADABLE where sharp cannot be loaded.
 */
export async function pngAddress(pixels: Uint8Array | Float32Array, { h, w, c, range }: ImageFormat): Promise<string> {
  const shown = c === 3 ? 3 : 1;
  const [low, high] = range;
  const bytes = new Uint8ClampedArray(h * w * shown);
  for (let at = 0; at < h * w; at++)
    for (let channel = 0; channel < shown; channel++)
      bytes[at * shown + channel] = (255 * (pixels[at * c + channel]! - low)) / (high - low);
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new RegimenError("REG_DATA_UNREADABLE", "pictures cannot be drawn without sharp; run: npm i sharp", {
      cause,
    });
  });
  const picture = sharp(bytes, { raw: { width: w, height: h, channels: shown } });
  if (Math.max(h, w) <= SIDE) return address("png", await picture.png({ compressionLevel: 9 }).toBuffer());
  const small = picture.resize(SIDE, SIDE, { fit: "inside" });
  return address("jpeg", await small.jpeg({ quality: 82 }).toBuffer());
}
