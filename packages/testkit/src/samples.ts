import type { ImageFormat, Samples } from "@regimen/core";

export type MadeUpSamples = {
  /** Also what its examples are called: `name/row`. */ readonly name: string;
  readonly format: ImageFormat;
  readonly classes: readonly string[];
  /** [rows, h, w, c], flat. */ readonly images: Uint8Array | Float32Array;
  /** [rows, classes], flat; NaN rows have no label. Absent: nothing has one. */ readonly labels?: Float32Array;
};

/** Samples from images in memory, which may be anything at all: nothing is checked, nothing is copied but the rows that are read. */
export function madeUpSamples({ name, format, classes, images, labels }: MadeUpSamples): Samples {
  const width = format.h * format.w * format.c;
  return {
    name,
    length: images.length / width,
    format,
    classes,
    skipped: [],
    labels: () => labels,
    id: (row) => `${name}/${row}`,
    read: async (rows) => {
      const size = rows.length * width;
      const picked = images instanceof Uint8Array ? new Uint8Array(size) : new Float32Array(size);
      for (let i = 0; i < rows.length; i++)
        picked.set(images.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
      return { images: picked };
    },
    dispose: () => undefined,
  };
}
