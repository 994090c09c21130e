import { classesOf, type Pictures, type Source } from "@regimen/core";

/** Real images and generated ones in a class' row. */
const [REAL, MADE] = [4, 8];

/** A row of pictures for each class: four real ones, then, if any were made, eight generated. Where there are fewer, the place stays black. */
export async function contactSheet(
  real: Source,
  made: Source | undefined,
  chosen: readonly number[],
): Promise<Pictures> {
  const { h, w, c, range } = real.format;
  const size = h * w * c;
  const columns = made ? REAL + MADE : REAL;
  const sheet = new Float32Array(chosen.length * columns * size).fill(range[0]);
  const put = async (from: Source, label: number, count: number, place: number): Promise<void> => {
    const labels = classesOf(from);
    const rows = [...labels.keys()].filter((row) => labels[row] === label).slice(0, count);
    if (rows.length) sheet.set((await from.read(rows)).images, place * size);
  };
  for (const [at, label] of chosen.entries()) {
    await put(real, label, REAL, at * columns);
    if (made) await put(made, label, MADE, at * columns + REAL);
  }
  return { images: sheet, format: real.format, columns };
}
