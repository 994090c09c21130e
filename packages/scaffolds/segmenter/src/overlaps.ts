/** How a class was found: shares 0..1; null where they are a share of nothing. */
export type Overlap = {
  /** Pixels that are of the class. */ readonly support: number;
  readonly precision: number | null;
  readonly recall: number | null;
  /** Intersection over union: null where neither truth nor answers have the class. */ readonly iou: number | null;
  /** 2 · intersection over the sum of both. */ readonly dice: number | null;
};

/** @param counts pixels [classes · classes]: rows are true classes, columns answers. */
export function overlapsOf(counts: ArrayLike<number>): Overlap[] {
  const k = Math.round(Math.sqrt(counts.length));
  const sum = (of: (i: number) => number): number => Array.from({ length: k }, (_, i) => counts[of(i)]!).reduce(add, 0);
  const share = (part: number, of: number): number | null => (of > 0 ? part / of : null);
  return Array.from({ length: k }, (_, c) => {
    const right = counts[c * k + c]!;
    const support = sum((i) => c * k + i);
    const answered = sum((i) => i * k + c);
    return {
      support,
      precision: share(right, answered),
      recall: share(right, support),
      iou: share(right, support + answered - right),
      dice: share(2 * right, support + answered),
    };
  });
}

/** The mean over the classes that are in truth or answers; NaN where none is. */
export const meanIou = (counts: ArrayLike<number>): number => mean(overlapsOf(counts).map(({ iou }) => iou));
/** Likewise. */
export const meanDice = (counts: ArrayLike<number>): number => mean(overlapsOf(counts).map(({ dice }) => dice));
/** Of all known pixels. */
export function shareRight(counts: ArrayLike<number>): number {
  const all = Array.from(counts);
  const k = Math.round(Math.sqrt(all.length));
  return all.filter((_, at) => at % (k + 1) === 0).reduce(add, 0) / all.reduce(add, 0);
}

function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce(add, 0) / known.length;
}

const add = (a: number, b: number): number => a + b;
