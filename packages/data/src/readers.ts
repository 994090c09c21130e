import { nearest, RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { boxesCsvReader } from "./boxes-csv.ts";
import { cifar10Reader } from "./cifar10.ts";
import { cocoMasksReader } from "./coco-masks.ts";
import { cocoReader } from "./coco.ts";
import { csvReader } from "./csv.ts";
import { idxReader } from "./idx.ts";
import { imageFolderReader } from "./image-folder.ts";
import { listed } from "./labels.ts";
import { maskFolderReader } from "./mask-folder.ts";
import { npzReader } from "./npz.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";
import { tfrecordReader } from "./tfrecord.ts";
import { vocReader } from "./voc.ts";
import { yoloReader } from "./yolo.ts";

export const readers: readonly FileReader[] = [
  idxReader,
  cifar10Reader,
  imageFolderReader,
  csvReader,
  maskFolderReader,
  cocoMasksReader,
  cocoReader,
  yoloReader,
  vocReader,
  boxesCsvReader,
  npzReader,
  tfrecordReader,
];

/** Opens a data source with this package's readers alone. Errors: REG_DATA_FORMAT, REG_DATA_*. */
export function openSpec(spec: DataSpec, how: ReadHow): Promise<OpenedSamples> {
  const reader = readers.find((candidate) => candidate.name === spec.format);
  if (reader) return reader.open(spec, how);
  const names = readers.map((candidate) => candidate.name);
  const near = nearest(spec.format, names);
  throw new RegimenError(
    "REG_DATA_FORMAT",
    `the format "${spec.format}" was asked for; @regimen/data reads ${listed(names)}${near === undefined ? "" : `: did you mean "${near}"?`}`,
  );
}
