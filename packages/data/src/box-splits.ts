import { join } from "node:path";
import type { DataSpec } from "@regimen/core";
import { entriesOf, filesBelow, isFile, joined, type Entry } from "./paths.ts";

/** The splits of a folder whose images have boxes; `train` is always there. */
export type BoxSplits = { readonly train: DataSpec; readonly validation?: DataSpec; readonly test?: DataSpec };
type Names = Readonly<Record<keyof BoxSplits, RegExp>>;

const named = (entries: readonly Entry[], name: RegExp, folder: boolean): Entry | undefined =>
  entries.find((entry) => entry.folder === folder && name.test(entry.name));

/** By the names of splits: what `find` finds for each, where training is among it. */
async function bySplit(
  names: Names,
  find: (split: RegExp) => Promise<DataSpec | undefined>,
): Promise<BoxSplits | undefined> {
  const [train, validation, test] = [await find(names.train), await find(names.validation), await find(names.test)];
  return train && { train, ...(validation && { validation }), ...(test && { test }) };
}

/** images/ and labels/ with text files in it: here, or in train, val and test; or those within both. */
async function yolo(shown: string, entries: readonly Entry[], names: Names): Promise<BoxSplits | undefined> {
  const isPair = async (inside: readonly Entry[]): Promise<boolean> => {
    const labels = named(inside, /^labels$/, true);
    return named(inside, /^images$/, true) !== undefined && labels !== undefined && holds(labels.path, /\.txt$/i);
  };
  if (await isPair(entries)) {
    const images = await entriesOf(named(entries, /^images$/, true)!.path);
    const split = await bySplit(names, async (name) => {
      const entry = named(images, name, true);
      return entry && { format: "yolo", path: shown, split: entry.name };
    });
    return split ?? { train: { format: "yolo", path: shown } };
  }
  return bySplit(names, async (name) => {
    const entry = named(entries, name, true);
    return entry && (await isPair(await entriesOf(entry.path)))
      ? { format: "yolo", path: joined(shown, entry.name) }
      : undefined;
  });
}

/** COCO's JSON: annotations/instances_train.json and so on; one in each split's folder; or one alone. */
async function coco(shown: string, entries: readonly Entry[], names: Names): Promise<BoxSplits | undefined> {
  const folder = named(entries, /^annotations$/i, true);
  const files = folder ? (await entriesOf(folder.path)).filter(({ name }) => /^instances_.*\.json$/i.test(name)) : [];
  const listed = await bySplit(names, async (split) => {
    // instances_train2017.json: the year is not the split's.
    const file = files.find(({ name }) => split.test(name.replace(/^instances_|\d*\.json$/gi, "")));
    return file && { format: "coco", path: joined(shown, `${folder!.name}/${file.name}`) };
  });
  if (listed) return listed;
  const json = /^_?(annotations|instances)(\.coco)?\.json$/i;
  const inside = await bySplit(names, async (split) => {
    const entry = named(entries, split, true);
    const file = entry && named(await entriesOf(entry.path), json, false);
    return file && { format: "coco", path: joined(shown, `${entry.name}/${file.name}`) };
  });
  const alone = named(entries, json, false);
  return inside ?? (alone && { train: { format: "coco", path: joined(shown, alone.name) } });
}

/** Annotations/ with XML files, and lists of the splits in ImageSets/Main. */
async function voc(shown: string, full: string, entries: readonly Entry[]): Promise<BoxSplits | undefined> {
  const folder = named(entries, /^annotations$/i, true);
  if (!folder || !(await holds(folder.path, /\.xml$/i))) return undefined;
  const listed = (split: string): Promise<boolean> => isFile(join(full, "ImageSets/Main", `${split}.txt`));
  const spec = (split: string): DataSpec => ({ format: "voc", path: shown, split });
  if (!(await listed("train"))) return { train: { format: "voc", path: shown } };
  return {
    train: spec("train"),
    ...((await listed("val")) && { validation: spec("val") }),
    ...((await listed("test")) && { test: spec("test") }),
  };
}

const holds = async (folder: string, ending: RegExp): Promise<boolean> =>
  (await filesBelow(folder)).some((file) => ending.test(file));

/** What a folder is whose images have boxes: YOLO's, COCO's, Pascal VOC's, or boxes.csv; undefined where it is none of them. */
export async function boxSplits(
  shown: string,
  full: string,
  entries: readonly Entry[],
  names: Names,
): Promise<BoxSplits | undefined> {
  const found =
    (await yolo(shown, entries, names)) ?? (await coco(shown, entries, names)) ?? (await voc(shown, full, entries));
  if (found) return found;
  const csv = named(entries, /^boxes\.csv$/i, false);
  return csv && { train: { format: "boxes-csv", path: joined(shown, csv.name) } };
}
