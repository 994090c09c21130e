import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { RegimenError, type Prediction } from "@regimen/core";
import { describePath } from "@regimen/data";
import { absoluteIfPath } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import { csvLine } from "../display/csv.ts";
import { count, percent, row } from "../display/style.ts";
import type { Io } from "../io.ts";
import { openSaved } from "../job/saved.ts";
import { loadPlugins } from "../plugins/load.ts";

export type LabelFlags = {
  readonly model: string;
  readonly unlabeled: string;
  readonly out?: string;
  readonly threshold?: number;
  readonly hard?: boolean;
  readonly backend?: string;
  readonly plugin?: readonly string[];
};
/** One image: what it is probably of, and how probable each class is. */
type Label = {
  readonly path: string;
  readonly label: string;
  readonly confidence: number;
  readonly probabilities: readonly number[];
};

/** Probabilities that are off by more than this, on the average, deserve a word. */
const MISCALIBRATED = 0.1;

/** Labels images that have none, as CSV: to `--out`, else to stdout. */
export async function labelCommand(io: Io, console: Console, flags: LabelFlags): Promise<void> {
  const spec = { ...(await describePath(flags.unlabeled, io.cwd)), labels: false };
  const loaded = await loadPlugins(
    io,
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd)),
    ["backend", "reader"],
  );
  const regimen = await io.createRegimen({
    plugins: loaded.map(({ plugin }) => plugin),
    backend: flags.backend ?? "auto",
  });
  try {
    const { model, how, ece, ...saved } = await openSaved(flags.model, io.cwd);
    if (saved.task !== "classification" && saved.task !== "binary_classification") {
      model.dispose();
      throw new RegimenError(
        "REG_TASK",
        `${flags.model} was trained for ${saved.task}; label gives each image one class: use regimen predict`,
      );
    }
    const classes = saved.classes ?? numbers(model.outputs[0]?.shape.at(-1) ?? 0);
    if (ece !== null && ece > MISCALIBRATED)
      console.warn(
        "REG_MODEL_OUTPUT",
        `the model's probabilities were off by ${percent(ece)} on its test images (expected calibration error), and these labels are as far off; train it with @regimen/technique-temperature`,
      );
    try {
      const data = await regimen.open(spec, { base: io.cwd, ...how, classes });
      try {
        for (const { file, why } of data.skipped) console.warn("REG_DATA_UNREADABLE", `${file}: ${why}`);
        const predictions = await regimen.label({ model, data });
        tell(labelsOf(predictions, classes, flags, io.cwd), { ...flags, classes, ece, of: data.length }, io, console);
      } finally {
        data.dispose();
      }
    } finally {
      model.dispose();
    }
  } finally {
    await regimen.dispose();
  }
}

const numbers = (length: number): string[] => Array.from({ length }, (_, at) => String(at));

/** Paths are relative to where they are written, as the csv reader takes them; what is no file keeps its name. */
function labelsOf(
  predictions: readonly Prediction[],
  classes: readonly string[],
  { out, threshold = 0 }: Pick<LabelFlags, "out" | "threshold">,
  cwd: string,
): Label[] {
  const folder = out === undefined ? cwd : dirname(resolve(cwd, out));
  const told = predictions.map(({ id, predicted, probabilities }): Label => {
    const file = resolve(cwd, id);
    const path = existsSync(file) ? relative(folder, file).replaceAll("\\", "/") : id;
    return { path, label: classes[predicted]!, confidence: probabilities[predicted]!, probabilities };
  });
  return told.filter(({ confidence }) => confidence >= threshold);
}

/** `path`, `label`, and unless `hard` the label's probability and each class's, as `p_<class>`. */
export function labelsCsv(labels: readonly Label[], classes: readonly string[], hard: boolean): string {
  const soft = <T>(cells: readonly T[]): readonly T[] => (hard ? [] : cells);
  const head = ["path", "label", ...soft(["confidence", ...classes.map((name) => `p_${name}`)])];
  const lines = labels.map(({ path, label, confidence, probabilities }) => [
    path,
    label,
    ...soft([confidence, ...probabilities]),
  ]);
  return [head, ...lines].map(csvLine).join("");
}

type Told = LabelFlags & { readonly classes: readonly string[]; readonly ece: number | null; readonly of: number };

function tell(labels: readonly Label[], flags: Told, io: Io, console: Console): void {
  const { out, classes, threshold = null, hard = false, ece, of } = flags;
  const csv = labelsCsv(labels, classes, hard);
  const found = classes.map((name) => ({ name, images: labels.filter(({ label }) => label === name).length }));
  if (out !== undefined) {
    mkdirSync(dirname(resolve(io.cwd, out)), { recursive: true });
    writeFileSync(resolve(io.cwd, out), csv);
  }
  console.json({ images: of, labelled: labels.length, threshold, ece, file: out ?? null, classes: found, labels });
  if (out === undefined) return console.say(csv.trimEnd());
  const { ink } = console;
  const kept = threshold === null ? "" : ` of ${count(of)}, those that are at least ${percent(threshold)} sure`;
  console.say(row(ink, "labelled", `${count(labels.length)} images${kept}`));
  for (const { name, images } of found) console.say(`  ${name}: ${count(images)}`);
  console.say(row(ink, "written", out));
}
