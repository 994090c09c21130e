import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { readers } from "./readers.ts";

export { cifar10, csvFile, idxFiles, imageFolder } from "./from-code.ts";
export type { CifarOptions, CsvOptions, FileOptions, FolderOptions, IdxOptions } from "./from-code.ts";
export { fromArrays, fromTensors } from "./memory.ts";
export { fromDataset, fromGenerator, type DatasetLike, type Example, type StreamOptions } from "./streams.ts";
export type { CollectOptions, Label } from "./collector.ts";
export type { OpenedSamples } from "./samples.ts";
export { describePath, findSplits, openSplits, type Splits } from "./splits.ts";
export { inspect, type InspectOptions } from "./inspect.ts";
export type { Copies, Inspectable, Inspection } from "./inspection.ts";
export { INTERPOLATION, fitImage, place, type Fit, type Pixels, type Size } from "./pixels.ts";
export { chooseSize, type SizeCount } from "./sizes.ts";
export { openSpec, readers } from "./readers.ts";

/** Registers the readers idx, cifar10-binary, image-folder and csv. */
const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    for (const reader of readers) into.reader(reader);
  },
};
export default plugin;
