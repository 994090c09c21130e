import { CLASS_COLOURS, IGNORED, type ImageFormat, type Pictures, type Rows } from "@regimen/core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { chosen } from "./pixels.ts";

const TINT = 0.45;
/** Small images are enlarged to so many pixels a side. */
const SIDE = 192;
/** Pixels that are ignored. */
const HIDDEN = [128, 128, 128] as const;

/**
 * Three to a row: the image, its mask over it, the answer over it. `answers`: [n, h, w, classes], or [n, h, w, 1] of
 * probabilities or (`logits`) not. Of other channel counts than three the first is shown.
 */
export async function drawMasks(
  { images, masks }: Pick<Rows, "images" | "masks">,
  answers: Tensor4D,
  logits: boolean,
  { h, w, c, range: [low, high] }: ImageFormat,
): Promise<Pictures> {
  const n = answers.shape[0];
  const numbers = chosen(answers, logits);
  const said = await numbers.data();
  numbers.dispose();
  const zoom = Math.max(1, Math.floor(SIDE / Math.max(h, w)));
  const [tall, wide] = [h * zoom, w * zoom];
  const out = new Uint8Array(3 * n * tall * wide * 3);
  for (let drawn = 0; drawn < n * tall * wide; drawn++) {
    const [image, pixel] = [Math.floor(drawn / (tall * wide)), drawn % (tall * wide)];
    const [y, x] = [Math.floor(pixel / wide / zoom), Math.floor((pixel % wide) / zoom)];
    const at = (image * h + y) * w + x;
    const truth = masks?.[at] ?? IGNORED;
    for (const [column, of] of [0, truth, said[at]!].entries()) {
      const tint = of === 0 ? undefined : of === IGNORED ? HIDDEN : CLASS_COLOURS[(of - 1) % CLASS_COLOURS.length]!;
      for (let k = 0; k < 3; k++) {
        const value = (255 * (images[at * c + (c === 3 ? k : 0)]! - low)) / (high - low);
        out[((3 * image + column) * tall * wide + pixel) * 3 + k] = tint ? (1 - TINT) * value + TINT * tint[k]! : value;
      }
    }
  }
  const classes = Math.max(2, answers.shape[3]);
  return {
    images: out,
    format: { h: tall, w: wide, c: 3, range: [0, 255] },
    columns: 3,
    colours: Array.from({ length: classes }, (_, k) =>
      k === 0 ? null : CLASS_COLOURS[(k - 1) % CLASS_COLOURS.length]!,
    ),
  };
}
