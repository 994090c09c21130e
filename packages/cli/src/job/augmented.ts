import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
import { augmented, seenOf } from "../augment/pictures.ts";

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
    rows.images,
    ...Array.from({ length: DRAWS }, (_, draw) => augmented(members, rows, shape, rng.fork(draw), draw).images),
  ];
  const size = format.h * format.w * format.c;
  const images = new Float32Array(n * seen.length * size);
  for (const [column, each] of seen.entries())
    for (let i = 0; i < n; i++) images.set(each.subarray(i * size, (i + 1) * size), (i * seen.length + column) * size);
  const labels = classesOf(train);
  return sheetOf(
    { images, format, columns: seen.length },
    chosen.map((row) => classes[labels[row]!] ?? train.id(row)),
    ["as it is", ...Array.from({ length: DRAWS }, (_, draw) => String(draw + 1))],
  );
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
