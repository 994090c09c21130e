import { readMask } from "./mask-pixels.ts";

/** So many masks are looked at, from all over the folder. */
const LOOKED_AT = 40;
/** Classes beyond so many are hardly ever all there, from the first to the last that an image has. */
const CLASSES = 8;
/** Classes end at the same number again and again, objects at another in each image. */
const ENDS = 4;
/** Of the masks; an object that another one covers leaves a gap. */
const WITHOUT_GAP = 0.9;

/**
 * Whether the levels of masks number objects, and not classes: in nearly every mask they run from 1 without a gap, past any usual
 * number of classes, to an end that differs from mask to mask. `two`: two classes are known already, as from another split.
 */
export async function numbersObjects(masks: readonly string[], two: boolean): Promise<boolean> {
  const every = Math.max(1, Math.ceil(masks.length / LOOKED_AT));
  const ends: number[] = [];
  let whole = 0;
  for (const file of masks.filter((_, at) => at % every === 0)) {
    // One that cannot be read is skipped and recorded where all are read.
    const mask = await readMask(file).catch(() => undefined);
    if (mask === undefined) continue;
    if (mask.kind === "colours") return false;
    const numbers = new Set(mask.values);
    numbers.delete(0);
    const end = [...numbers].reduce((highest, number) => Math.max(highest, number), 0);
    if (end < 2) continue;
    ends.push(end);
    whole += Number(numbers.size === end);
  }
  const far = ends.some((end) => end > CLASSES) && new Set(ends).size >= ENDS;
  return ends.length > 0 && whole >= WITHOUT_GAP * ends.length && (far || two);
}
