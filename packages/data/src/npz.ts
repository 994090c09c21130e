import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { NO_LABEL, listed } from "./labels.ts";
import { fromArrays, labelRows } from "./memory.ts";
import { parseNpy, type NpyArray } from "./npy.ts";
import { checkOptions, ignoresLabels, optionalText, pathsOf } from "./options.ts";
import { lookAt, slashed } from "./paths.ts";
import { openRecords, type RecordFile } from "./records.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Splits as files call them, and the names of arrays of images and labels, first match wins. */
const SPLITS: Readonly<Record<string, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["val", "valid", "validation"],
  test: ["test"],
};
const NAMES = { images: ["x", "images", "data", "arr_0"], labels: ["y", "labels", "targets", "arr_1"] } as const;

/** "x_train" and "train_images" for a split; without one "x", "images", "arr_0". */
function candidates(what: keyof typeof NAMES, split: string | undefined): string[] {
  if (split === undefined) return [...NAMES[what]];
  return (Object.hasOwn(SPLITS, split) ? SPLITS[split]! : [split]).flatMap((name) =>
    NAMES[what].flatMap((word) => [`${word}_${name}`, `${name}_${word}`]),
  );
}

async function openNpz(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  const named = typeof spec["labels"] === "string" ? spec["labels"] : undefined;
  checkOptions(spec, ["split", "images"]);
  const split = optionalText(spec, "split");
  const [path, second] = pathsOf(spec);
  if (second !== undefined)
    throw new RegimenError("REG_CONFIG_INVALID", "data of format npz got several paths; expected one file");
  const shown = slashed(path!);
  const { full, folder } = await lookAt(path!, how.base);
  if (folder) throw new RegimenError("REG_DATA_PATH", `${shown} is a folder; format npz expects an .npz file`);
  const arrays = await unzipped(full, shown);
  const names = Object.keys(arrays);
  const find = (what: keyof typeof NAMES, asked: string | undefined): NpyArray | undefined => {
    const name = asked ?? candidates(what, split).find((one) => names.some((own) => own.toLowerCase() === one));
    const own = names.find((one) => (asked === undefined ? one.toLowerCase() === name : one === name));
    if (own === undefined && asked === undefined) return undefined;
    if (own === undefined)
      throw new RegimenError("REG_DATA_UNREADABLE", `${shown} has no array "${asked}"; it has ${listed(names)}`);
    return parseNpy(arrays[own]!, `${shown}, array "${own}",`);
  };
  const images = find("images", optionalText(spec, "images"));
  if (!images)
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${shown} has the arrays ${listed(names) || "(none)"}, and none is known for images${split === undefined ? "; name one with images:, or a split: train" : ` of the split "${split}"; name one with images:`}`,
    );
  const labels = named === undefined && ignoresLabels(spec) ? undefined : find("labels", named);
  return samplesOf({ shown, images, labels, limit: spec.limit }, how, memory);
}

async function unzipped(file: string, shown: string): Promise<Record<string, Uint8Array>> {
  try {
    const entries = Object.entries(unzipSync(await readFile(file)));
    return Object.fromEntries(entries.map(([name, bytes]) => [name.replace(/\.npy$/, ""), bytes]));
  } catch (cause) {
    throw new RegimenError("REG_DATA_UNREADABLE", `${shown} is no NPZ file: ${(cause as Error).message}`, { cause });
  }
}

type Arrays = {
  readonly shown: string;
  readonly images: NpyArray;
  readonly labels: NpyArray | undefined;
  readonly limit: number | undefined;
};

async function samplesOf(
  { shown, images, labels, limit }: Arrays,
  how: ReadHow,
  memory?: number,
): Promise<OpenedSamples> {
  const [n = 0, h, w, c = 1] = images.shape;
  if (![3, 4].includes(images.shape.length) || images.shape.includes(0))
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `images of ${shown} have the shape [${images.shape.join(", ")}]; expected [n, height, width] or [n, height, width, channels]`,
    );
  if (labels && labels.shape[0] !== n)
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `${shown} has ${n} images and ${labels.shape[0]} labels; expected as many of both`,
    );
  const size = h! * w! * c;
  const single = !labels || labels.values.length === n;
  if (images.values instanceof Uint8Array && (c === 1 || c === 3) && single) {
    const numbers = labels ? Int32Array.from(labels.values) : new Int32Array(n).fill(NO_LABEL);
    const bytes = images.values;
    const file: RecordFile = {
      shown,
      h: h!,
      w: w!,
      c,
      count: n,
      labels: numbers,
      async *images(count) {
        for (let row = 0; row < count; row++) yield bytes.subarray(row * size, (row + 1) * size);
      },
    };
    return openRecords({ name: shown, files: [file], classes: undefined, limit }, how, memory);
  }
  if (how.size && (how.size.h !== h || how.size.w !== w))
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `images of ${shown} are ${w}×${h} and a size of ${how.size.w}×${how.size.h} was asked for; only bytes of 1 or 3 channels with one label each are resized: leave the size out`,
    );
  const count = Math.min(limit ?? n, n);
  const rows = labels && labelRows(labels.shape, labels.values, shown).slice(0, count);
  const options = { h: h!, w: w!, c, n: count, name: shown, ...(how.classes && { classes: how.classes }) };
  return fromArrays(images.values.subarray(0, count * size), rows, options);
}

/**
 * `format: npz`. NumPy's archive of arrays: images [n, h, w] or [n, h, w, c], labels [n], [n, 1] or [n, classes]. Found by the usual
 * names: x_train and y_train, train_images and train_labels (`split`), x and y, images and labels. Options: `split`, `images` and
 * `labels` (arrays by name; `labels: false`: none), `limit`. The whole archive is unpacked in memory.
 */
export const npzReader: FileReader = {
  name: "npz",
  about:
    "NumPy's .npz: images [n, h, w] or [n, h, w, c] and labels, as x_train and y_train, train_images and train_labels, x and y",
  open: (spec, how) => openNpz(spec, how),
};
