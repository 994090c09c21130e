import { createRng } from "@regimen/core";
import { bits, THUMB, type Look } from "./perceptual.ts";

/** Hashes that differ in more of their 64 bits are not compared. */
const FAR = 8;
/** No pair whose thumbnails correlate less counts, however varied the set. */
const LEAST = 0.96;
const SAMPLED = 20_000;
const VALUES = THUMB * THUMB * 3;

/** Two images, the earlier first, and the correlation of their thumbnails. */
type NearPair = { readonly first: number; readonly second: number; readonly likeness: number };

/** Looks of many images, packed: 456 bytes each. */
export class Looks {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #thumbs: Uint8Array;
  readonly #mean: Float64Array;
  readonly #deviation: Float64Array;
  /** Looks added so far. */ length = 0;

  /** `most`: so many looks will be added. */
  constructor(most: number) {
    this.#low = new Uint32Array(most);
    this.#high = new Uint32Array(most);
    this.#thumbs = new Uint8Array(most * VALUES);
    this.#mean = new Float64Array(most);
    this.#deviation = new Float64Array(most);
  }

  add({ hash, thumb }: Look): void {
    const row = this.length++;
    [this.#low[row], this.#high[row]] = hash;
    this.#thumbs.set(thumb, row * VALUES);
    let [sum, squares] = [0, 0];
    for (const value of thumb) {
      sum += value;
      squares += value * value;
    }
    this.#mean[row] = sum / VALUES;
    this.#deviation[row] = Math.sqrt(Math.max(0, squares / VALUES - (sum / VALUES) ** 2));
  }

  /** Correlation of two thumbnails, -1..1; 0 where one is all of one brightness: such images have no looks to compare. */
  likeness(a: number, b: number): number {
    const spread = this.#deviation[a]! * this.#deviation[b]!;
    if (spread < 1) return 0;
    const thumbs = this.#thumbs;
    const [atA, atB] = [a * VALUES, b * VALUES];
    let sum = 0;
    for (let i = 0; i < VALUES; i++) sum += thumbs[atA + i]! * thumbs[atB + i]!;
    return (sum / VALUES - this.#mean[a]! * this.#mean[b]!) / spread;
  }

  /**
   * How alike two images must be to count. In a set where any two images are alike (clothes on black, say), likeness says little:
   * what a pair lacks to perfect likeness may be a tenth of what the most alike 1 % of arbitrary pairs lack.
   */
  threshold(): number {
    const n = this.length;
    if (n < 64) return LEAST;
    const sampled: number[] = [];
    const rng = createRng(0).fork("likeness");
    while (sampled.length < SAMPLED) {
      const [a, b] = [rng.int(n), rng.int(n)];
      if (a !== b) sampled.push(this.likeness(a, b));
    }
    sampled.sort((a, b) => a - b);
    return Math.max(LEAST, 1 - (1 - sampled[Math.floor(0.99 * (sampled.length - 1))]!) / 10);
  }

  /**
   * All pairs that look the same. Pairs whose hashes differ in at most 7 bits share one of the 8 bytes: only images that share one are
   * compared, about n² / 64 comparisons of two words.
   */
  near(): NearPair[] {
    const least = this.threshold();
    const found: NearPair[] = [];
    const rows = Int32Array.from({ length: this.length }, (_, row) => row);
    for (let band = 0; band < 8; band++) {
      const words = band < 4 ? this.#low : this.#high;
      const byte = (row: number) => (words[row]! >>> (8 * (band & 3))) & 255;
      // Rows with equal bytes side by side, in the order of rows; their hashes beside them, since the loop below reads little else.
      const sorted = rows.slice().sort((a, b) => byte(a) - byte(b) || a - b);
      const low = Uint32Array.from(sorted, (row) => this.#low[row]!);
      const high = Uint32Array.from(sorted, (row) => this.#high[row]!);
      for (let start = 0, end = 0; start < sorted.length; start = end) {
        while (end < sorted.length && byte(sorted[end]!) === byte(sorted[start]!)) end++;
        for (let i = start + 1; i < end; i++) {
          const [l, h] = [low[i]!, high[i]!];
          for (let j = start; j < i; j++) {
            const y = h ^ high[j]!;
            const x = l ^ low[j]!;
            if (bits(x) + bits(y) > FAR || sharesByteBefore(x, y, band)) continue;
            const [first, second] = [sorted[j]!, sorted[i]!];
            const likeness = this.likeness(first, second);
            if (likeness >= least) found.push({ first, second, likeness });
          }
        }
      }
    }
    return found.sort((a, b) => b.likeness - a.likeness || a.first - b.first || a.second - b.second);
  }
}

/** Whether two hashes, given what they differ in, were already compared in an earlier band. */
function sharesByteBefore(x: number, y: number, band: number): boolean {
  for (let earlier = 0; earlier < band; earlier++) {
    if ((((earlier < 4 ? x : y) >>> (8 * (earlier & 3))) & 255) === 0) return true;
  }
  return false;
}
