/** Pixels of one class that touch (also at corners): an object, as far as a mask can tell. */
export type Blob = { readonly pixels: number; readonly right: number };

/**
 * The objects of a mask and how many of their pixels were answered as their class. The first class is the background and has
 * none; neither have numbers from `classes` on.
 *
 * @param truth [h · w], class numbers; `said` likewise
 */
export function blobsOf(truth: ArrayLike<number>, said: ArrayLike<number>, width: number, classes: number): Blob[] {
  const seen = new Uint8Array(truth.length);
  const height = truth.length / width;
  const found: Blob[] = [];
  const open: number[] = [];
  for (let start = 0; start < truth.length; start++) {
    const own = truth[start]!;
    if (seen[start] || own < 1 || own >= classes) continue;
    let [pixels, right] = [0, 0];
    seen[start] = 1;
    open.push(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      pixels++;
      if (said[at] === own) right++;
      const [row, column] = [Math.floor(at / width), at % width];
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++)
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const next = y * width + x;
          if (seen[next] || truth[next] !== own) continue;
          seen[next] = 1;
          open.push(next);
        }
    }
    found.push({ pixels, right });
  }
  return found;
}
