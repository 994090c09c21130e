import { RegimenError, type ReadHow, type Skipped } from "@regimen/core";
import { decodeFile, readHeader, reasonOf, type Encoded, type Header } from "./decode.ts";
import { oneHot } from "./labels.ts";
import { forEachParallel } from "./parallel.ts";
import { storedSamples, type OpenedSamples } from "./samples.ts";
import { chooseSize, countSizes } from "./sizes.ts";
import { PixelStore } from "./store.ts";

type FileList = {
  readonly name: string;
  readonly classes: readonly string[];
  /** One image each; `label`: class number or -1. `shares`: how much it is of each class, in place of the number. */
  readonly files: readonly {
    readonly path: string;
    /** Of an image that is part of the file. */ readonly encoded?: Encoded;
    readonly id: string;
    readonly label: number;
    readonly shares?: readonly number[];
  }[];
  /** Found wrong before any file was opened. */ readonly skipped: readonly Skipped[];
  readonly notes: readonly string[];
};

const nothingRead = (name: string, skipped: readonly Skipped[]) =>
  new RegimenError(
    "REG_DATA_EMPTY",
    `none of the ${skipped.length} images of ${name} could be read; the first, ${skipped[0]!.file}: ${skipped[0]!.why}`,
  );

/**
 * Opens image files: all headers first (they decide size and channels), then each file is decoded once into a store. A file that
 * cannot be read is skipped with a reason. Errors: REG_DATA_EMPTY when nothing is left, REG_DISK.
 */
export async function openFiles(list: FileList, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  const { name, files } = list;
  const headers: (Header | undefined)[] = files.map(() => undefined);
  const why = new Map<number, string>();
  const guarded = async (row: number, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      // Ours are about the machine (sharp missing, disk full), not about this file.
      if (error instanceof RegimenError) throw error;
      why.set(row, await reasonOf(files[row]!.path, error));
    }
  };
  const skipped = (): Skipped[] => [
    ...list.skipped,
    ...[...why].sort(([a], [b]) => a - b).map(([row, reason]) => ({ file: files[row]!.id, why: reason })),
  ];

  await forEachParallel(files, (file, row) =>
    guarded(row, async () => {
      headers[row] = await readHeader(file.encoded ?? file.path);
    }),
  );
  const known = headers.filter((header) => header !== undefined);
  if (known.length === 0) throw nothingRead(name, skipped());

  const sizes = countSizes(known);
  const { size, note } = chooseSize(sizes, how.size);
  const channels = how.channels ?? (known.some((header) => header.c === 3) ? 3 : 1);
  const to: Header = { ...size, c: channels };
  const store = new PixelStore(to.h * to.w * to.c, memory);
  try {
    let done = 0;
    await forEachParallel(files, async (file, row) => {
      const header = headers[row];
      if (header)
        await guarded(row, async () =>
          store.write(row, await decodeFile(file.encoded ?? file.path, header, to, how.fit)),
        );
      how.onProgress?.(++done, files.length);
    });
    const slots = Int32Array.from(files.keys()).filter((row) => !why.has(row));
    if (slots.length === 0) throw nothingRead(name, skipped());
    return storedSamples({
      name,
      store,
      format: { ...to, range: [0, 255] },
      values: "uint8",
      classes: list.classes,
      labels: labelsOf(files, slots, list.classes.length),
      slots,
      length: slots.length,
      id: (row) => files[slots[row]!]!.id,
      skipped: skipped(),
      sizes,
      fit: how.fit,
      notes: note === null ? list.notes : [...list.notes, note],
    });
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Class numbers; soft labels where any file has some. */
function labelsOf(files: FileList["files"], slots: Int32Array, classes: number): Int32Array | Float32Array {
  const numbers = slots.map((slot) => files[slot]!.label);
  if (files.every(({ shares }) => shares === undefined)) return numbers;
  const labels = oneHot(numbers, classes) ?? new Float32Array(slots.length * classes).fill(Number.NaN);
  slots.forEach((slot, row) => {
    const { shares } = files[slot]!;
    if (shares) labels.set(shares, row * classes);
  });
  return labels;
}
