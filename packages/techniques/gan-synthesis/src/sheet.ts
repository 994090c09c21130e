import { classesOf, type Source } from "@regimen/core";

/** Real images and generated ones in a class' row. */
const [REAL, MADE] = [4, 8];
export const COLUMNS = REAL + MADE;

/** A row of pictures for each class: four real ones, then eight generated. Where there are fewer, or none, the place stays black. */
export async function contactSheet(
  real: Source,
  made: Source | undefined,
  chosen: readonly number[],
): Promise<Float32Array> {
  const { h, w, c, range } = real.format;
  const size = h * w * c;
  const sheet = new Float32Array(chosen.length * COLUMNS * size).fill(range[0]);
  const put = async (from: Source, label: number, count: number, place: number): Promise<void> => {
    const labels = classesOf(from);
    const rows = [...labels.keys()].filter((row) => labels[row] === label).slice(0, count);
    if (rows.length) sheet.set((await from.read(rows)).images, place * size);
  };
  for (const [at, label] of chosen.entries()) {
    await put(real, label, REAL, at * COLUMNS);
    if (made) await put(made, label, MADE, at * COLUMNS + REAL);
  }
  return sheet;
}
