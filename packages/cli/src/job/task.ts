import { resolve } from "node:path";
import type { Task } from "@regimen/core";
import { findSplits } from "@regimen/data";
import { isFolder, splitPlace } from "../config/place.ts";
import type { Settings } from "../config/settings.ts";

/** Formats that are made for one task. */
const FORMATS: Readonly<Record<string, Task>> = {
  "mask-folder": "semantic_segmentation",
  "coco-masks": "semantic_segmentation",
  coco: "detection",
  yolo: "detection",
  voc: "detection",
  "boxes-csv": "detection",
};

/** The configuration's task; where it says none, what format or folder are made for; else classification. Errors: REG_DATA_*. */
export async function taskOf({ config, base }: Pick<Settings, "config" | "base">): Promise<Task> {
  if (config.task) return config.task;
  const { data } = config;
  if (typeof data !== "string") {
    const format = typeof data.train === "string" ? splitPlace(data.train, base).format : data.train.format;
    return FORMATS[format ?? ""] ?? "classification";
  }
  const { format, path } = splitPlace(data, base);
  if (format !== undefined) return FORMATS[format] ?? "classification";
  return (isFolder(resolve(base, path)) && (await findSplits(path, base)).task) || "classification";
}
