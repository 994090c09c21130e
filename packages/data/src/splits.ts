import { extname, join, resolve } from "node:path";
import { RegimenError, type DataSpec, type ReadHow, type Task } from "@regimen/core";
import { boxSplits } from "./box-splits.ts";
import { cifarSplit } from "./cifar10.ts";
import { idxSplit } from "./idx.ts";
import {
  entriesOf,
  filesBelow,
  isImageName,
  isUnlabelledFolder,
  joined,
  lookAt,
  slashed,
  type Entry,
} from "./paths.ts";
import { pairOf } from "./mask-folder.ts";
import { openSpec } from "./readers.ts";
import type { OpenedSamples } from "./samples.ts";

/** Where the splits of a data set are. A split that is not there is absent: the core cuts it off the training split. */
export type Splits = {
  readonly train: DataSpec;
  readonly validation?: DataSpec;
  readonly test?: DataSpec;
  readonly unlabeled?: DataSpec;
  /** What the folder is made for, where it tells; else classification. */ readonly task?: Task;
};

const NAMES = {
  train: /^train(ing)?$/i,
  validation: /^val(id|idation)?$/i,
  test: /^test$/i,
} as const;
type Split = keyof typeof NAMES;

/** What "folder, file or FORMAT:PATH" means. Errors: REG_DATA_PATH, REG_DATA_FORMAT. */
export async function describePath(text: string, base: string = process.cwd()): Promise<DataSpec> {
  // Two letters or more: C:\photos is a path.
  const [, format, rest] = /^([a-z][a-z0-9-]+):(.+)$/i.exec(text) ?? [];
  if (format !== undefined && rest !== undefined) return { format, path: rest };
  const { full, folder } = await lookAt(text, base);
  if (folder) return (await recordSplits(full, text))?.train ?? { format: "image-folder", path: text };
  if (/\.csv$/i.test(text)) return { format: "csv", path: text };
  if (/idx[34]-ubyte(\.gz)?$/i.test(text)) return { format: "idx", path: text };
  if (/\.bin$/i.test(text)) return { format: "cifar10-binary", path: text };
  if (isImageName(text)) return { format: "image-folder", path: [text] };
  throw new RegimenError(
    "REG_DATA_FORMAT",
    `the format of "${text}" cannot be told from its ending "${extname(text)}"; expected a folder, a .csv, .bin or IDX file, or an image: say it as in csv:${slashed(text)}`,
  );
}

/** Splits of a folder that holds IDX or CIFAR-10 files; undefined where it holds neither. */
async function recordSplits(full: string, shown: string): Promise<Splits | undefined> {
  const names = (await entriesOf(full)).filter((entry) => !entry.folder).map((entry) => entry.name);
  for (const [format, splitOf] of [
    ["idx", idxSplit],
    ["cifar10-binary", cifarSplit],
  ] as const) {
    const found = new Set(names.map(splitOf));
    if (!found.has("train")) continue;
    const split = (name: Split) => ({ format, path: shown, split: name });
    return {
      train: split("train"),
      ...(found.has("validation") && { validation: split("validation") }),
      ...(found.has("test") && { test: split("test") }),
    };
  }
  return undefined;
}

const holdsFolders = async (entry: Entry): Promise<boolean> =>
  (await entriesOf(entry.path)).some((inner) => inner.folder && !isUnlabelledFolder(inner.name));

/** Whether a folder holds images without a class: beside its class folders, or in `unlabeled/`. */
async function holdsUnlabelled(folder: string): Promise<boolean> {
  for (const entry of await entriesOf(folder)) {
    if (!entry.folder && isImageName(entry.name)) return true;
    if (entry.folder && isUnlabelledFolder(entry.name) && (await filesBelow(entry.path)).some(isImageName)) return true;
  }
  return false;
}

/**
 * The sub-folder of each split, where the folder is cut into splits: one for training with class folders in it, or one for training
 * beside one for validation or test. A lone "train" or "test" without class folders is a class of that name.
 */
async function splitFolders(
  shown: string,
  entries: readonly Entry[],
): Promise<Partial<Record<Split, string>> | undefined> {
  const found = new Map<Split, { readonly name: string; readonly classes: boolean }>();
  for (const split of Object.keys(NAMES) as Split[]) {
    const [entry, second] = entries.filter((candidate) => candidate.folder && NAMES[split].test(candidate.name));
    if (second) {
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${shown} has "${entry!.name}" and "${second.name}"; expected one folder for the ${split} split: rename or join them, or name the splits in a configuration`,
      );
    }
    if (entry) found.set(split, { name: entry.name, classes: await holdsFolders(entry) });
  }
  const train = found.get("train");
  if (train ? !train.classes && found.size === 1 : ![...found.values()].some((folder) => folder.classes))
    return undefined;
  if (!train) {
    const other = [...found.values()].find((folder) => folder.classes)!;
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${shown} has "${other.name}" with class folders but no "train"; expected ${joined(shown, "train/cat/1.jpg")}: add it, or rename the other`,
    );
  }
  for (const { name, classes } of found.values()) {
    if (classes) continue;
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${joined(shown, name)} has no class folders; expected one for each class, as in ${joined(shown, `${name}/cat/1.jpg`)}: sort its images, or move them to "unlabeled"`,
    );
  }
  return Object.fromEntries([...found].map(([split, folder]) => [split, folder.name]));
}

/**
 * Splits of a folder whose images have masks: images/ and masks/ in it or in its train, val and test; or train, val and test
 * in images/ and masks/. Undefined where there are no masks.
 */
async function maskSplits(shown: string, full: string, entries: readonly Entry[]): Promise<Splits | undefined> {
  const spec = (path: string, more = {}): DataSpec => ({ format: "mask-folder", path, ...more });
  const unlabeled = entries.find((entry) => entry.folder && isUnlabelledFolder(entry.name));
  const found: Partial<Record<Split, DataSpec>> = {};
  const here = await pairOf(full);
  const inside = here ? await entriesOf(join(full, here.images)) : entries;
  for (const split of Object.keys(NAMES) as Split[]) {
    const entry = inside.find((candidate) => candidate.folder && NAMES[split].test(candidate.name));
    if (!entry) continue;
    if (here)
      found[split] = spec(shown, { images: joined(here.images, entry.name), masks: joined(here.masks, entry.name) });
    else if (await pairOf(entry.path)) found[split] = spec(joined(shown, entry.name));
  }
  const { train = here && spec(shown), validation, test } = found;
  return (
    train && {
      task: "semantic_segmentation",
      train,
      ...(validation && { validation }),
      ...(test && { test }),
      ...(unlabeled && {
        unlabeled: { format: "image-folder", path: joined(shown, unlabeled.name), labels: false },
      }),
    }
  );
}

/**
 * "A folder and nothing else": class sub-folders; or `train` (`training`), and perhaps `val` (`valid`, `validation`) and `test`, with class
 * sub-folders in them, or images/ and masks/; or images with boxes (COCO's JSON, YOLO's labels/, Pascal VOC's Annotations/, boxes.csv); or IDX or CIFAR-10 files under their usual names. Images in `unlabeled/` and beside class folders are unlabelled.
 * Paths in the answer start as `folder` does. Errors: REG_DATA_PATH, REG_DATA_EMPTY, REG_DATA_UNREADABLE (two folders for one split).
 */
export async function findSplits(folder: string, base: string = process.cwd()): Promise<Splits> {
  const { full, folder: isFolder } = await lookAt(folder, base);
  if (!isFolder)
    throw new RegimenError(
      "REG_DATA_PATH",
      `"${folder}" is a file; expected a folder: name its format, as in csv:${slashed(folder)}`,
    );
  const records = await recordSplits(full, folder);
  if (records) return records;
  const entries = await entriesOf(full);
  const masks = await maskSplits(slashed(folder), full, entries);
  if (masks) return masks;
  const boxes = await boxSplits(slashed(folder), full, entries, NAMES);
  if (boxes) return { task: "detection", ...boxes };
  const split = await splitFolders(slashed(folder), entries);
  const inside = (name: string): DataSpec => ({ format: "image-folder", path: joined(folder, name), only: "labelled" });
  if (!split && !entries.some((entry) => entry.folder && !isUnlabelledFolder(entry.name))) {
    const images = entries.filter((entry) => !entry.folder && isImageName(entry.name)).length;
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `"${folder}" has no class folders (${images} images lie in it); expected one folder for each class, as in ${joined(folder, "cat/1.jpg")}`,
    );
  }
  const unlabelled: string[] = [];
  for (const path of split ? [folder, joined(folder, split.train!)] : [folder]) {
    if (await holdsUnlabelled(resolve(base, path))) unlabelled.push(path);
  }
  return {
    train: split ? inside(split.train!) : { format: "image-folder", path: folder, only: "labelled" },
    ...(split?.validation !== undefined && { validation: inside(split.validation) }),
    ...(split?.test !== undefined && { test: inside(split.test) }),
    ...(unlabelled.length > 0 && { unlabeled: { format: "image-folder", path: unlabelled, only: "unlabelled" } }),
  };
}

/** Opens splits alike: classes, size and channels of the training split hold for all. The caller disposes of each. */
export async function openSplits(splits: Splits, how: ReadHow): Promise<Readonly<Record<string, OpenedSamples>>> {
  const train = await openSpec(splits.train, how);
  const opened: Record<string, OpenedSamples> = { train };
  const { h, w, c } = train.format;
  const alike: ReadHow = { ...how, classes: train.classes, size: { h, w }, channels: c === 1 ? 1 : 3 };
  try {
    for (const split of ["validation", "test", "unlabeled"] as const) {
      const spec = splits[split];
      if (spec) opened[split] = await openSpec(spec, alike);
    }
  } catch (error) {
    for (const samples of Object.values(opened)) samples.dispose();
    throw error;
  }
  return opened;
}
