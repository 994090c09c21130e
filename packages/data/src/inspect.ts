import type { DataSpec, ReadHow } from "@regimen/core";
import { compare, copiesOf, Whole } from "./copies.ts";
import type { Inspectable, Inspection } from "./inspection.ts";
import { notesOn } from "./notes.ts";
import { lookAt } from "./paths.ts";
import { describePath, findSplits, openSplits } from "./splits.ts";

export type InspectOptions = {
  /** What the first split is called; "train" if absent. */ readonly name?: string;
  /** Where relative paths start; the working directory if absent. */ readonly base?: string;
  readonly onProgress?: (done: number, of: number) => void;
};

const SIZES = 10;
const isOpen = (what: string | DataSpec | Inspectable): what is Inspectable =>
  typeof what === "object" && "read" in what;

/**
 * Looks through data: counts, sizes, balance of the classes, copies within and between splits, unreadable files.
 * @param what opened data; or a folder, a file, FORMAT:PATH or a configuration's source, opened here with all its splits and closed again
 * @param others further splits, opened, by name
 * Reads each image once, keeps about 0.5 kB of it; comparing takes about n² / 64 steps of a few nanoseconds. Errors: REG_DATA_*.
 */
export async function inspect(
  what: string | DataSpec | Inspectable,
  others: Readonly<Record<string, Inspectable>> = {},
  options: InspectOptions = {},
): Promise<Inspection> {
  if (isOpen(what)) return inspectOpen({ [options.name ?? "train"]: what, ...others }, options);
  const how: ReadHow = { base: options.base ?? process.cwd(), fit: "cover" };
  const opened = await openSplits(await splitsOf(what, how.base), how);
  try {
    return await inspectOpen({ ...opened, ...others }, options);
  } finally {
    for (const samples of Object.values(opened)) samples.dispose();
  }
}

async function splitsOf(what: string | DataSpec, base: string) {
  if (typeof what !== "string") return { train: what };
  const spec = await describePath(what, base);
  const isFolder = spec.path === what && (await lookAt(what, base)).folder;
  return isFolder ? findSplits(what, base) : { train: spec };
}

async function inspectOpen(
  splits: Readonly<Record<string, Inspectable>>,
  { onProgress }: InspectOptions,
): Promise<Inspection> {
  const masked = new Set<string>();
  for (const [name, data] of Object.entries(splits)) if (data.length && (await data.read([0])).masks) masked.add(name);
  const whole = new Whole(splits, masked);
  const { equal, near, brightness } = await compare(whole, onProgress);
  const names = [...new Set(whole.parts.flatMap((part) => part.data.classes))];
  const tallies = new Map(
    names.map((name) => [
      name,
      { images: 0, light: 0, splits: Object.fromEntries(whole.parts.map((part) => [part.name, 0])) },
    ]),
  );
  for (const { name, data, start, has } of whole.parts)
    for (const [row, own] of has.entries())
      for (const label of own ?? []) {
        const tally = tallies.get(data.classes[label]!)!;
        tally.images++;
        tally.light += brightness[start + row]!;
        tally.splits[name]!++;
      }
  const knownOf = ({ has }: (typeof whole.parts)[number]): number => has.filter((own) => own !== null).length;
  const labelled = whole.parts.reduce((sum, part) => sum + knownOf(part), 0);
  const classes = [...tallies].map(([name, { images, light, splits: counts }]) => ({
    name,
    images,
    share: labelled === 0 ? 0 : images / labelled,
    splits: counts,
    brightness: images === 0 ? null : light / images,
  }));
  const found = {
    images: whole.length,
    splits: whole.parts.map((part) => {
      const { name, data } = part;
      const known = knownOf(part);
      const { h, w, c, range } = data.format;
      return {
        name,
        source: data.name,
        images: data.length,
        labelled: known,
        unlabelled: data.length - known,
        unreadable: data.skipped.length,
        imageShape: [h, w, c] as const,
        range,
        sizes: data.about ? data.about.sizes.slice(0, SIZES) : null,
        sizesFound: data.about ? data.about.sizes.length : null,
      };
    }),
    classes,
    balance: balanceOf(classes, whole.parts[0]!.name),
    duplicates: copiesOf(whole, equal),
    nearDuplicates: copiesOf(whole, near),
    unreadable: whole.parts.flatMap(({ name, data }) =>
      data.skipped.map(({ file, why }) => ({ split: name, file, why })),
    ),
  };
  const said = whole.parts.flatMap(({ data }) => data.about?.notes ?? []);
  return { format: 1, ...found, notes: [...new Set([...said, ...notesOn(found)])] };
}

function balanceOf(classes: Inspection["classes"], split: string): Inspection["balance"] {
  const ranked = classes
    .map(({ name, splits }) => ({ name, images: splits[split]! }))
    .sort((a, b) => b.images - a.images);
  const [largest, smallest] = [ranked[0], ranked.at(-1)];
  if (!largest || !smallest || largest.images === 0) return null;
  return {
    largest: largest.name,
    smallest: smallest.name,
    ratio: smallest.images === 0 ? null : largest.images / smallest.images,
  };
}
