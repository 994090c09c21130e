import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Evaluation } from "@regimen/core";
import { absoluteIfPath } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import { csvLine } from "../display/csv.ts";
import { count, percent, row } from "../display/style.ts";
import type { Io } from "../io.ts";
import { measuredPart } from "../job/data.ts";
import { evaluationWords } from "../job/result.ts";
import { openSaved } from "../job/saved.ts";
import { loadPlugins } from "../plugins/load.ts";

export type EvaluateFlags = {
  readonly model: string;
  readonly data: string;
  readonly misclassified?: string;
  readonly backend?: string;
  readonly plugin?: readonly string[];
};

export async function evaluateCommand(io: Io, console: Console, flags: EvaluateFlags): Promise<void> {
  const spec = await measuredPart(flags.data, io.cwd);
  const loaded = await loadPlugins(
    io,
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd)),
    ["backend", "reader", "scaffold"],
  );
  const regimen = await io.createRegimen({
    plugins: loaded.map(({ plugin }) => plugin),
    backend: flags.backend ?? "auto",
  });
  try {
    const { model, classes, how, task, thresholds } = await openSaved(flags.model, io.cwd);
    try {
      const data = await regimen.open(spec, {
        base: io.cwd,
        ...how,
        ...(classes && { classes }),
        ...(task === "multilabel_classification" && { several: true }),
      });
      try {
        tell(await regimen.evaluate({ model, data, task, ...(thresholds && { thresholds }) }), flags, io, console);
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

function tell(evaluation: Evaluation, { misclassified }: EvaluateFlags, io: Io, console: Console): void {
  const { images, error, loss, ece, classes } = evaluation;
  const overlaps = classes.some(({ iou }) => iou !== undefined);
  const areas = classes.some(({ averagePrecision }) => averagePrecision !== undefined);
  if (misclassified !== undefined) writeFileSync(resolve(io.cwd, misclassified), misclassifiedCsv(evaluation));
  console.json({ images, error, loss, ece, classes });
  const { ink } = console;
  console.say(row(ink, "result", evaluationWords(evaluation)));
  const width = Math.min(32, Math.max(5, ...classes.map(({ name }) => name.length)));
  console.say(
    `\n  ${ink("dim", `${"class".padEnd(width)} ${overlaps ? "  pixels" : "  images"}  precision   recall${overlaps ? "      IoU     Dice" : areas ? "       AP" : ""}`)}`,
  );
  const share = (value: number | null) => (value === null ? "–" : percent(value));
  for (const { name, support, precision, recall, iou, dice, averagePrecision } of [...classes].sort(
    (a, b) => (a.recall ?? 2) - (b.recall ?? 2),
  )) {
    console.say(
      `  ${name.slice(0, width).padEnd(width)} ${count(support).padStart(8)} ${share(precision).padStart(10)} ${share(recall).padStart(8)}${(overlaps ? [iou, dice] : areas ? [averagePrecision] : []).map((value) => ` ${share(value ?? null).padStart(8)}`).join("")}`,
    );
  }
  if (misclassified !== undefined)
    console.say(`\n${row(ink, "written", `${misclassified}: the misclassified images, worst first`)}`);
}

/** Worst first: those whose true class was given the least. */
export function misclassifiedCsv({ predictions, classes }: Evaluation): string {
  const wrong = predictions.filter(({ label, predicted }) => label >= 0 && label !== predicted);
  const given = ({ probabilities, label }: Evaluation["predictions"][number]) => probabilities[label] ?? 0;
  const lines = [...wrong]
    .sort((a, b) => given(a) - given(b))
    .map((one) => [
      one.id,
      classes[one.label]?.name ?? "",
      classes[one.predicted]?.name ?? "",
      one.probabilities[one.predicted] ?? "",
      given(one),
    ]);
  return [["file", "label", "predicted", "probability", "probability of label"], ...lines].map(csvLine).join("");
}
