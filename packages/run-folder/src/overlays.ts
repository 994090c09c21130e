import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Evaluation, Pictures, Report, Scaffold, Source } from "@regimen/contracts";
import { addressWithin } from "./sheet.ts";

/** How many of the worst answers are drawn. */
export const DRAWN = 8;
/** Of one image's pictures: eight of them leave the page well below its 3 MB. */
const MOST_BYTES = 120_000;

/** Rows of a source, and what a model answers for them, as the scaffold draws it: three pictures a row. Undefined where it draws nothing. */
export async function drawAnswers(
  scaffold: Scaffold,
  model: LayersModel,
  { classes }: Pick<Evaluation, "classes">,
  on: Source,
  chosen: readonly number[],
): Promise<Pictures | undefined> {
  if (!scaffold.draw || !chosen.length) return undefined;
  const { format } = on;
  const rows = await on.read(chosen);
  const answers = tf.tidy(() => {
    const images = tf.tensor4d(new Float32Array(rows.images), [chosen.length, format.h, format.w, format.c]);
    return [model.predict(images)].flat();
  });
  const thresholds = classes.flatMap(({ threshold }) => threshold ?? []);
  const known = thresholds.length > 0 && thresholds.length === classes.length;
  const drawn = await scaffold.draw({ rows, answers, model, format, ...(known && { thresholds }) });
  tf.dispose(answers);
  return drawn;
}

type Worst = Pick<Report, "worst" | "overlays">;

/** A report's worst images with their pictures: as both models' answers were drawn, else as they are. */
export async function withOverlays(
  { worst }: Pick<Report, "worst">,
  drawn: { readonly baseline: Pictures | undefined; readonly regimen: Pictures | undefined },
  on: Source,
  rows: readonly number[],
): Promise<Worst> {
  const { baseline, regimen } = drawn;
  if (!worst) return { worst, overlays: null };
  if (!regimen) {
    const images = await Promise.all(rows.map(async (row) => (await on.picture?.(row)) ?? null));
    return { worst: worst.map((one, i) => ({ ...one, image: images[i] ?? null })), overlays: null };
  }
  const { h, w, c } = regimen.format;
  const size = h * w * c;
  const cell = ({ images, columns }: Pictures, i: number, column: number) =>
    images.subarray((i * columns + column) * size, (i * columns + column + 1) * size);
  const strip = (i: number): string => {
    const cells = [0, 1, ...(baseline ? [-1] : []), 2].map((column) =>
      column < 0 ? cell(baseline!, i, 2) : cell(regimen, i, column),
    );
    const images = new Float32Array(cells.length * size);
    cells.forEach((values, at) => images.set(values, at * size));
    return addressWithin({ images, format: regimen.format, columns: cells.length }, MOST_BYTES);
  };
  return {
    worst: worst.map((one, i) => (i < rows.length ? { ...one, image: strip(i) } : one)),
    overlays: {
      columns: ["image", "truth", ...(baseline ? ["baseline"] : []), "Regimen"],
      colours: on.classes.map((name, k) => {
        const colour = regimen.colours?.[k];
        return { name, colour: colour ? `#${colour.map((v) => v.toString(16).padStart(2, "0")).join("")}` : null };
      }),
    },
  };
}
