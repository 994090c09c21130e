import { RegimenError, type ReadHow } from "@regimen/core";
import { numberNumbers } from "./labels.ts";
import { fitImage, type Size } from "./pixels.ts";
import { storedSamples, type OpenedSamples } from "./samples.ts";
import { chooseSize, countSizes } from "./sizes.ts";
import { PixelStore } from "./store.ts";

/** A file that holds many images of one size, one after the other. */
export type RecordFile = Size & {
  readonly shown: string;
  readonly c: 1 | 3;
  readonly count: number;
  /** Class numbers of all its images, -1 for none. */ readonly labels: Int32Array;
  /** Pixels [h, w, c] of the first `count` images in order, each valid until the next. */ images(
    count: number,
  ): AsyncIterable<Uint8Array>;
};

type Records = {
  readonly name: string;
  readonly files: readonly RecordFile[];
  /** What the files call their class numbers; or how many classes there are. */ readonly classes:
    readonly string[] | number | undefined;
  readonly limit: number | undefined;
};

/** The first `limit` images of several such files as Samples. */
export async function openRecords(
  { name, files, classes: own, limit }: Records,
  how: ReadHow,
  memory?: number,
): Promise<OpenedSamples> {
  const total = files.reduce((sum, file) => sum + file.count, 0);
  if (total === 0)
    throw new RegimenError("REG_DATA_EMPTY", `${name} holds no image; expected one or more: download it again`);
  const starts = files.map((_, i) => files.slice(0, i).reduce((sum, file) => sum + file.count, 0));
  const id = (row: number) => {
    const at = starts.findLastIndex((start) => start <= row);
    return `${files[at]!.shown}#${row - starts[at]!}`;
  };
  const numbers = new Int32Array(total);
  files.forEach((file, i) => numbers.set(file.labels, starts[i]!));
  const { classes, labels } = numberNumbers(name, numbers, id, own, how.classes);
  const length = Math.min(limit ?? total, total);
  const sizes = countSizes(files.map(({ h, w, count }) => ({ h, w, images: count })));
  const { size, note } = chooseSize(sizes, how.size);
  const to = { ...size, c: how.channels ?? (files.some((file) => file.c === 3) ? 3 : 1) } as const;
  const store = new PixelStore(to.h * to.w * to.c, memory);
  try {
    let row = 0;
    for (const file of files) {
      for await (const data of file.images(Math.min(file.count, length - row))) {
        await store.write(row++, fitImage({ data, h: file.h, w: file.w, c: file.c }, to, how.fit));
        how.onProgress?.(row, length);
      }
    }
  } catch (error) {
    store.close();
    throw error;
  }
  return storedSamples({
    name,
    store,
    format: { ...to, range: [0, 255] },
    values: "uint8",
    classes,
    labels: labels.slice(0, length),
    length,
    id,
    skipped: [],
    sizes,
    fit: how.fit,
    notes: note === null ? [] : [note],
  });
}
