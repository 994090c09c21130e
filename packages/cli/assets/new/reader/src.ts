import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { RegimenError, type Reader, type Samples, type Skipped } from "@regimen/core";
import { fitImage } from "@regimen/data";

/** One line of the file. `pixels`: [height, width, 1 or 3], 0..255, row after row; without a label it is unlabelled. */
type Line = { readonly label?: string; readonly height: number; readonly width: number; readonly pixels: number[] };
type Row = Line & { readonly number: number; readonly c: 1 | 3 };

/** `path`: JSON lines, an image a line. A line that cannot be read is left out and recorded; a file that has none is an error. */
export const __IDENT__: Reader = {
  name: "__SHORT__",
  about: "JSON lines: { label, height, width, pixels }",
  async open({ path, limit }, how): Promise<Samples> {
    if (typeof path !== "string") throw new RegimenError("REG_DATA_PATH", "__SHORT__ got several paths; name one file");
    const text = await readFile(resolve(how.base, path), "utf8").catch((cause: Error) => {
      throw new RegimenError("REG_DATA_PATH", `${path} cannot be read: ${cause.message}; check the path`, { cause });
    });
    const skipped: Skipped[] = [];
    const rows = text
      .split("\n")
      .flatMap((line, at) => {
        if (!line.trim()) return [];
        try {
          return [rowOf(line, at + 1)];
        } catch (error) {
          skipped.push({ file: `${path}#${at + 1}`, why: (error as Error).message });
          return [];
        }
      })
      .slice(0, limit);
    const [first] = rows;
    if (!first) throw new RegimenError("REG_DATA_EMPTY", `${path} holds no image; expected one JSON object a line`);

    const classes = how.classes ?? [...new Set(rows.flatMap(({ label }) => label ?? []))].sort();
    for (const { label, number } of rows)
      if (label !== undefined && !classes.includes(label))
        throw new RegimenError(
          "REG_DATA_LABEL",
          `${path}#${number} has the label "${label}"; allowed are ${classes.join(", ")}: mend it`,
        );
    const size = how.size ?? { h: first.height, w: first.width };
    const other = rows.find(({ height, width }) => height !== size.h || width !== size.w);
    if (other && !how.size)
      throw new RegimenError(
        "REG_DATA_MISMATCH",
        `${path}#${other.number} is ${other.height}×${other.width}, and the first ${size.h}×${size.w}; name a size: data.image.size`,
      );
    const to = { ...size, c: how.channels ?? (rows.some(({ c }) => c === 3) ? 3 : 1) } as const;
    return {
      name: path,
      length: rows.length,
      format: { ...to, range: [0, 255] },
      classes,
      resize: { fit: how.fit, interpolation: "bilinear-antialias" },
      skipped,
      /** [length, classes]; a row of NaN has no label. */
      labels: () =>
        Float32Array.from(
          rows.flatMap(({ label }) => classes.map((name) => (label === undefined ? NaN : +(name === label)))),
        ),
      id: (row) => `${path}#${rows[row]!.number}`,
      async read(wanted) {
        const each = to.h * to.w * to.c;
        const images = new Uint8Array(wanted.length * each);
        Array.from(wanted).forEach((row, at) => {
          const { pixels, height: h, width: w, c } = rows[row]!;
          images.set(fitImage({ data: Uint8Array.from(pixels), h, w, c }, to, how.fit), at * each);
        });
        return { images };
      },
      dispose() {},
    };
  },
};

/** Throws where a line is no image, with a message that a person can act on. */
function rowOf(text: string, number: number): Row {
  const line = JSON.parse(text) as Partial<Line> | null;
  const { label, height, width, pixels } = line ?? {};
  const c = Array.isArray(pixels) ? pixels.length / (height! * width!) : 0;
  if (c !== 1 && c !== 3) throw new Error("height × width × 1 or 3 pixels were expected");
  if (label !== undefined && typeof label !== "string") throw new Error("the label is no text");
  return { ...(label !== undefined && { label }), height: height!, width: width!, pixels: pixels!, number, c };
}
