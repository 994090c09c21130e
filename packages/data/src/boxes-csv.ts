import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { openBoxed, type Marked } from "./boxed.ts";
import { parseRows } from "./csv.ts";
import { listed } from "./labels.ts";
import { checkOptions, optionalText, pathsOf } from "./options.ts";
import { joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Names under which the columns are found, first match wins; case does not matter. */
const COLUMNS = {
  path: ["path", "file", "filename", "image"],
  label: ["label", "class", "category"],
  xmin: ["xmin", "x0"],
  ymin: ["ymin", "y0"],
  xmax: ["xmax", "x1"],
  ymax: ["ymax", "y1"],
  split: ["split", "subset"],
  difficult: ["difficult"],
  crowd: ["crowd", "iscrowd"],
} as const;
type Column = keyof typeof COLUMNS;
const SIDES = ["ymin", "xmin", "ymax", "xmax"] as const;

async function openBoxesCsv(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["split", "capacity"]);
  const split = optionalText(spec, "split");
  const name = pathsOf(spec).map(slashed).join(", ") + (split === undefined ? "" : ` (${split})`);
  const files = new Map<string, { path: string; id: string; objects: Marked[] }>();
  for (const path of pathsOf(spec)) {
    const { full, folder } = await lookAt(path, how.base);
    const shown = slashed(path);
    if (folder)
      throw new RegimenError(
        "REG_DATA_PATH",
        `${shown} is a folder; format boxes-csv expects a CSV file: name the file in it`,
      );
    const { header, rows } = parseRows(await readFile(full, "utf8"), shown);
    const lower = header.map((column) => column.toLowerCase());
    const at = (column: Column) => lower.findIndex((one) => (COLUMNS[column] as readonly string[]).includes(one));
    const missing = (["path", "label", ...SIDES, ...(split === undefined ? [] : ["split" as const])] as const).filter(
      (column) => at(column) < 0,
    );
    if (missing.length)
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${shown} has the columns ${listed(header) || "(none)"} and lacks ${listed(missing)}; expected path,label,xmin,ymin,xmax,ymax, a row an object`,
      );
    for (const { cells, line } of rows) {
      const cell = (column: Column): string => cells[at(column)] ?? "";
      if (split !== undefined && cell("split") !== split) continue;
      const where = `${shown}, line ${line},`;
      const image = slashed(cell("path"));
      if (!image)
        throw new RegimenError("REG_DATA_UNREADABLE", `${where} names no file; expected one in its column "path"`);
      const id = isAbsolute(image) ? image : joined(dirname(path), image);
      const file = files.get(id) ?? { path: resolve(dirname(full), image), id, objects: [] };
      files.set(id, file);
      // A row with a file alone: an image without objects.
      if (["label" as const, ...SIDES].every((column) => !cell(column))) continue;
      file.objects.push({
        at: SIDES.map((side) => (cell(side) === "" ? NaN : Number(cell(side)))),
        in: "pixels",
        class: cell("label"),
        is: said(cell("crowd")) ? -2 : said(cell("difficult")) ? -1 : 1,
        where,
      });
    }
  }
  return openBoxed({ name, files: [...files.values()], classes: undefined }, spec, how, memory);
}

const said = (cell: string): boolean => /^(1|true|yes)$/i.test(cell);

/**
 * `format: boxes-csv`. Columns path, label, xmin, ymin, xmax, ymax: a row an object, in pixels from the picture's corner, xmax and
 * ymax just behind it; a row with nothing but a path is an image without objects. Further columns: split, difficult, crowd (1 or true).
 * Options: `split`, `capacity`, `limit`, `labels: false`.
 */
export const boxesCsvReader: FileReader = {
  name: "boxes-csv",
  about:
    "A CSV file with the columns path, label, xmin, ymin, xmax, ymax (and difficult, crowd, split): a row an object, in pixels",
  open: (spec, how) => openBoxesCsv(spec, how),
};
