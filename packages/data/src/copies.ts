import { createHash } from "node:crypto";
import type { Copies, Example, Inspectable } from "./inspection.ts";
import { Looks } from "./likeness.ts";
import { lookOf } from "./perceptual.ts";

const EXAMPLES = 20;
const BATCH = 256;
/** An earlier and a later row. */
type Pair = readonly [number, number];
type Compared = {
  readonly equal: readonly Pair[];
  readonly near: readonly Pair[];
  /** Mean luma of each row, 0..1. */ readonly brightness: Float64Array;
};
type Part = {
  readonly name: string;
  readonly data: Inspectable;
  readonly start: number;
  /** The classes that each row has; null: nobody says. */ readonly has: readonly (readonly number[] | null)[];
};

/**
 * All that a mask shows, however little of it. Else, where a row's labels are one whole, that with the largest; where they are not
 * (several labels, objects, none of either), those that are there.
 */
function classesOf(data: Inspectable, masked: boolean): Part["has"] {
  const labels = data.labels();
  const k = data.classes.length;
  return Array.from({ length: data.length }, (_, row) => {
    if (!labels || Number.isNaN(labels[row * k])) return null;
    const own = Array.from(labels.subarray(row * k, (row + 1) * k));
    const whole = !masked && Math.abs(own.reduce((sum, value) => sum + value, 0) - 1) < 1e-3;
    if (whole) return [own.indexOf(Math.max(...own))];
    return own.flatMap((value, i) => ((masked ? value > 0 : value >= 0.5) ? [i] : []));
  });
}

/** Rows of all splits under one number each, in order. */
export class Whole {
  readonly parts: readonly Part[];
  readonly length: number;
  /** `masked`: the names of splits whose labels are masks. */
  constructor(splits: Readonly<Record<string, Inspectable>>, masked: ReadonlySet<string>) {
    let start = 0;
    this.parts = Object.entries(splits).map(([name, data]) => {
      const part = { name, data, start, has: classesOf(data, masked.has(name)) };
      start += data.length;
      return part;
    });
    this.length = start;
  }
  part(row: number): Part {
    return this.parts.findLast((part) => part.start <= row)!;
  }
  /** The names of its classes; null where nobody says any. */
  label(row: number): string | null {
    const { data, has, start } = this.part(row);
    return has[row - start]?.map((i) => data.classes[i]).join(", ") ?? null;
  }
  example(row: number): Example {
    const { name, data, start } = this.part(row);
    return { split: name, id: data.id(row - start), class: this.label(row) };
  }
}

export function copiesOf(whole: Whole, pairs: Iterable<Pair>): Copies {
  const within = new Set<number>();
  const across = new Set<number>();
  const conflicting = new Set<number>();
  const places = new Map<string, Map<string, Set<number>>>();
  const ranked: { readonly rank: number; readonly first: number; readonly second: number }[] = [];
  for (const [first, second] of pairs) {
    const [a, b] = [whole.part(first), whole.part(second)];
    (a === b ? within : across).add(second);
    const [one, other] = [whole.label(first), whole.label(second)];
    const differs = one !== null && other !== null && one !== other;
    if (differs) conflicting.add(second);
    ranked.push({ rank: a !== b ? 0 : differs ? 1 : 2, first, second });
    const of = places.get(b.name) ?? new Map<string, Set<number>>();
    places.set(b.name, of.set(a.name, (of.get(a.name) ?? new Set()).add(second)));
  }
  return {
    within: within.size,
    across: across.size,
    conflicting: conflicting.size,
    pairs: [...places].flatMap(([split, of]) =>
      [...of].map(([name, rows]) => ({ split, in: name, images: rows.size })),
    ),
    examples: ranked
      .sort((a, b) => a.rank - b.rank)
      .slice(0, EXAMPLES)
      .map(({ first, second }) => ({ images: [whole.example(first), whole.example(second)] })),
  };
}

export async function compare(whole: Whole, onProgress?: (done: number, of: number) => void): Promise<Compared> {
  const firstOf = new Map<string, number>();
  const equal: Pair[] = [];
  const originals: number[] = [];
  const brightness = new Float64Array(whole.length);
  const looks = new Looks(whole.length);
  for (const { data, start } of whole.parts) {
    const { h, w, c } = data.format;
    const size = h * w * c;
    for (let from = 0; from < data.length; from += BATCH) {
      const rows = Array.from({ length: Math.min(BATCH, data.length - from) }, (_, i) => from + i);
      const { images } = await data.read(rows);
      for (const [i, row] of rows.entries()) {
        const image = images.subarray(i * size, (i + 1) * size);
        const digest = createHash("sha1").update(`${h}×${w}×${c}×${data.format.range}`).update(image).digest("base64");
        const look = lookOf(image, data.format);
        brightness[start + row] = look.brightness;
        const first = firstOf.get(digest);
        if (first !== undefined) equal.push([first, start + row]);
        else {
          firstOf.set(digest, start + row);
          originals.push(start + row);
          looks.add(look);
        }
      }
      onProgress?.(start + from + rows.length, whole.length);
    }
  }
  const near = looks.near().map(({ first, second }): Pair => [originals[first]!, originals[second]!]);
  return { equal, near, brightness };
}
