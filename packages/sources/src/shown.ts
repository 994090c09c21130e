import type { Pictures, Report, Sheet, Source, Splits } from "@regimen/contracts";
import { classesOf, digests } from "./split.ts";

/** Images that are equal to the bit: within the training split, and between the test split and what was trained on. */
export async function duplicatesOf({
  train,
  validation,
  test,
}: Splits): Promise<{ within: number; across: number | null }> {
  const own = await digests(train);
  const seen = new Set([...own, ...(await digests(validation))]);
  const across = test ? (await digests(test)).filter((digest) => seen.has(digest)).length : null;
  return { within: own.length - new Set(own).size, across };
}
/** How many wrong answers are shown; the others are listed. */
const SHOWN = 24;
/** The first of a report's wrong answers with their pictures. */
export async function withPictures(listed: Report["misclassified"], of: Source): Promise<Report["misclassified"]> {
  const rows = new Map(Array.from({ length: of.length }, (_, row) => [of.id(row), row]));
  return Promise.all(
    listed.map(async (one, at) => ({
      ...one,
      image: at < SHOWN ? ((await of.picture?.(rows.get(one.id)!)) ?? null) : null,
    })),
  );
}

/** Rows and columns of the sheet of samples; of more classes than these the rarest are shown. */
const [ROWS, COLUMNS] = [16, 8];
/** The first images of each class as `draw` draws them, a row a class; null where no image has one. A cell without an image is NaN. */
export async function samplesOf(
  of: Source,
  draw: (pictures: Pictures, rows: readonly string[], columns: readonly string[]) => Sheet,
): Promise<Sheet | null> {
  const rows = of.classes.map((): number[] => []);
  for (const [row, label] of classesOf(of).entries()) if (label >= 0) rows[label]!.push(row);
  const rare = [...rows.keys()].sort((a, b) => rows[a]!.length - rows[b]!.length || a - b).slice(0, ROWS);
  const kept = rare.sort((a, b) => a - b).filter((label) => rows[label]!.length > 0);
  const columns = Math.min(COLUMNS, Math.max(0, ...kept.map((label) => rows[label]!.length)));
  if (!columns) return null;
  const { h, w, c } = of.format;
  const images = new Float32Array(kept.length * columns * h * w * c).fill(Number.NaN);
  const places = kept.flatMap((label, at) =>
    rows[label]!.slice(0, columns).map((row, column) => ({ row, cell: at * columns + column })),
  );
  const read = (await of.read(places.map(({ row }) => row))).images;
  for (const [at, { cell }] of places.entries())
    images.set(read.subarray(at * h * w * c, (at + 1) * h * w * c), cell * h * w * c);
  const names = kept.map((label) => of.classes[label]!);
  return draw({ images, format: of.format, columns }, names, new Array<string>(columns).fill(""));
}
