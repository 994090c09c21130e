/**
 * A chart as PNG, at twice its size. Letters are drawn with the machine's own fonts.
 *
 * @param svg as `reportCharts` gives it.
 */
export async function chartPng(svg: string): Promise<Uint8Array> {
  // Loaded only when asked for: the page itself needs no native code.
  const { default: sharp } = await import("sharp");
  return sharp(Buffer.from(svg), { density: 144 }).png().toBuffer();
}
