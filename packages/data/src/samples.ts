import {
  RegimenError,
  type DataSpec,
  type ImageFormat,
  type ReadHow,
  type Reader,
  type Samples,
  type Skipped,
} from "@regimen/core";
import { oneHot } from "./labels.ts";
import { pngAddress } from "./picture.ts";
import { INTERPOLATION, type Fit } from "./pixels.ts";
import type { SizeCount } from "./sizes.ts";
import type { PixelStore } from "./store.ts";

/** Samples of this package also say what they were made from. */
export interface OpenedSamples extends Samples {
  readonly about: {
    /** Sizes of the images before resizing (orientation applied), commonest first. */ readonly sizes: readonly SizeCount[];
    /** What was decided on the reader's own, one sentence each: a chosen size, empty class folders. */ readonly notes: readonly string[];
  };
}

export interface FileReader extends Reader {
  open(spec: DataSpec, how: ReadHow): Promise<OpenedSamples>;
}

type StoredParts = {
  readonly name: string;
  readonly store: PixelStore;
  readonly format: ImageFormat;
  readonly values: "uint8" | "float32";
  readonly classes: readonly string[];
  /** Class numbers [n], -1 for none; or soft labels [n, classes], NaN rows for none. */
  readonly labels: Int32Array | Float32Array;
  /** Slot of the store for each row; absent: row i is slot i. */ readonly slots?: Int32Array;
  readonly length: number;
  readonly id: (row: number) => string;
  readonly skipped: readonly Skipped[];
  /** How files became pixels; absent where nothing was resized by this package. */ readonly fit?: Fit;
  readonly sizes: readonly SizeCount[];
  readonly notes: readonly string[];
};

/** Samples over a store of decoded pixels. */
export function storedSamples(parts: StoredParts): OpenedSamples {
  const { name, store, format, classes, slots, length, skipped } = parts;
  const check = (row: number): number => {
    if (Number.isInteger(row) && row >= 0 && row < length) return row;
    throw new RegimenError("REG_USAGE", `row ${row} of ${name} was asked for; rows go from 0 to ${length - 1}`);
  };
  const all = (labels: Float32Array) => (labels.every(Number.isNaN) ? undefined : labels);
  // Built when first asked for: a split that is only predicted on never needs it.
  let labels: { readonly table: Float32Array | undefined } | undefined;
  return {
    name,
    length,
    format,
    classes,
    ...(parts.fit && { resize: { fit: parts.fit, interpolation: INTERPOLATION } }),
    skipped,
    notes: parts.notes,
    about: { sizes: parts.sizes, notes: parts.notes },
    labels() {
      labels ??= {
        table: parts.labels instanceof Int32Array ? oneHot(parts.labels, classes.length) : all(parts.labels),
      };
      return labels.table;
    },
    id: (row) => parts.id(check(row)),
    async read(rows) {
      const wanted = Int32Array.from(rows, (row) => (slots ? slots[check(row)]! : check(row)));
      const bytes = await store.read(wanted);
      return { images: parts.values === "uint8" ? bytes : new Float32Array(bytes.buffer, 0, bytes.length / 4) };
    },
    async picture(row) {
      const { images } = await this.read([row]);
      return pngAddress(images, format);
    },
    dispose: () => store.close(),
  };
}
