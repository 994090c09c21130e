import { createHash } from "node:crypto";
import { RegimenError, breathe, type Rng, type Source } from "@regimen/contracts";

const CHUNK = 256;
export const chunks = (length: number, size = CHUNK): number[][] =>
  Array.from({ length: Math.ceil(length / size) }, (_, at) =>
    Array.from({ length: Math.min(size, length - at * size) }, (_, i) => at * size + i),
  );

/** A digest of every image's pixels: equal where two images are equal to the bit. */
export async function digests(of: Source): Promise<string[]> {
  const width = of.format.h * of.format.w * of.format.c;
  const found: string[] = [];
  for (const rows of chunks(of.length)) {
    await breathe();
    const { images } = await of.read(rows);
    for (let i = 0; i < rows.length; i++)
      found.push(
        createHash("sha1")
          .update(images.subarray(i * width, (i + 1) * width))
          .digest("base64"),
      );
  }
  return found;
}

/** The class of each row by its largest label; −1 where it has none. */
export function classesOf(of: Source): Int32Array {
  const labels = of.labels();
  const k = of.classes.length;
  return Int32Array.from({ length: of.length }, (_, row) => {
    if (!labels || Number.isNaN(labels[row * k])) return -1;
    let best = 0;
    for (let i = 1; i < k; i++) if (labels[row * k + i]! > labels[row * k + best]!) best = i;
    return best;
  });
}

/**
 * What a split keeps the shares of: a row's class; of a row with several labels the rarest of them; a number of its own for
 * rows that are labelled with none. −1 where a row has no label.
 */
function strataOf(of: Source): Int32Array {
  const labels = of.labels();
  const k = of.classes.length;
  const has = (row: number): number[] =>
    Array.from({ length: k }, (_, i) => i).filter((i) => labels![row * k + i]! >= 0.5);
  const largest = classesOf(of);
  const counts = new Float64Array(k);
  for (let row = 0; labels && row < of.length; row++) for (const i of has(row)) counts[i]!++;
  return largest.map((found, row) => {
    if (found < 0) return -1;
    const own = has(row);
    if (own.length) return own.reduce((rare, i) => (counts[i]! < counts[rare]! ? i : rare));
    return labels![row * k + found]! > 0 ? found : k;
  });
}

function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/**
 * Takes `fraction` of the rows out, class by class, with images that are equal to the bit on one side.
 * Errors: REG_DATA_EMPTY where one side would have nothing.
 */
export async function split(
  of: Source,
  fraction: number,
  rng: Rng,
  what: string,
): Promise<{ rest: Int32Array; taken: Int32Array }> {
  if (!(fraction > 0 && fraction < 1))
    throw new RegimenError(
      "REG_CONFIG_INVALID",
      `the ${what} fraction is ${fraction}; expected a number between 0 and 1`,
    );
  const classes = strataOf(of);
  const alike = groupBy((await digests(of)).entries(), ([, digest]) => digest);
  const groups = [...alike.values()].map((members) => members.map(([row]) => row));
  const byClass = groupBy(groups, (rows) => classes[rows[0]!]!);
  const taken: number[] = [];
  for (const key of [...byClass.keys()].sort((a, b) => a - b)) {
    const own = byClass.get(key)!;
    const order = rng.fork(key).permutation(own.length);
    const size = own.reduce((sum, rows) => sum + rows.length, 0);
    // At least one of each class that has two groups, so that no class is missing on either side.
    let open = own.length < 2 ? 0 : Math.max(1, Math.round(size * fraction));
    let left = own.length - 1;
    for (const at of order) {
      if (open <= 0 || left-- <= 0) break;
      for (const row of own[at]!) taken.push(row);
      open -= own[at]!.length;
    }
  }
  const out = new Set(taken);
  const rest = Int32Array.from({ length: of.length }, (_, row) => row).filter((row) => !out.has(row));
  if (!taken.length || !rest.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${of.length} examples of "${of.name}" are too few to take ${fraction} of them for ${what}; bring at least two examples of a class`,
    );
  return { rest, taken: Int32Array.from(taken).sort() };
}
