import { IGNORED, RegimenError, type Skipped } from "@regimen/core";
import { reasonOf } from "./decode.ts";
import { nearest, OUTSIDE } from "./mask-pixels.ts";
import type { Fit, Size } from "./pixels.ts";
import type { OpenedSamples } from "./samples.ts";
import { PixelStore } from "./store.ts";

/** The mask of one image at its own size, as whole numbers of any kind; undefined where there is none. */
type Drawn = Size & { readonly values: ArrayLike<number> };
type Masks = {
  readonly fit: Fit;
  /** Of row `row`. What it throws is the reason why that image is left out; a RegimenError ends the reading. */
  draw(row: number): Promise<Drawn | undefined>;
  /** What a file is called in such a reason. */ file(row: number): string;
  /** The classes, and which of them (or IGNORED) each number stands for, once all numbers are known. */
  name(values: readonly number[]): { readonly classes: readonly string[]; readonly classOf: (value: number) => number };
};

/** Different numbers that masks may have between them. */
const MOST = 255;
/** Code 0 stands for "ignored" in the store. */
const NOTHING = 0;

/** What a mask is told by: a code for each number that was met, in a byte a pixel. */
class Codes {
  readonly #codes = new Map<number, number>();

  encode(values: ArrayLike<number>): Uint8Array {
    return Uint8Array.from(values, (value) => {
      if (value === OUTSIDE) return NOTHING;
      const known = this.#codes.get(value);
      if (known !== undefined) return known;
      if (this.#codes.size === MOST)
        throw new RegimenError(
          "REG_DATA_LABEL",
          `the masks have more than ${MOST} different values; expected class numbers or colours: where each object has a number of its own, say instances: true`,
        );
      this.#codes.set(value, this.#codes.size + 1);
      return this.#codes.size;
    });
  }

  get values(): number[] {
    return [...this.#codes.keys()].sort((a, b) => a - b);
  }

  /** [256]: the class of each code. */
  table(classOf: (value: number) => number): Uint8Array {
    const classes = new Uint8Array(256).fill(IGNORED);
    for (const [value, code] of this.#codes) classes[code] = classOf(value);
    return classes;
  }
}

/**
 * Images with a mask each, resampled as they were. An image without one has a mask that is ignored throughout, and no label;
 * one whose mask cannot be read is skipped. Labels are each class's share of the known pixels. Owns `images`.
 */
export async function withMasks(images: OpenedSamples, masks: Masks): Promise<OpenedSamples> {
  const { h, w } = images.format;
  const store = new PixelStore(h * w);
  const codes = new Codes();
  const rows: number[] = [];
  const skipped: Skipped[] = [...images.skipped];
  try {
    for (let row = 0; row < images.length; row++) {
      let drawn;
      try {
        drawn = await masks.draw(row);
      } catch (error) {
        if (error instanceof RegimenError) throw error;
        const file = masks.file(row);
        skipped.push({ file: images.id(row), why: `its mask ${file}: ${await reasonOf(file, error)}` });
        continue;
      }
      const code = drawn
        ? codes.encode(nearest(drawn.values, drawn, { h, w }, masks.fit))
        : new Uint8Array(h * w).fill(NOTHING);
      await store.write(rows.length, code);
      rows.push(row);
    }
    if (!rows.length)
      throw new RegimenError(
        "REG_DATA_EMPTY",
        `none of the ${images.length} masks of ${images.name} could be read; the first: ${skipped.at(-1)?.why}`,
      );
    const { classes, classOf } = masks.name(codes.values);
    const table = codes.table(classOf);
    const labels = await sharesOf(store, rows.length, table, classes.length);
    const pick = (wanted: ArrayLike<number>): number[] => Array.from(wanted, (row) => rows[row]!);
    return {
      ...images,
      length: rows.length,
      classes,
      skipped,
      labels: () => labels,
      id: (row) => images.id(rows[row]!),
      read: async (wanted) => {
        const [read, bytes] = await Promise.all([images.read(pick(wanted)), store.read(wanted)]);
        return { ...read, masks: Int32Array.from(bytes, (code) => table[code]!) };
      },
      ...(images.picture && { picture: (row) => images.picture!(rows[row]!) }),
      dispose: () => {
        images.dispose();
        store.close();
      },
    };
  } catch (error) {
    images.dispose();
    store.close();
    throw error;
  }
}

/** [rows, classes]; NaN where no pixel is known; undefined where that is so everywhere. */
async function sharesOf(
  store: PixelStore,
  rows: number,
  table: Uint8Array,
  classes: number,
): Promise<Float32Array | undefined> {
  const shares = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const own = shares.subarray(row * classes, (row + 1) * classes);
    let known = 0;
    for (const code of await store.read([row])) {
      const at = table[code]!;
      if (at === IGNORED) continue;
      own[at]!++;
      known++;
    }
    for (let at = 0; at < classes; at++) own[at] = known ? own[at]! / known : Number.NaN;
  }
  return shares.every(Number.isNaN) ? undefined : shares;
}
