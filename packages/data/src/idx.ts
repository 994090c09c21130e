import { dirname, join } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { ByteReader, truncated } from "./bytes.ts";
import { readClassNames } from "./class-names.ts";
import { listed, NO_LABEL } from "./labels.ts";
import { checkOptions, optionalText, pathsOf } from "./options.ts";
import { entriesOf, joined, lookAt, slashed } from "./paths.ts";
import { openRecords, type RecordFile } from "./records.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

const IMAGES = /images?[-.]idx[34]-ubyte(\.gz)?$/i;
const SPLITS: Readonly<Record<string, RegExp>> = {
  train: /(^|[-_.])train(ing)?[-_.]/i,
  validation: /(^|[-_.])val(id|idation)?[-_.]/i,
  test: /(^|[-_.])(test|t10k)[-_.]/i,
};
/** Which split an IDX images file belongs to by its name; undefined: by none of the usual names. */
export const idxSplit = (file: string): string | undefined =>
  IMAGES.test(file) ? Object.keys(SPLITS).find((split) => SPLITS[split]!.test(file)) : undefined;

type File = { readonly full: string; readonly shown: string };

/** IDX header: two zero bytes, the type (8: unsigned bytes), the number of dimensions, then each as 32 bits, big end first. */
async function readDimensions(
  bytes: ByteReader,
  shown: string,
  allowed: readonly number[],
  expected: string,
): Promise<number[]> {
  const magic = Buffer.from(await bytes.take(4));
  if (magic.length < 4) throw truncated(shown, magic.length, 4);
  const count = magic[3]!;
  if (magic.readUInt16BE() !== 0 || magic[2] !== 8 || !allowed.includes(count)) {
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${shown} begins with 0x${magic.toString("hex")}; expected ${expected}: check that it is the right IDX file`,
    );
  }
  const sizes = Buffer.from(await bytes.take(4 * count));
  if (sizes.length < 4 * count) throw truncated(shown, bytes.got, 4 + 4 * count);
  return Array.from({ length: count }, (_, i) => sizes.readUInt32BE(4 * i));
}

async function readLabels({ full, shown }: File): Promise<Int32Array> {
  const bytes = await ByteReader.open(full, shown);
  try {
    const [count] = (await readDimensions(bytes, shown, [1], "0x00000801 (labels as bytes)")) as [number];
    await bytes.expect(8 + count);
    const labels = Buffer.from(await bytes.take(count));
    if (labels.length < count) throw truncated(shown, bytes.got, 8 + count);
    return Int32Array.from(labels);
  } finally {
    bytes.close();
  }
}

async function* imagesOf({ full, shown }: File, header: number, total: number, record: number, wanted: number) {
  if (wanted === 0) return;
  const bytes = await ByteReader.open(full, shown);
  try {
    await bytes.take(header);
    for (let i = 0; i < wanted; i++) {
      const image = await bytes.take(record);
      if (image.length < record) throw truncated(shown, bytes.got, header + total * record);
      yield image;
    }
  } finally {
    bytes.close();
  }
}

async function openFile(images: File, labels: File | undefined): Promise<RecordFile> {
  const { full, shown } = images;
  const bytes = await ByteReader.open(full, shown);
  let dimensions;
  try {
    const expected = "0x00000803 (grey images) or 0x00000804 (images with channels)";
    dimensions = (await readDimensions(bytes, shown, [3, 4], expected)) as [number, number, number, number?];
    const [count, h, w, c = 1] = dimensions;
    if (h * w === 0 || (c !== 1 && c !== 3)) {
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${shown} says that its images are ${h}×${w} with ${c} channels; expected a size above 0 and 1 or 3 channels`,
      );
    }
    await bytes.expect(4 + 4 * dimensions.length + count * h * w * c);
  } finally {
    bytes.close();
  }
  const [count, h, w] = dimensions;
  const c = dimensions[3] === 3 ? 3 : 1;
  const numbers = labels ? await readLabels(labels) : new Int32Array(count).fill(NO_LABEL);
  if (numbers.length !== count) {
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `${shown} has ${count} images and ${labels!.shown} has ${numbers.length} labels; expected as many of both: check that they belong together`,
    );
  }
  const header = 4 + 4 * dimensions.length;
  return {
    shown,
    h,
    w,
    c,
    count,
    labels: numbers,
    images: (wanted) => imagesOf(images, header, count, h * w * c, wanted),
  };
}

/** The images file of a folder, by the split's name. */
async function findImages(folder: string, shown: string, split: string | undefined): Promise<string> {
  if (split !== undefined && !Object.hasOwn(SPLITS, split)) {
    throw new RegimenError(
      "REG_CONFIG_INVALID",
      `format idx got split: ${split}; expected ${listed(Object.keys(SPLITS))}`,
    );
  }
  const names = (await entriesOf(folder))
    .filter((entry) => !entry.folder && IMAGES.test(entry.name))
    .map((entry) => entry.name);
  const fitting = split === undefined ? names : names.filter((name) => SPLITS[split]!.test(name));
  // The same file plain and packed is one file.
  const distinct = new Set(fitting.map((name) => name.replace(/\.gz$/i, "")));
  if (distinct.size === 1) return fitting[0]!;
  const got = names.length === 0 ? "no images file" : listed(names);
  const todo = split === undefined ? "say split: train or split: test, or name the file" : "name the file";
  throw new RegimenError(
    "REG_DATA_PATH",
    `${shown} holds ${got}; expected one such as ${split ?? "train"}-images-idx3-ubyte.gz: ${todo}`,
  );
}

async function findLabels(images: File, base: string): Promise<File> {
  const name = (path: string) => path.replace(/images?([-.])idx[34]/i, "labels$1idx1");
  const plain = (path: string) => path.replace(/\.gz$/i, "");
  const shown = name(images.shown);
  for (const candidate of shown === images.shown ? [] : [shown, plain(shown), `${shown}.gz`]) {
    const found = await lookAt(candidate, base).catch(() => undefined);
    if (found && !found.folder) return { full: found.full, shown: candidate };
  }
  throw new RegimenError(
    "REG_DATA_PATH",
    `there is no labels file for ${images.shown}; expected ${shown === images.shown ? "the option labels" : shown}: name it with labels, or say labels: false for images without labels`,
  );
}

export async function openIdx(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["split", "classes"]);
  const split = optionalText(spec, "split");
  const given = labelFiles(spec);
  const files: RecordFile[] = [];
  let names: readonly string[] | undefined;
  for (const [i, path] of pathsOf(spec).entries()) {
    const { full, folder } = await lookAt(path, how.base);
    const file = folder ? await findImages(full, path, split) : undefined;
    const images: File =
      file === undefined ? { full, shown: slashed(path) } : { full: join(full, file), shown: joined(path, file) };
    const label = given[i];
    let labels: File | undefined;
    if (label !== undefined) labels = { full: (await lookAt(label, how.base)).full, shown: slashed(label) };
    else if (spec["labels"] !== false) labels = await findLabels(images, how.base);
    files.push(await openFile(images, labels));
    names ??= await readClassNames(join(dirname(images.full), "classes.txt"));
  }
  const name = pathsOf(spec).map(slashed).join(", ") + (split === undefined ? "" : ` (${split})`);
  const classes = (await namedClasses(spec, how.base)) ?? names;
  return openRecords({ name, files, classes, limit: spec.limit }, how, memory);
}

/** Option `labels`: one file for each images file; empty: found by name. */
function labelFiles({ labels }: DataSpec): readonly string[] {
  if (labels === undefined || typeof labels === "boolean") return [];
  const list = typeof labels === "string" ? [labels] : labels;
  if (Array.isArray(list) && list.every((file) => typeof file === "string")) return list as readonly string[];
  throw new RegimenError(
    "REG_CONFIG_INVALID",
    `data of format idx got labels: ${JSON.stringify(labels)}; expected a file, a list of files, or false`,
  );
}

/** Option `classes`: names in the order of their numbers, or a file with one a line. */
async function namedClasses(spec: DataSpec, base: string): Promise<readonly string[] | undefined> {
  const { classes } = spec;
  if (classes === undefined) return undefined;
  const names = typeof classes === "string" ? await readClassNames((await lookAt(classes, base)).full) : classes;
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names as readonly string[];
  throw new RegimenError(
    "REG_CONFIG_INVALID",
    `data of format idx got classes: ${JSON.stringify(classes)}; expected a list of names, or a file with one a line`,
  );
}

/**
 * `format: idx`. `path`: the images file, or a folder with `split: train | validation | test`. Options: `labels` (the labels file; by the
 * usual naming if absent; false: none), `classes` (names, or a file of names; `classes.txt` beside the images if absent), `limit`.
 */
export const idxReader: FileReader = {
  name: "idx",
  about: "IDX files as of MNIST, plain or .gz: an images file, and a labels file beside it",
  open: (spec, how) => openIdx(spec, how),
};
