import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { ByteReader, truncated } from "./bytes.ts";
import { readClassNames } from "./class-names.ts";
import { NO_LABEL } from "./labels.ts";
import { checkOptions, ignoresLabels, optionalText, pathsOf } from "./options.ts";
import { entriesOf, joined, lookAt, slashed } from "./paths.ts";
import { openRecords, type RecordFile } from "./records.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;
const PIXELS = 3 * PLANE;
const RECORD = 1 + PIXELS;
const SPLITS: Readonly<Record<string, RegExp>> = { train: /^data_batch.*\.bin$/i, test: /^test_batch.*\.bin$/i };
/** Which split a CIFAR-10 file belongs to by its name; undefined: by none of the usual names. */
export const cifarSplit = (file: string): string | undefined =>
  Object.keys(SPLITS).find((split) => SPLITS[split]!.test(file));

type File = { readonly full: string; readonly shown: string };

async function* imagesOf({ full, shown }: File, wanted: number) {
  const bytes = await ByteReader.open(full, shown);
  const image = new Uint8Array(PIXELS);
  try {
    for (let i = 0; i < wanted; i++) {
      const record = await bytes.take(RECORD);
      if (record.length < RECORD) throw truncated(shown, bytes.got, (i + 1) * RECORD);
      // All red values come first, then all green, then all blue.
      for (let p = 0; p < PLANE; p++) {
        for (let c = 0; c < 3; c++) image[3 * p + c] = record[1 + c * PLANE + p]!;
      }
      yield image;
    }
  } finally {
    bytes.close();
  }
}

async function openFile(file: File, labelled: boolean): Promise<RecordFile> {
  const { size } = await stat(file.full);
  const count = Math.floor(size / RECORD);
  if (size === 0 || size % RECORD !== 0) {
    throw new RegimenError(
      "REG_DATA_TRUNCATED",
      `${file.shown} has ${size} bytes; expected ${Math.ceil(Math.max(size, 1) / RECORD) * RECORD}, a whole number of ${RECORD}-byte records: download it again`,
    );
  }
  const labels = new Int32Array(count).fill(NO_LABEL);
  const bytes = await ByteReader.open(file.full, file.shown);
  try {
    for (let i = 0; labelled && i < count; i++) labels[i] = (await bytes.take(RECORD))[0]!;
  } finally {
    bytes.close();
  }
  return { shown: file.shown, h: SIDE, w: SIDE, c: 3, count, labels, images: (wanted) => imagesOf(file, wanted) };
}

async function filesOf(path: string, base: string, split: string | undefined): Promise<File[]> {
  const { full, folder } = await lookAt(path, base);
  if (!folder) return [{ full, shown: slashed(path) }];
  const known = split ?? "train";
  if (!Object.hasOwn(SPLITS, known))
    throw new RegimenError(
      "REG_CONFIG_INVALID",
      `format cifar10-binary got split: ${split}; expected "train" or "test"`,
    );
  const files = (await entriesOf(full)).filter((entry) => !entry.folder && SPLITS[known]!.test(entry.name));
  if (files.length === 0) {
    throw new RegimenError(
      "REG_DATA_PATH",
      `${slashed(path)} holds no ${split ?? "train"} file of CIFAR-10; expected ${split === "test" ? "test_batch.bin" : "data_batch_1.bin and so on"}: name the files`,
    );
  }
  return files.map((entry) => ({ full: entry.path, shown: joined(path, entry.name) }));
}

export async function openCifar10(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["split"]);
  const split = optionalText(spec, "split");
  const files: RecordFile[] = [];
  let names: readonly string[] | undefined;
  for (const path of pathsOf(spec)) {
    for (const file of await filesOf(path, how.base, split)) {
      files.push(await openFile(file, !ignoresLabels(spec)));
      names ??= await readClassNames(join(dirname(file.full), "batches.meta.txt"));
    }
  }
  const name = pathsOf(spec).map(slashed).join(", ") + (split === undefined ? "" : ` (${split})`);
  return openRecords({ name, files, classes: names ?? 10, limit: spec.limit }, how, memory);
}

/**
 * `format: cifar10-binary`. `path`: one or several .bin files, or their folder with `split: train | test` (train if absent).
 * Options: `limit`, `labels: false`. Class names come from `batches.meta.txt` beside the first file that has one.
 */
export const cifar10Reader: FileReader = {
  name: "cifar10-binary",
  about: "CIFAR-10's binary files: records of a label byte and 32×32 red, green and blue values",
  open: (spec, how) => openCifar10(spec, how),
};
