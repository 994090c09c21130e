import type { Inspection } from "./inspection.ts";

/** Fewer images than this in a class: too few to learn it, or to measure it. */
const FEW = 20;
/** The largest class has so many times the images of the smallest: accuracy alone misleads. */
const UNEVEN = 10;
/** A larger share of near duplicates than this says more about the kind of images than about copies. */
const MANY = 0.1;

const plural = (n: number, one: string, many: string) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** What the figures mean for whoever wants to train on them, and what to do. */
export function notesOn(found: Omit<Inspection, "format" | "notes">): string[] {
  const { splits, classes, balance, duplicates, nearDuplicates, unreadable } = found;
  const notes: string[] = [];
  // Images that are both to train on and to measure with; unlabelled ones may be anywhere.
  const leaks = ({ pairs }: typeof duplicates) =>
    pairs.filter(({ split, in: earlier }) => split !== earlier && split !== "unlabeled");
  for (const { split, in: earlier, images } of leaks(duplicates)) {
    notes.push(
      `${plural(images, "image", "images")} of ${split} also ${images === 1 ? "stands" : "stand"} in ${earlier}: errors measured there come out too low; remove them from one of the two`,
    );
  }
  if (nearDuplicates.within + nearDuplicates.across > MANY * found.images) {
    notes.push(
      "more than a tenth of the images have a near duplicate: images of this set are alike by their nature; look at the examples before believing that they are copies",
    );
  } else {
    for (const { split, in: earlier, images } of leaks(nearDuplicates)) {
      notes.push(
        `${plural(images, "image", "images")} of ${split} ${images === 1 ? "looks like one" : "look like some"} in ${earlier}: look at the examples; where they are copies, remove them from one of the two`,
      );
    }
  }
  if (duplicates.conflicting > 0) {
    notes.push(
      `${plural(duplicates.conflicting, "copy has", "copies have")} another label than the image they copy: correct the labels`,
    );
  }
  if (balance && balance.ratio !== null && balance.ratio >= UNEVEN) {
    notes.push(
      `"${balance.largest}" has ${balance.ratio.toFixed(1)} times as many images as "${balance.smallest}": look at recall by class, not at the error alone`,
    );
  }
  const small = classes.filter(
    (one) => splits[0] !== undefined && splits[0].labelled > 0 && (one.splits[splits[0].name] ?? 0) < FEW,
  );
  if (small.length > 0) {
    const names =
      small
        .slice(0, 5)
        .map((one) => `"${one.name}"`)
        .join(", ") + (small.length > 5 ? " and others" : "");
    notes.push(
      `${plural(small.length, "class has", "classes have")} fewer than ${FEW} images in ${splits[0]!.name} (${names}): add images, or join classes`,
    );
  }
  if (unreadable.length > 0)
    notes.push(
      `${plural(unreadable.length, "file", "files")} could not be read and ${unreadable.length === 1 ? "is" : "are"} left out; see "unreadable"`,
    );
  return notes;
}
