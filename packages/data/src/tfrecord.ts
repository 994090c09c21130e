import { open, type FileHandle } from "node:fs/promises";
import crc32c from "crc-32/crc32c.js";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { openBoxed, type Marked } from "./boxed.ts";
import { openFiles } from "./files.ts";
import { NO_LABEL, listed, numberNames, numberNumbers } from "./labels.ts";
import { checkOptions, ignoresLabels, pathsOf } from "./options.ts";
import { lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";
import { parseExample, type Feature } from "./tf-example.ts";

/** Names of features, first match wins: the object detection API's and TF-Slim's, then TensorFlow Datasets'. */
const NAMES = {
  image: ["image/encoded", "image", "image_raw"],
  label: ["image/class/label", "label"],
  text: ["image/class/text"],
  ymin: ["image/object/bbox/ymin"],
  xmin: ["image/object/bbox/xmin"],
  ymax: ["image/object/bbox/ymax"],
  xmax: ["image/object/bbox/xmax"],
  /** [ymin, xmin, ymax, xmax] one after the other. */ boxes: ["objects/bbox"],
  objectText: ["image/object/class/text"],
  objectLabel: ["image/object/class/label", "objects/label"],
  difficult: ["image/object/difficult"],
  crowd: ["image/object/is_crowd", "objects/is_crowd"],
} as const;

type Span = { readonly path: string; readonly id: string; readonly at: number; readonly length: number };
type Found = Span & {
  readonly label: number;
  readonly text: string | undefined;
  readonly objects: readonly Marked[] | undefined;
};

async function openTfrecord(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["classes", "capacity"]);
  const name = pathsOf(spec).map(slashed).join(", ");
  const named = namesOf(spec);
  const found: Found[] = [];
  for (const path of pathsOf(spec)) {
    const { full, folder } = await lookAt(path, how.base);
    const shown = slashed(path);
    if (folder)
      throw new RegimenError(
        "REG_DATA_PATH",
        `${shown} is a folder; format tfrecord expects files: name them in a list`,
      );
    const file = await open(full);
    try {
      for await (const span of spans(file, full, shown)) {
        if (spec.limit !== undefined && found.length >= spec.limit) break;
        found.push(await lookIn(file, span, named));
      }
    } finally {
      await file.close();
    }
  }
  if (!found.length) throw new RegimenError("REG_DATA_EMPTY", `${name} holds no record; expected one or more`);
  const files = found.map(({ path, id, ...rest }) => ({
    ...rest,
    path,
    id,
    encoded: () => imageIn({ path, id, ...rest }),
  }));
  if (found.some(({ objects }) => objects))
    return openBoxed(
      {
        name,
        files: files.map(({ path, id, encoded, objects = [] }) => ({ path, id, encoded, objects })),
        classes: named,
      },
      spec,
      how,
      memory,
    );
  const where = (row: number): string => found[row]!.id;
  const known = ignoresLabels(spec) ? found.map((one) => ({ ...one, label: NO_LABEL, text: undefined })) : found;
  const { classes, labels } = known.some(({ text }) => text !== undefined)
    ? numberNames(
        name,
        known.map(({ text }) => text),
        where,
        how.classes ?? named,
      )
    : numberNumbers(
        name,
        // What does not fit would become another number.
        Int32Array.from(known, ({ label }) => Math.max(-2, Math.min(label, 2 ** 31 - 1))),
        where,
        named,
        how.classes,
      );
  return openFiles(
    {
      name,
      classes,
      files: files.map(({ path, id, encoded }, row) => ({ path, id, encoded, label: labels[row]! })),
      skipped: [],
      notes: [],
    },
    how,
    memory,
  );
}

function namesOf({ classes }: DataSpec): readonly string[] | undefined {
  if (classes === undefined) return undefined;
  if (Array.isArray(classes) && classes.every((name) => typeof name === "string")) return classes as string[];
  throw new RegimenError(
    "REG_CONFIG_INVALID",
    `data of format tfrecord got classes: ${JSON.stringify(classes)}; expected a list of names`,
  );
}

/** Length, its checksum, the data, their checksum; the length's are checked here. Errors: REG_DATA_UNREADABLE, REG_DATA_TRUNCATED. */
async function* spans(file: FileHandle, path: string, shown: string): AsyncGenerator<Span> {
  const { size } = await file.stat();
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  for (let [at, row] = [0, 0]; at < size; row++) {
    const { bytesRead } = await file.read(head, 0, 12, at);
    if (bytesRead === 12 && view.getUint32(8, true) !== masked(head.subarray(0, 8)))
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${shown} is damaged at byte ${at}, or no TFRecord file (compressed ones are not read): download or write it again`,
      );
    const length = Number(view.getBigUint64(0, true));
    if (bytesRead < 12 || at + 16 + length > size)
      throw new RegimenError("REG_DATA_TRUNCATED", `${shown} ends within record ${row}; download or write it again`);
    yield { path, id: `${shown}#${row}`, at: at + 12, length };
    at += 16 + length;
  }
}

/** The features of one record. Errors: REG_DATA_UNREADABLE where its checksum is wrong or it is no Example. */
async function featuresIn(file: FileHandle, { at, length, id }: Span): Promise<ReadonlyMap<string, Feature>> {
  const bytes = new Uint8Array(length + 4);
  await file.read(bytes, 0, length + 4, at);
  const data = bytes.subarray(0, length);
  const whole = new DataView(bytes.buffer).getUint32(length, true) === masked(data);
  try {
    if (whole) return parseExample(data);
  } catch {
    // said below
  }
  throw new RegimenError(
    "REG_DATA_UNREADABLE",
    `${id} ${whole ? "is no tf.train.Example" : "is damaged: its checksum is wrong"}; download or write the file again`,
  );
}

/** The encoded image of a record, read anew. */
async function imageIn(span: Span): Promise<Uint8Array> {
  const file = await open(span.path);
  try {
    return first(await featuresIn(file, span), "image") as Uint8Array;
  } finally {
    await file.close();
  }
}

const listOf = (features: ReadonlyMap<string, Feature>, what: keyof typeof NAMES): Feature =>
  NAMES[what].map((name) => features.get(name)).find((feature) => feature?.length) ?? [];
const first = (features: ReadonlyMap<string, Feature>, what: keyof typeof NAMES): Uint8Array | number | undefined =>
  listOf(features, what)[0];
const wordOf = (value: Uint8Array | number | undefined): string | undefined =>
  value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : undefined;

async function lookIn(file: FileHandle, span: Span, named: readonly string[] | undefined): Promise<Found> {
  const features = await featuresIn(file, span);
  if (!(first(features, "image") instanceof Uint8Array))
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${span.id} has the features ${listed([...features.keys()]) || "(none)"} and no image; expected "image/encoded" or "image" with a JPEG or PNG file`,
    );
  const label = first(features, "label");
  const text = wordOf(first(features, "text"));
  const objects = [...features.keys()].some((name) => /^(image\/object|objects)\//.test(name));
  return {
    ...span,
    label: typeof label === "number" ? label : NO_LABEL,
    text,
    objects: objects ? objectsIn(features, span.id, named) : undefined,
  };
}

function objectsIn(features: ReadonlyMap<string, Feature>, id: string, named: readonly string[] | undefined): Marked[] {
  const flat = listOf(features, "boxes") as readonly number[];
  const sides = (["ymin", "xmin", "ymax", "xmax"] as const).map((side, i) =>
    flat.length ? flat.filter((_, at) => at % 4 === i) : (listOf(features, side) as readonly number[]),
  );
  const [texts, labels] = [listOf(features, "objectText"), listOf(features, "objectLabel")];
  const [difficult, crowds] = [listOf(features, "difficult"), listOf(features, "crowd")];
  return sides[0]!.map((_, i) => {
    const number = labels[i];
    const name = wordOf(texts[i]) ?? (typeof number === "number" ? (named?.[number] ?? String(number)) : "");
    return {
      at: sides.map((side) => side[i] ?? Number.NaN),
      in: "shares",
      class: name,
      is: crowds[i] === 1 ? -2 : difficult[i] === 1 ? -1 : 1,
      where: `${id}, object ${i + 1},`,
    };
  });
}

/** TFRecord's masked CRC-32C. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/**
 * `format: tfrecord`. Records are `tf.train.Example`s with an encoded image, and a label or boxes under the usual names. Options:
 * `classes` (names of the numbers), `capacity`, `limit`, `labels: false`. Compressed files are not read.
 */
export const tfrecordReader: FileReader = {
  name: "tfrecord",
  about:
    "TFRecord files of tf.train.Example: encoded images with labels or boxes, as TF-Slim, the object detection API and TFDS write them",
  open: (spec, how) => openTfrecord(spec, how),
};
