import { CLASS_COLOURS, type ImageFormat, type Pictures, type Rows } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { detect, MOST } from "./detections.ts";

/** What is not judged. */
const HIDDEN = [128, 128, 128] as const;
/** Answers that are drawn, where no threshold is known. */
const LEAST_SCORE = 0.3;

/** Small images are enlarged to so many pixels a side, so that outlines leave something to see. */
const SIDE = 192;
/** Of an outline, inwards, in pixels. */
const THICK = 2;

type Outline = { readonly at: ArrayLike<number>; readonly colour: readonly number[] };

/**
 * Three to a row: the image, its objects on it, the answers on it; each class in its colour, difficult objects and crowds grey. `map`:
 * [n, rows, columns, classes + 4]. Of other channel counts than three the first is shown.
 */
export async function drawBoxes(
  rows: Pick<Rows, "images" | "boxes">,
  map: Tensor4D,
  format: ImageFormat,
  thresholds: readonly number[] = [],
): Promise<Pictures> {
  const n = map.shape[0];
  const zoom = Math.max(1, Math.floor(SIDE / Math.max(format.h, format.w)));
  const [h, w] = [format.h * zoom, format.w * zoom];
  const found = detect(map, format);
  const [at, scores, classes] = await Promise.all([found.boxes.data(), found.scores.data(), found.classes.data()]);
  tf.dispose(Object.values(found));
  const out = new Uint8Array(3 * n * h * w * 3);
  for (let image = 0; image < n; image++) {
    const answers = Array.from({ length: MOST }, (_, i) => image * MOST + i)
      .filter((slot) => scores[slot]! >= (thresholds[classes[slot]!] ?? LEAST_SCORE))
      .map((slot) => ({ at: at.subarray(4 * slot, 4 * slot + 4), colour: colourOf(classes[slot]!) }));
    for (const [column, outlines] of [[], truthOf(rows, image, n, map.shape[3] - 4), answers].entries()) {
      const picture = out.subarray((3 * image + column) * h * w * 3, (3 * image + column + 1) * h * w * 3);
      paint(picture, rows.images, image, format, zoom);
      for (const { at: box, colour } of outlines)
        frame(picture, { at: Array.from(box, (side) => side * zoom), colour }, { h, w });
    }
  }
  const colours = Array.from({ length: map.shape[3] - 4 }, (_, k) => colourOf(k));
  return { images: out, format: { h, w, c: 3, range: [0, 255] }, columns: 3, colours };
}

const colourOf = (k: number): (typeof CLASS_COLOURS)[number] => CLASS_COLOURS[k % CLASS_COLOURS.length]!;

function truthOf({ boxes }: Pick<Rows, "boxes">, image: number, n: number, classes: number): Outline[] {
  if (!boxes) return [];
  const capacity = boxes.weights.length / n;
  return Array.from({ length: capacity }, (_, i) => image * capacity + i)
    .filter((slot) => boxes.weights[slot]! > 0)
    .map((slot) => {
      const labels = boxes.labels.subarray(slot * classes, (slot + 1) * classes);
      const k = labels.findIndex((label) => label !== 0);
      return { at: boxes.at.subarray(4 * slot, 4 * slot + 4), colour: labels[k]! < 0 ? HIDDEN : colourOf(k) };
    });
}

function paint(
  into: Uint8Array,
  images: Rows["images"],
  image: number,
  { h, w, c, range: [low, high] }: ImageFormat,
  zoom: number,
): void {
  for (let at = 0; at < into.length; at++) {
    const [pixel, k] = [Math.floor(at / 3), at % 3];
    const [y, x] = [Math.floor(pixel / (w * zoom) / zoom), Math.floor((pixel % (w * zoom)) / zoom)];
    const value = images[((image * h + y) * w + x) * c + (c === 3 ? k : 0)]!;
    into[at] = Math.min(255, Math.max(0, (255 * (value - low)) / (high - low)));
  }
}

function frame(into: Uint8Array, { at, colour }: Outline, { h, w }: Pick<ImageFormat, "h" | "w">): void {
  const within = (value: number, side: number): number => Math.min(side - 1, Math.max(0, Math.round(value)));
  const [top, left] = [within(at[0]!, h), within(at[1]!, w)];
  const [bottom, right] = [within(at[2]! - 1, h), within(at[3]! - 1, w)];
  const paint = (y: number, x: number): void => into.set(colour, (y * w + x) * 3);
  for (let d = 0; d < THICK; d++) {
    for (let x = left; x <= right; x++) for (const y of [top + d, bottom - d]) if (y >= top && y <= bottom) paint(y, x);
    for (let y = top; y <= bottom; y++) for (const x of [left + d, right - d]) if (x >= left && x <= right) paint(y, x);
  }
}
