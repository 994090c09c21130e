import { RegimenError, type ImageFormat } from "@regimen/core";

/**
 * Pixels [h, w, c] of one image as a data address of a PNG; `range` maps to black and white, and of other channel counts
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
  const png = await sharp(bytes, { raw: { width: w, height: h, channels: shown } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
