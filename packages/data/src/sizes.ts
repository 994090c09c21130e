import type { Size } from "./pixels.ts";

/** Sides that `size: auto` chooses from. */
const SIDES = [28, 32, 48, 64, 96, 128, 160, 224] as const;
/** Images that agree keep their own size up to this shorter side, in pixels: above it no network here is trained at full size. */
const OWN_SIZE_LIMIT = 512;

export type SizeCount = Size & { readonly images: number };

/** How often each size occurs, commonest first. */
export function countSizes(sizes: Iterable<Size & { readonly images?: number }>): SizeCount[] {
  const counts = new Map<string, { h: number; w: number; images: number }>();
  for (const { h, w, images = 1 } of sizes) {
    const entry = counts.get(`${h}×${w}`);
    if (entry) entry.images += images;
    else counts.set(`${h}×${w}`, { h, w, images });
  }
  return [...counts.values()].sort((a, b) => b.images - a.images || a.h - b.h || a.w - b.w);
}

/**
 * One size for all: the asked one; else the images' own where they agree (shorter side up to 512); else a square whose side is the
 * median of the shorter sides, rounded down to one of 28, 32, 48, 64, 96, 128, 160, 224. `note` says in words what was chosen and why,
 * unless it was asked for.
 */
export function chooseSize(
  sizes: readonly SizeCount[],
  asked?: Size,
): { readonly size: Size; readonly note: string | null } {
  const first = sizes[0]!;
  const text = (size: Size) => `${size.w}×${size.h}`;
  const agree = sizes.length === 1;
  if (asked) return { size: asked, note: null };
  if (agree && Math.min(first.h, first.w) <= OWN_SIZE_LIMIT) return { size: { h: first.h, w: first.w }, note: null };
  const total = sizes.reduce((sum, size) => sum + size.images, 0);
  const shorter = [...sizes].sort((a, b) => Math.min(a.h, a.w) - Math.min(b.h, b.w));
  let passed = 0;
  const median = shorter.find((size) => (passed += size.images) * 2 >= total)!;
  const side = SIDES.findLast((s) => s <= Math.min(median.h, median.w)) ?? SIDES[0];
  const size = { h: side, w: side };
  const found = agree ? `images are ${text(first)}` : `images have ${sizes.length} sizes, most often ${text(first)}`;
  return { size, note: `${found}: all are resized to ${text(size)}; name a size for another` };
}
