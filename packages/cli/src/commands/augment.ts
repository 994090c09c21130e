import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  RegimenError,
  createRng,
  shortName,
  type Regimen,
  type Rows,
  type Shape,
  type Source,
  type Task,
} from "@regimen/core";
import { augmented, pictureOf, seenOf, transformed, transformsOf } from "../augment/pictures.ts";
import { drawSheet, type Sheet } from "../augment/sheet.ts";
import { absoluteIfPath, splitPlace } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import { count, row } from "../display/style.ts";
import type { Io } from "../io.ts";
import { trainingPart } from "../job/data.ts";
import { shownPath } from "../job/folder.ts";
import { policyName, readPolicy } from "../job/policy.ts";
import { loadPlugins } from "../plugins/load.ts";

export type AugmentFlags = {
  readonly policy?: string;
  readonly all?: boolean;
  readonly data: string;
  readonly out: string;
  readonly images?: number;
  readonly seed?: number;
  readonly backend?: string;
  readonly plugin?: readonly string[];
};

/** Images shown of a policy, and how often it is drawn for each. */
const [IMAGES, DRAWS] = [8, 8];
const SEED = 7;

export async function augmentCommand(io: Io, console: Console, flags: AugmentFlags): Promise<void> {
  if ((flags.policy === undefined) === (flags.all !== true))
    throw new RegimenError("REG_USAGE", "expected either --policy FILE or --all");
  if (!/\.png$/i.test(flags.out))
    throw new RegimenError("REG_USAGE", `--out got "${flags.out}"; expected the name of a .png file`);
  if (flags.policy === "none")
    throw new RegimenError("REG_USAGE", "--policy none changes no image; name a policy.json or a run's folder");
  const policy = flags.policy === undefined ? undefined : readPolicy(flags.policy, io.cwd, "--policy");
  const wanted = flags.images ?? (policy ? IMAGES : 1);
  if (wanted < 1) throw new RegimenError("REG_USAGE", "--images got 0; expected at least 1");
  const loaded = await loadPlugins(
    io,
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd)),
    ["backend", "reader", "technique"],
  );
  const regimen = await io.createRegimen({
    plugins: loaded.map(({ plugin }) => plugin),
    backend: flags.backend ?? "auto",
  });
  try {
    const data = await opened(regimen, flags.data, io.cwd);
    try {
      const rng = createRng(flags.seed ?? SEED).fork("augment");
      const chosen = [...rng.fork("images").permutation(data.length).subarray(0, wanted)];
      const seen = { data, chosen, rows: await data.read(chosen) };
      const { techniques } = regimen.registered;
      const task = taskOf(seen.rows);
      const sheet = policy
        ? policySheet(policyName(policy), seen, (rows, shape, draw) =>
            augmented(seenOf(policy, techniques, task), rows, shape, rng.fork(draw), draw),
          )
        : transformSheet(seen, (rows, format) =>
            transformsOf(techniques).map((technique) => {
              console.live(`  drawing ${shortName(technique.name)}`);
              return transformed(technique, rows, format, task, rng);
            }),
          );
      const { png, width, height } = await drawSheet(sheet);
      const file = resolve(io.cwd, flags.out);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, png);
      console.json({
        sheet: file,
        width,
        height,
        rows: sheet.rows.map(({ label, cells }) => ({ label, cells: cells.map((cell) => cell.label) })),
      });
      const pictures = sheet.rows.reduce((sum, { cells }) => sum + cells.length, 0);
      console.say(row(console.ink, "sheet", `${count(pictures)} pictures in ${shownPath(file, io.cwd)}`));
    } finally {
      data.dispose();
    }
  } finally {
    await regimen.dispose();
  }
}

/** The training images; of a folder without class folders, all. */
async function opened(regimen: Regimen, place: string, base: string): Promise<Source> {
  const { format = "image-folder", path } = splitPlace(place, base);
  try {
    return await regimen.open(await trainingPart(place, base), { base });
  } catch (error) {
    if (!(error instanceof RegimenError && error.code === "REG_DATA_EMPTY" && format === "image-folder")) throw error;
    return regimen.open({ format, path, labels: false }, { base });
  }
}

type Seen = { readonly data: Source; readonly chosen: readonly number[]; readonly rows: Rows };

const taskOf = ({ boxes, masks }: Rows): Task =>
  boxes ? "detection" : masks ? "semantic_segmentation" : "classification";

/** A row an image: as it is, then as a training would see it in so many epochs. */
function policySheet(
  name: string,
  { data, chosen, rows }: Seen,
  augment: (rows: Rows, shape: Shape, draw: number) => Parameters<typeof pictureOf>[0],
): Sheet {
  const n = chosen.length;
  const shape = { ...data.format, n, classes: data.classes.length };
  const draws = Array.from({ length: DRAWS }, (_, draw) => augment(rows, shape, draw));
  return {
    title: `${name}: ${n} images, ${DRAWS} draws of each`,
    format: data.format,
    rows: chosen.map((at, i) => ({
      ...told(data, at, rows, i),
      cells: [
        { picture: pictureOf(rows, i, n), label: "original" },
        ...draws.map((drawn, draw) => ({ picture: pictureOf(drawn, i, n), label: `draw ${draw + 1}` })),
      ],
    })),
  };
}

/** A row a transform, for each image. */
function transformSheet(
  { data, chosen, rows }: Seen,
  transform: (rows: Rows, format: Omit<Shape, "n">) => ReturnType<typeof transformed>[],
): Sheet {
  const n = chosen.length;
  const format = { ...data.format, classes: data.classes.length };
  const sheets = chosen.map((at, i) => {
    const one = {
      ...pictureOf(rows, i, n),
      labels: rows.labels.subarray(0, data.classes.length),
      weights: rows.weights.subarray(0, 1),
      origin: rows.origin.subarray(0, 1),
    };
    const { label } = told(data, at, rows, i);
    return transform(one, format).map(({ name, at, pictures }) => ({
      label: shortName(name),
      ...(n > 1 && { note: label }),
      cells: [{ picture: one, label: "original" }, ...pictures.map((picture, k) => ({ picture, label: at[k]! }))],
    }));
  });
  return {
    title: `every transform at five magnitudes, with the draw of eight that shows most`,
    format: data.format,
    rows: sheets.flat(),
  };
}

/** What a person calls image `at`, and its class. */
function told(data: Source, at: number, { labels }: Rows, i: number): { label: string; note?: string } {
  const k = data.classes.length;
  const own = [...labels.subarray(i * k, (i + 1) * k)];
  const classes = data.classes.filter((_, c) => own[c]! > 0.5);
  return { label: data.id(at), ...(classes.length > 0 && { note: classes.join(", ") }) };
}
