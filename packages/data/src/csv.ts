import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { RegimenError, type DataSpec, type ReadHow, type Skipped } from "@regimen/core";
import { openFiles } from "./files.ts";
import { NO_LABEL, SEVERAL, listed, natural, normalName, numberNames, numberSeveral } from "./labels.ts";
import { checkOptions, ignoresLabels, onlyOf, optionalText, pathsOf } from "./options.ts";
import { joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Names under which the columns are found, first match wins; case does not matter. */
const COLUMNS = {
  path: ["path", "file", "filename", "image"],
  label: ["label", "class", "category"],
  split: ["split", "subset"],
} as const;

/** Columns of soft labels, one a class: `p_cat`, `p_dog`. */
const SHARE = /^p_(.+)$/i;

type Row = {
  readonly path: string;
  readonly id: string;
  readonly line: number;
  readonly label: string | undefined;
  readonly split: string | undefined;
  /** By class. */ readonly shares: ReadonlyMap<string, string>;
};

/** The one of `,` `;` and tab that the header line has most of. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

export function parseRows(
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
      header: header?.record ?? [],
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
    header.findIndex((name) => (COLUMNS[kind] as readonly string[]).includes(name.toLowerCase()));
  const soft = header.flatMap((name, cell) => {
    const of = SHARE.exec(name)?.[1];
    return of === undefined ? [] : [{ of: normalName(of), cell }];
  });
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
      shares: new Map(soft.map(({ of, cell }) => [of, cells[cell] ?? ""])),
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
  const shared = [...new Set(rows.flatMap(({ shares }) => [...shares.keys()]))].sort(natural);
  // A class may be called "red|green".
  const whole = new Set((how.classes ?? shared).map(normalName));
  if (how.several || rows.some(({ label = "" }) => label.includes(SEVERAL) && !whole.has(normalName(label))))
    return openSeveral({ name, rows, skipped, limit: spec.limit }, how, memory);
  const numbered = numberNames(
    name,
    rows.map((row) => row.label),
    (row) => rows[row]!.where,
    how.classes ?? (shared.length > 1 ? shared : undefined),
  );
  const files = rows
    .map(({ path, id, where, shares: told }, row) => {
      const label = numbered.labels[row]!;
      const shares = label === NO_LABEL ? undefined : sharesOf(told, label, numbered.classes, where);
      return { path, id, label, ...(shares && { shares }) };
    })
    .slice(0, spec.limit);
  return openFiles({ name, classes: numbered.classes, files, skipped, notes: [] }, how, memory);
}

/** Labels as in `cat|dog`; `|` alone is none of the classes, an empty cell no label. */
function openSeveral(
  of: { name: string; rows: readonly (Row & { where: string })[]; skipped: Skipped[]; limit: number | undefined },
  how: ReadHow,
  memory?: number,
): Promise<OpenedSamples> {
  const { name, rows, skipped, limit } = of;
  const told = rows.map(({ label }) => label?.split(SEVERAL).flatMap((one) => (one.trim() === "" ? [] : [one])));
  const { classes, shares } = numberSeveral(told, (row) => rows[row]!.where, how.classes);
  const files = rows
    .map(({ path, id }, row) => ({ path, id, label: NO_LABEL, ...(shares[row] && { shares: shares[row] }) }))
    .slice(0, limit);
  return openFiles({ name, classes, files, skipped, notes: [] }, how, memory);
}

/**
 * A row's soft label; undefined where it has none, and where its likeliest class is another than its label: somebody has
 * corrected that.
 */
function sharesOf(
  told: Row["shares"],
  label: number,
  classes: readonly string[],
  where: string,
): readonly number[] | undefined {
  if (classes.some((name) => !told.get(name))) return undefined;
  const shares = classes.map((name) => Number(told.get(name)));
  const sum = shares.reduce((all, share) => all + share, 0);
  if (!shares.every((share) => share >= 0) || Math.abs(sum - 1) > 0.01)
    throw new RegimenError(
      "REG_DATA_LABEL",
      `${where} has the soft label ${shares.join(", ")}; expected numbers from 0 to 1 that sum to 1: correct the columns p_…, or remove them`,
    );
  return shares[label]! < Math.max(...shares) ? undefined : shares.map((share) => share / sum);
}

/**
 * `format: csv`. A header with `path` (or file, filename, image) and `label` (or class, category); paths relative to the CSV; an empty
 * label is none; `cat|dog` are two, `|` none of the classes. Columns `p_<class>` for every class are soft labels, as `regimen label` writes them. Options: `split` (rows whose column `split` says so), `limit` (the first rows), `labels: false`, `only: labelled | unlabelled`.
 */
export const csvReader: FileReader = {
  name: "csv",
  about:
    "A CSV file with the columns path and label, and perhaps split; paths are relative to it, rows without a label are allowed",
  open: (spec, how) => openCsv(spec, how),
};
