import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { RegimenError, type DataSpec, type ReadHow, type Skipped } from "@regimen/core";
import { openFiles } from "./files.ts";
import { listed, natural, numberNames } from "./labels.ts";
import { checkOptions, ignoresLabels, onlyOf, optionalText, pathsOf } from "./options.ts";
import { joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Names under which the columns are found, first match wins; case does not matter. */
const COLUMNS = {
  path: ["path", "file", "filename", "image"],
  label: ["label", "class", "category"],
  split: ["split", "subset"],
} as const;

type Row = {
  readonly path: string;
  readonly id: string;
  readonly line: number;
  readonly label: string | undefined;
  readonly split: string | undefined;
};

/** The one of `,` `;` and tab that the header line has most of. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

function parseRows(
  text: string,
  shown: string,
): { readonly header: string[]; readonly rows: { readonly cells: string[]; readonly line: number }[] } {
  try {
    const parsed = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    const [header, ...rows] = parsed;
    return {
      header: (header?.record ?? []).map((name) => name.toLowerCase()),
      rows: rows.map(({ record, info }) => ({ cells: record, line: info.lines })),
    };
  } catch (cause) {
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${shown} is not a CSV file that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function readRows(
  path: string,
  base: string,
  skipped: Skipped[],
): Promise<{ readonly rows: Row[]; readonly columns: Set<string> }> {
  const { full, folder } = await lookAt(path, base);
  const shown = slashed(path);
  if (folder)
    throw new RegimenError("REG_DATA_PATH", `${shown} is a folder; format csv expects a CSV file: name the file in it`);
  const { header, rows } = parseRows(await readFile(full, "utf8"), shown);
  const column = (kind: keyof typeof COLUMNS) =>
    header.findIndex((name) => (COLUMNS[kind] as readonly string[]).includes(name));
  const at = { path: column("path"), label: column("label"), split: column("split") };
  if (at.path < 0) {
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${shown} has the columns ${listed(header) || "(none)"}; expected a header with "path" and, for labelled images, "label", as in path,label`,
    );
  }
  const out: Row[] = [];
  for (const { cells, line } of rows) {
    const file = slashed(cells[at.path] ?? "");
    if (file === "") {
      skipped.push({ file: `${shown}, line ${line}`, why: "the row names no file" });
      continue;
    }
    const label = at.label < 0 ? "" : (cells[at.label] ?? "");
    out.push({
      path: resolve(dirname(full), file),
      id: isAbsolute(file) ? file : joined(dirname(path), file),
      line,
      label: label === "" ? undefined : label,
      split: at.split < 0 ? undefined : (cells[at.split] ?? ""),
    });
  }
  return { rows: out, columns: new Set((["path", "label", "split"] as const).filter((kind) => at[kind] >= 0)) };
}

export async function openCsv(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["only", "split"]);
  const split = optionalText(spec, "split");
  const only = onlyOf(spec);
  const name = pathsOf(spec).map(slashed).join(", ") + (split === undefined ? "" : ` (${split})`);
  const skipped: Skipped[] = [];
  const all: (Row & { readonly where: string })[] = [];
  for (const path of pathsOf(spec)) {
    const { rows, columns } = await readRows(path, how.base, skipped);
    if (split !== undefined && !columns.has("split")) {
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${slashed(path)} has no column "split", but split: ${split} was asked for: add the column, or leave the option out`,
      );
    }
    for (const row of rows) all.push({ ...row, where: `${slashed(path)}, line ${row.line},` });
  }
  const named = all.filter((row) => split === undefined || row.split === split);
  if (all.length > 0 && named.length === 0) {
    const splits = [...new Set(all.map((row) => row.split ?? ""))].sort(natural);
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `no row of ${name} has the split "${split}"; there are ${listed(splits)}: name one of them`,
    );
  }
  const labelled = ignoresLabels(spec) ? named.map((row) => ({ ...row, label: undefined })) : named;
  const rows = labelled.filter((row) => only === undefined || (row.label !== undefined) === (only === "labelled"));
  if (rows.length === 0) {
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${name} has no row with ${only === undefined ? "an" : `an ${only}`} image; expected lines such as photos/1.jpg,cat`,
    );
  }
  const numbered = numberNames(
    name,
    rows.map((row) => row.label),
    (row) => rows[row]!.where,
    how.classes,
  );
  const files = rows.map(({ path, id }, row) => ({ path, id, label: numbered.labels[row]! })).slice(0, spec.limit);
  return openFiles({ name, classes: numbered.classes, files, skipped, notes: [] }, how, memory);
}

/**
 * `format: csv`. A header with `path` (or file, filename, image) and `label` (or class, category); paths relative to the CSV; an empty
 * label is none. Options: `split` (rows whose column `split` says so), `limit` (the first rows), `labels: false`, `only: labelled | unlabelled`.
 */
export const csvReader: FileReader = {
  name: "csv",
  about:
    "A CSV file with the columns path and label, and perhaps split; paths are relative to it, rows without a label are allowed",
  open: (spec, how) => openCsv(spec, how),
};
