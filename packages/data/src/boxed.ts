import { RegimenError, nearest, type DataSpec, type ReadHow, type Skipped } from "@regimen/core";
import { readHeader, type Encoded } from "./decode.ts";
import { openFiles } from "./files.ts";
import { listed, natural, normalName } from "./labels.ts";
import { ignoresLabels } from "./options.ts";
import { place, type Fit, type Size } from "./pixels.ts";
import type { OpenedSamples } from "./samples.ts";

/** An object as a file tells of it. */
export type Marked = {
  /** [y0, x0, y1, x1], in pixels of the file from the picture's corner; or in shares of its sides. */ readonly at: readonly number[];
  readonly in: "pixels" | "shares";
  readonly class: string;
  /** What stands in the class's column of its label: −1 difficult, −2 a crowd. */ readonly is: 1 | -1 | -2;
  /** Where it stands, for messages. */ readonly where: string;
};
type BoxedFile = {
  readonly path: string;
  /** Of an image that is part of the file. */ readonly encoded?: Encoded;
  readonly id: string;
  readonly objects: readonly Marked[];
};
type BoxedList = {
  readonly name: string;
  readonly files: readonly BoxedFile[];
  /** All classes, where the data says so; absent: those found, sorted. */ readonly classes:
    readonly string[] | undefined;
  readonly skipped?: readonly Skipped[];
  readonly notes?: readonly string[];
};

/** An object of which less than this is in the picture is no object of it. As in `warpBoxes`. */
const LEAST_VISIBLE = 0.25;
/** Room for so many objects at least. */
const LEAST_CAPACITY = 8;

/**
 * Image files with the objects in them, resized as they are: boxes [y0, x0, y1, x1] in pixels, of one capacity (option `capacity`;
 * else the next power of two that holds the fullest image, 8 at least). The labels of an image are the classes of its objects, which
 * may be none. Boxes are cut at the picture's edges; those of which less than a quarter is in it are left out, and `notes` says so.
 *
 * Errors: REG_DATA_LABEL (a class that is not allowed, a box that is none), REG_DATA_EMPTY, REG_DATA_MISMATCH (capacity).
 */
export async function openBoxed(
  list: BoxedList,
  spec: DataSpec,
  how: ReadHow,
  memory?: number,
): Promise<OpenedSamples> {
  const files = list.files.slice(0, spec.limit);
  if (!files.length)
    throw new RegimenError("REG_DATA_EMPTY", `${list.name} names no image; expected one or more with their boxes`);
  // Of all images, so that a limit takes no class away.
  const classes = classesOf(list.files, how.classes ?? list.classes);
  for (const { objects } of files) objects.forEach(expectBox);
  const images = await openFiles(
    {
      name: list.name,
      classes,
      files: files.map(({ objects: _, ...file }) => ({ ...file, label: -1 })),
      skipped: list.skipped ?? [],
      notes: list.notes ?? [],
    },
    how,
    memory,
  );
  if (ignoresLabels(spec)) return images;
  try {
    return await withBoxes(images, files, spec, how.fit);
  } catch (error) {
    images.dispose();
    throw error;
  }
}

async function withBoxes(
  images: OpenedSamples,
  files: readonly BoxedFile[],
  spec: DataSpec,
  fit: Fit,
): Promise<OpenedSamples> {
  const { classes, format } = images;
  const number = new Map(classes.map((name, k) => [name, k]));
  const byId = new Map(files.map((file) => [file.id, file]));
  const away: string[] = [];
  const placed: { readonly at: readonly number[]; readonly class: number; readonly is: number }[][] = [];
  for (let row = 0; row < images.length; row++) {
    const { path, encoded = path, objects } = byId.get(images.id(row))!;
    const from = objects.length ? await readHeader(encoded) : format;
    placed.push(
      objects.flatMap((object) => {
        const at = moved(object, from, format, fit);
        if (at) return [{ at, class: number.get(normalName(object.class))!, is: object.is }];
        away.push(object.where);
        return [];
      }),
    );
  }
  const capacity = capacityFor(images.name, Math.max(...placed.map((own) => own.length)), spec);
  const k = classes.length;
  const [at, labels, weights] = [4, k, 1].map((width) => new Float32Array(images.length * capacity * width)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const present = new Float32Array(images.length * k);
  placed.forEach((own, row) =>
    own.forEach((object, i) => {
      const slot = row * capacity + i;
      at.set(object.at, 4 * slot);
      labels[slot * k + object.class] = object.is;
      weights[slot] = 1;
      if (object.is > 0) present[row * k + object.class] = 1;
    }),
  );
  const pick = (of: Float32Array, rows: ArrayLike<number>) => {
    const width = of.length / images.length;
    const picked = new Float32Array(rows.length * width);
    Array.from(rows).forEach((row, i) => picked.set(of.subarray(row * width, (row + 1) * width), i * width));
    return picked;
  };
  const note = `${away.length} boxes are outside of their images, or nearly so, and are left out; the first is ${away[0]}`;
  const notes = away.length ? [...images.about.notes, note] : images.about.notes;
  return {
    ...images,
    notes,
    about: { ...images.about, notes },
    labels: () => present,
    read: async (rows) => ({
      ...(await images.read(rows)),
      boxes: { at: pick(at, rows), labels: pick(labels, rows), weights: pick(weights, rows) },
    }),
  };
}

/** Where an object lies after its picture was resized; undefined where too little of it is left. */
function moved({ at, in: unit }: Marked, from: Size, to: Size, fit: Fit): readonly number[] | undefined {
  const placement = place(from, to, fit);
  const side = (value: number, i: number): number => {
    const axis = i % 2 ? "x" : "y";
    const [length, source, target] = [axis === "x" ? from.w : from.h, placement.from[axis], placement.to[axis]];
    const pixels = unit === "shares" ? value * length : value;
    return ((pixels - source.start) * target.length) / source.length + target.start;
  };
  const whole = at.map(side);
  const cut = whole.map((value, i) => {
    const { start, length } = placement.to[i % 2 ? "x" : "y"];
    return Math.min(start + length, Math.max(start, value));
  });
  const area = ([y0, x0, y1, x1]: readonly number[]) => (y1! - y0!) * (x1! - x0!);
  return area(cut) > 0 && area(cut) >= LEAST_VISIBLE * area(whole) ? cut : undefined;
}

function expectBox({ at, where }: Marked): void {
  const [y0, x0, y1, x1] = at as [number, number, number, number];
  if (at.every(Number.isFinite) && y1 > y0 && x1 > x0) return;
  throw new RegimenError(
    "REG_DATA_LABEL",
    `${where} has the box x ${x0} to ${x1}, y ${y0} to ${y1}; expected finite numbers, the second above the first: correct or remove it`,
  );
}

function classesOf(files: readonly BoxedFile[], allowed: readonly string[] | undefined): readonly string[] {
  const all = files.flatMap(({ objects }) => objects);
  const names = allowed?.map(normalName) ?? [...new Set(all.map((one) => normalName(one.class)))].sort(natural);
  if (!names.length)
    throw new RegimenError("REG_DATA_EMPTY", "no image has a box; expected some, or the classes by name");
  const known = new Set(names);
  const stray = all.find((one) => !known.has(normalName(one.class)));
  if (!stray) return names;
  const near = nearest(stray.class, names);
  throw new RegimenError(
    "REG_DATA_LABEL",
    `${stray.where} is of the class "${stray.class}"; allowed are ${listed(names)}${near === undefined ? ": name one of them, or leave it out" : `: did you mean "${near}"?`}`,
  );
}

function capacityFor(name: string, fullest: number, { capacity, format }: DataSpec): number {
  if (capacity === undefined) return Math.max(LEAST_CAPACITY, 2 ** Math.ceil(Math.log2(Math.max(1, fullest))));
  if (typeof capacity === "number" && Number.isInteger(capacity) && capacity >= Math.max(1, fullest)) return capacity;
  throw new RegimenError(
    "REG_DATA_MISMATCH",
    `data of format ${format} got capacity: ${JSON.stringify(capacity)}; an image of ${name} has ${fullest} boxes: expected a whole number, that or above`,
  );
}
