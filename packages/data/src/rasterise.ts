/** COCO's run lengths: of 0 and 1 in turns, column by column; as numbers, or as COCO's text. */
export type RunLengths = {
  readonly size: readonly [h: number, w: number];
  readonly counts: string | readonly number[];
};

/**
 * Sets `value` in `into` [h · w] at each pixel whose centre lies in the polygon [x0, y0, x1, y1, …] (pixels from the picture's
 * corner, even-odd where it crosses itself). A polygon of fewer than three points sets nothing.
 */
export function fillPolygon(into: Uint32Array, w: number, polygon: readonly number[], value: number): void {
  const h = into.length / w;
  const points = Math.floor(polygon.length / 2);
  if (points < 3) return;
  const ys = polygon.filter((_, i) => i % 2 === 1);
  const first = Math.max(0, Math.floor(Math.min(...ys) - 0.5));
  const last = Math.min(h - 1, Math.ceil(Math.max(...ys)));
  for (let row = first; row <= last; row++) {
    const y = row + 0.5;
    const crossings: number[] = [];
    for (let i = 0; i < points; i++) {
      const j = (i + 1) % points;
      const [x0, y0, x1, y1] = [polygon[2 * i]!, polygon[2 * i + 1]!, polygon[2 * j]!, polygon[2 * j + 1]!];
      // Half open, so that a corner on the line counts once.
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i]! - 0.5));
      const to = Math.min(w - 1, Math.ceil(crossings[i + 1]! - 0.5) - 1);
      for (let column = from; column <= to; column++) into[row * w + column] = value;
    }
  }
}

/** Whether what a file has is run lengths; whether they add up, `fillRuns` says. */
export function isRunLengths(value: unknown): value is RunLengths {
  const { size, counts } = Object(value) as { readonly [key: string]: unknown };
  const numbers = (list: unknown): boolean => Array.isArray(list) && list.every((one) => typeof one === "number");
  return numbers(size) && (typeof counts === "string" || numbers(counts));
}

/** Sets `value` in `into` [h · w] where the runs are 1. Errors: RangeError where they do not add up to the picture. */
export function fillRuns(into: Uint32Array, { size: [h, w], counts }: RunLengths, value: number): void {
  const runs = typeof counts === "string" ? decodeRuns(counts) : counts;
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (h * w !== into.length || total !== h * w || runs.some((run) => !(run >= 0)))
    throw new RangeError(`run lengths of ${total} pixels for a picture of ${w}×${h}; expected ${into.length}`);
  let at = 0;
  runs.forEach((run, i) => {
    if (i % 2 === 1)
      for (let pixel = at; pixel < at + run; pixel++) into[(pixel % h) * w + Math.floor(pixel / h)] = value;
    at += run;
  });
}

/**
 * COCO's text: each number in letters from "0" on, five bits a letter, lowest first, a sixth says that more follow and the last
 * letter's fifth is the sign; from the fourth number on they are differences from the number two before.
 */
function decodeRuns(text: string): number[] {
  const runs: number[] = [];
  for (let at = 0; at < text.length;) {
    let [number, bits, more] = [0, 0, true];
    while (more) {
      const letter = text.charCodeAt(at++) - 48;
      if (!(letter >= 0 && letter < 64))
        throw new RangeError(`run lengths in a text that COCO does not write: "${text.slice(0, 20)}"`);
      number += (letter & 31) * 2 ** bits;
      bits += 5;
      more = (letter & 32) > 0;
      if (!more && letter & 16) number -= 2 ** bits;
    }
    runs.push(runs.length > 2 ? number + runs.at(-2)! : number);
  }
  return runs;
}
