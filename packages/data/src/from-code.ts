import type { DataSpec, ReadHow } from "@regimen/core";
import { openCifar10 } from "./cifar10.ts";
import { openCsv } from "./csv.ts";
import { openIdx } from "./idx.ts";
import { openImageFolder } from "./image-folder.ts";
import type { Fit, Size } from "./pixels.ts";
import type { OpenedSamples } from "./samples.ts";

/** What every reader of files takes. */
export type FileOptions = {
  /** Relative paths start here; the working directory if absent. */ readonly base?: string;
  /** The classes, in order: others are REG_DATA_LABEL. Absent: found. Give those of the training split to the other splits. */
  readonly classes?: readonly string[];
  /** Target size in pixels; one number: square. Absent: the images' own where they agree, else chosen (`about.notes` says what). */
  readonly size?: number | Size;
  /** "cover" if absent. */ readonly fit?: Fit;
  /** 1 grey, 3 colour; absent: colour as soon as one image is. */ readonly channels?: 1 | 3;
  /** The first n; of an image folder, from the classes in turns. */ readonly limit?: number;
  /** False: no image counts as labelled. */ readonly labels?: false;
  /** An image may have several labels: for multilabel classification. */ readonly several?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
};
/** `only`: rows with a label, or those without. */
export type FolderOptions = FileOptions & { readonly only?: "labelled" | "unlabelled" };
/** `split`: rows whose column `split` says so. */
export type CsvOptions = FolderOptions & { readonly split?: string };
export type CifarOptions = FileOptions & { readonly split?: "train" | "test" };
/** `labels`: the labels file; absent: by the usual naming. `names`: of the class numbers; absent: `classes.txt`, else "0", "1", … */
export type IdxOptions = Omit<FileOptions, "labels"> & {
  readonly split?: "train" | "validation" | "test";
  readonly labels?: string | readonly string[] | false;
  readonly names?: readonly string[];
};
type Path = string | readonly string[];

/** Options as a configuration's data source would say them, and as the core would pass them on. */
function described(format: string, path: Path, options: CsvOptions | IdxOptions): readonly [DataSpec, ReadHow] {
  const { base = process.cwd(), classes, size, fit = "cover", channels, several, onProgress, ...rest } = options;
  const { names, ...own } = rest as { readonly names?: readonly string[] };
  const how: ReadHow = {
    base,
    fit,
    ...(classes && { classes }),
    ...(size !== undefined && { size: typeof size === "number" ? { h: size, w: size } : size }),
    ...(channels && { channels }),
    ...(several && { several }),
    ...(onProgress && { onProgress }),
  };
  return [{ format, path, ...own, ...(names && { classes: names }) }, how];
}

/** One folder for each class: see `imageFolderReader`. `path`: a folder or several; image files among them are unlabelled. Errors: REG_DATA_*. */
export const imageFolder = (path: Path, options: FolderOptions = {}): Promise<OpenedSamples> =>
  openImageFolder(...described("image-folder", path, options));

/** A CSV file with the columns path and label: see `csvReader`. Errors: REG_DATA_*. */
export const csvFile = (path: Path, options: CsvOptions = {}): Promise<OpenedSamples> =>
  openCsv(...described("csv", path, options));

/** IDX files: see `idxReader`. Errors: REG_DATA_*. */
export const idxFiles = (path: Path, options: IdxOptions = {}): Promise<OpenedSamples> =>
  openIdx(...described("idx", path, options));

/** CIFAR-10's binary files: see `cifar10Reader`. Errors: REG_DATA_*. */
export const cifar10 = (path: Path, options: CifarOptions = {}): Promise<OpenedSamples> =>
  openCifar10(...described("cifar10-binary", path, options));
