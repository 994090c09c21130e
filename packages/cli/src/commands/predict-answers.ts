// What a model says of an image, in the words and the pixels of its user.
import type { ImageAnswer, Pictures } from "@regimen/contracts";
import { place, type Size } from "@regimen/data";
import * as tf from "@tensorflow/tfjs-core";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SavedModel } from "../job/saved.ts";

/** An object: [x, y, width, height] in the file's own pixels, as COCO has it. */
type Thing = {
  readonly class: string;
  readonly score: number;
  readonly bbox: readonly [number, number, number, number];
};
/** One line of the output. */
export type Told = {
  readonly file: string;
  /** Classes: the likeliest, of several those from their thresholds on; of pixels the one that most have. */
  readonly class?: string;
  /** Of classes their probabilities, of pixels the share of each class. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** From their classes' thresholds on, best first. */ readonly objects?: readonly Thing[];
  /** The mask's file. */ readonly mask?: string;
};
/** A mask's class numbers in the file's own pixels; 255: outside of what the model saw. */
type Mask = Size & { readonly values: Uint8Array };
export type Answered = {
  readonly told: Told;
  readonly mask?: Mask;
  /** All objects, also those of little score. */ readonly things?: readonly (Thing & { readonly number: number })[];
  readonly overlay?: Pictures;
};

/** Of the model's own pixels; 255 is the reader's "not known". */
const OUTSIDE = 255;
/** Where nothing chose a threshold. */
const [SEVERAL, OBJECT] = [0.5, 0.3];
const short = (value: number): number => Number(value.toPrecision(6));

type Of = Pick<SavedModel, "classes" | "thresholds" | "how"> & { readonly size: Size; readonly cwd: string };

/** Masks and boxes, brought back to the size of the files. What is no file keeps the model's size. */
export async function answersOf(
  answers: readonly ImageAnswer[],
  files: readonly string[],
  of: Of,
): Promise<readonly Answered[]> {
  return Promise.all(
    answers.map(async ({ boxes, mask }, i): Promise<Answered> => {
      const file = files[i]!;
      const own = (await sizeOf(resolve(of.cwd, file))) ?? of.size;
      if (mask) return masked(file, mask, own, of);
      const things = (boxes ?? []).map((box) => {
        const name = of.classes?.[box.class] ?? String(box.class);
        return { class: name, number: box.class, score: short(box.score), bbox: backBox(box.at, own, of) };
      });
      const objects = things
        .filter(({ number, score }) => score >= (of.thresholds?.[number] ?? OBJECT))
        .map(({ number: _, ...thing }) => thing);
      return { told: { file, objects }, things };
    }),
  );
}

function masked(file: string, mask: Uint8Array, own: Size, of: Of): Answered {
  const k = Math.max(of.classes?.length ?? 0, 2, ...mask.map((value) => value + 1));
  const counts = new Array<number>(k).fill(0);
  for (const value of mask) counts[value]!++;
  const shares = counts.map((pixels) => pixels / mask.length);
  return {
    told: named(file, shares, of.classes, shares.indexOf(Math.max(...shares))),
    mask: { ...own, values: backMask(mask, own, of) },
  };
}

/** Height and width as a viewer shows it; undefined where it is no image file. */
async function sizeOf(file: string): Promise<Size | undefined> {
  if (!existsSync(file)) return undefined;
  const { default: sharp } = await import("sharp");
  const { autoOrient } = await sharp(file).metadata();
  return { h: autoOrient.height, w: autoOrient.width };
}

function backBox([y0, x0, y1, x1]: readonly number[], own: Size, { size, how }: Of): Thing["bbox"] {
  const { from, to } = place(own, size, how.fit);
  const back = (value: number, along: "y" | "x", most: number): number => {
    const at = from[along].start + ((value - to[along].start) * from[along].length) / to[along].length;
    return Math.min(most, Math.max(0, at));
  };
  const [top, left] = [back(y0!, "y", own.h), back(x0!, "x", own.w)];
  const [bottom, right] = [back(y1!, "y", own.h), back(x1!, "x", own.w)];
  const round = (value: number): number => Math.round(100 * value) / 100;
  return [round(left), round(top), round(right - left), round(bottom - top)];
}

/** Each pixel of the file takes the answer of the model's pixel that it lies in. */
function backMask(mask: Uint8Array, own: Size, { size, how }: Of): Uint8Array {
  const { from, to } = place(own, size, how.fit);
  const along = (axis: "y" | "x", length: number, most: number): Int32Array =>
    Int32Array.from({ length }, (_, i) => {
      const at = to[axis].start + ((i + 0.5 - from[axis].start) * to[axis].length) / from[axis].length;
      return at < 0 || at >= most ? -1 : Math.floor(at);
    });
  const [rows, columns] = [along("y", own.h, size.h), along("x", own.w, size.w)];
  const values = new Uint8Array(own.h * own.w).fill(OUTSIDE);
  rows.forEach((row, y) => {
    if (row < 0) return;
    columns.forEach((column, x) => {
      if (column >= 0) values[y * own.w + x] = mask[row * size.w + column]!;
    });
  });
  return values;
}

/** Of a classifier. */
export async function probabilitiesOf(
  output: tf.Tensor,
  files: readonly string[],
  { classes, logits, task, thresholds }: Pick<SavedModel, "classes" | "logits" | "task" | "thresholds">,
): Promise<readonly Told[]> {
  const several = task === "multilabel_classification";
  const outputs = tf.tidy(() => tf.clone(!logits ? output : several ? tf.sigmoid(output) : tf.softmax(output)));
  const width = outputs.shape[1]!;
  const values = await outputs.data();
  outputs.dispose();
  return files.map((file, i) => {
    const given = [...values.subarray(i * width, (i + 1) * width)];
    // One output is the chance of the second of two classes.
    const shares = given.length === 1 && !several ? [1 - given[0]!, given[0]!] : given;
    if (!several) return named(file, shares, classes, shares.indexOf(Math.max(...shares)));
    const chosen = shares.flatMap((share, k) => (share >= (thresholds?.[k] ?? SEVERAL) ? [k] : []));
    return { ...named(file, shares, classes, 0), class: chosen.map((k) => classes?.[k] ?? String(k)).join("|") };
  });
}

function named(file: string, shares: readonly number[], classes: readonly string[] | undefined, best: number): Told {
  const names = shares.map((_, i) => classes?.[i] ?? String(i));
  return {
    file,
    class: names[best]!,
    probabilities: Object.fromEntries(names.map((name, i) => [name, short(shares[i]!)])),
  };
}
