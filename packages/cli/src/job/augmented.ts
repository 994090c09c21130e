import { renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  classesOf,
  createRng,
  sheetOf,
  type Report,
  type Rng,
  type Source,
  type Task,
  type Technique,
  type TrainResult,
} from "@regimen/core";
import { augmented, pictureOf, seenOf } from "../augment/pictures.ts";
import { painted } from "../augment/sheet.ts";

/** Images in the report's sheet, and how often the policy is drawn for each. */
const [IMAGES, DRAWS] = [6, 7];

/** How a finished run's training saw its images; null where its policy changes none. */
export async function augmentedSheet(
  { policy, seed }: Pick<TrainResult, "policy" | "seed">,
  techniques: readonly Technique[],
  train: Source,
  task: Task,
): Promise<Report["augmented"]> {
  const members = seenOf(policy, techniques, task);
  if (members.length === 0) return null;
  const rng = createRng(seed).fork("augment");
  const chosen = choose(train, rng.fork("images"));
  const n = chosen.length;
  const { format, classes } = train;
  const rows = await train.read(chosen);
  const shape = { ...format, n, classes: classes.length };
  const seen = [
    rows,
    ...Array.from({ length: DRAWS }, (_, draw) => augmented(members, rows, shape, rng.fork(draw), draw)),
  ];
  const size = format.h * format.w * 3;
  const images = new Uint8Array(n * seen.length * size);
  for (const [column, each] of seen.entries())
    for (let i = 0; i < n; i++) images.set(painted(pictureOf(each, i, n), format), (i * seen.length + column) * size);
  return sheetOf(
    { images, format: { ...format, c: 3, range: [0, 255] }, columns: seen.length },
    chosen.map((row) => nameOf(train, row, task)),
    ["as it is", ...Array.from({ length: DRAWS }, (_, draw) => String(draw + 1))],
  );
}

/** Its class or classes; of an image with masks or boxes, which are drawn on it, its file. */
function nameOf(train: Source, row: number, task: Task): string {
  const k = train.classes.length;
  const own = train.labels()!.subarray(row * k, (row + 1) * k);
  const highest = Math.max(...own);
  const classes = train.classes.filter(
    (_, c) => own[c]! > (task === "multilabel_classification" ? 0.5 : highest - 1e-6),
  );
  const drawn = task === "detection" || task === "semantic_segmentation";
  return drawn || classes.length === 0 ? basename(train.id(row)) : classes.join(", ");
}

/** Labelled images of as many classes as there are. */
function choose(train: Source, rng: Rng): number[] {
  const labels = classesOf(train);
  const turns = new Map<number, number>();
  return [...rng.permutation(train.length)]
    .filter((row) => labels[row]! >= 0)
    .map((row) => {
      const turn = turns.get(labels[row]!) ?? 0;
      turns.set(labels[row]!, turn + 1);
      return { row, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, IMAGES)
    .map(({ row }) => row);
}

/** `report.json` anew, whole or not at all. */
export function rewriteReport(folder: string, report: Report): void {
  const file = join(folder, "report.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
