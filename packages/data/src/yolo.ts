import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { parse } from "yaml";
import { openBoxed, type Marked } from "./boxed.ts";
import { readClassNames } from "./class-names.ts";
import { checkOptions, optionalText, pathsOf } from "./options.ts";
import { entriesOf, filesBelow, isFile, isImageName, joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** How far above the images the classes' names may stand. */
const LEVELS = 3;
/** Classes that a file may name. */
const MOST = 100_000;

/** images/train/1.jpg ⇒ labels/train/1.txt; without a folder "images" beside the image. */
const textOf = (image: string): string =>
  slashed(image)
    .replace(/^(.*)(^|\/)images\/(?!.*\/images\/)/, "$1$2labels/")
    .replace(/\.[^./]+$/, ".txt");

async function openYolo(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["split", "capacity"]);
  const split = optionalText(spec, "split");
  const name = pathsOf(spec).map(slashed).join(", ") + (split === undefined ? "" : ` (${split})`);
  const folders = await Promise.all(pathsOf(spec).map((path) => imagesIn(path, how.base, split)));
  const own = folders.length ? await namesAbove(folders[0]!.full) : undefined;
  const files = await Promise.all(
    folders.flatMap(({ full, shown, images }) =>
      images.map(async (image) => {
        const path = join(full, image);
        const text = textOf(path);
        const written = (await isFile(text)) ? await readFile(text, "utf8") : undefined;
        const id = joined(shown, image);
        return { path, id, told: written !== undefined, objects: objectsOf(written ?? "", textOf(id), own) };
      }),
    ),
  );
  const bare = files.filter(({ told }) => !told).length;
  if (bare === files.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `none of the ${files.length} images of ${name} has a text file of its name; expected labels/1.txt for images/1.jpg, with lines "class x y width height" in shares of the image`,
    );
  const notes = bare ? [`${bare} images have no text file and count as images without objects`] : [];
  return openBoxed({ name, files, classes: own, notes }, spec, how, memory);
}

async function imagesIn(path: string, base: string, split: string | undefined) {
  const { full, folder } = await lookAt(path, base);
  if (!folder)
    throw new RegimenError(
      "REG_DATA_PATH",
      `${slashed(path)} is a file; format yolo expects a folder with images/ and labels/ in it`,
    );
  const inner = (await entriesOf(full)).find((entry) => entry.folder && entry.name === "images");
  const below = [...(inner ? ["images"] : []), ...(split === undefined ? [] : [split])];
  const images = join(full, ...below);
  await lookAt(images, base);
  return {
    full: images,
    shown: joined(path, below.join("/")),
    images: (await filesBelow(images)).filter(isImageName),
  };
}

/** `names:` of the first YAML file that has it, or classes.txt, in the folder or above it. */
async function namesAbove(folder: string): Promise<readonly string[] | undefined> {
  let at = folder;
  for (let level = 0; level <= LEVELS; level++, at = dirname(at)) {
    const listed =
      (await readClassNames(join(at, "classes.txt"))) ?? (await readClassNames(join(at, "labels/classes.txt")));
    if (listed) return listed;
    const files = (await entriesOf(at)).filter((entry) => !entry.folder && /\.ya?ml$/i.test(entry.name));
    for (const { path, name } of files) {
      let read: { names?: unknown } | null;
      try {
        read = parse(await readFile(path, "utf8"), { logLevel: "error" }) as { names?: unknown } | null;
      } catch (cause) {
        throw new RegimenError("REG_DATA_UNREADABLE", `${name} is no YAML file: ${(cause as Error).message}`, {
          cause,
        });
      }
      if (typeof read?.names === "object" && read.names !== null) return namesIn(read.names, name);
    }
  }
  return undefined;
}

/** A list of names, or names by number. */
function namesIn(names: object, file: string): string[] {
  const given = Object.entries(names).map(([key, name]) => [Number(key), name as unknown] as const);
  const known = new Map(given);
  const sound = ([k, name]: readonly [number, unknown]): boolean =>
    Number.isInteger(k) && k >= 0 && k < MOST && ["string", "number", "boolean"].includes(typeof name);
  if (!given.every(sound))
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `names: in ${file} is neither a list of names nor has it a name for each number from 0 to ${MOST - 1}; expected such as names: [cat, dog]`,
    );
  const length = given.reduce((most, [k]) => Math.max(most, k + 1), 0);
  return Array.from({ length }, (_, k) => String(known.get(k) ?? k));
}

/** One object a line: its class number and [x, y, width, height] about its centre, or the corners of a polygon; all in shares. */
function objectsOf(text: string, shown: string, names: readonly string[] | undefined): Marked[] {
  return text.split(/\r?\n/).flatMap((line, i): Marked[] => {
    if (!line.trim()) return [];
    const [label, ...values] = line.trim().split(/\s+/).map(Number) as [number, ...number[]];
    const where = `${slashed(shown)}, line ${i + 1},`;
    const polygon = values.length >= 6 && values.length % 2 === 0;
    if (!Number.isInteger(label) || label < 0 || !(values.length === 4 || polygon) || !values.every(Number.isFinite))
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${where} says "${line.trim().slice(0, 60)}"; expected "class x y width height", a whole number and four shares of the image`,
      );
    const name = names ? (names[label] ?? String(label)) : String(label);
    const [x, y, w, h] = values as [number, number, number, number];
    const along = (from: 0 | 1) => values.filter((_, at) => at % 2 === from);
    const at = polygon
      ? [Math.min(...along(1)), Math.min(...along(0)), Math.max(...along(1)), Math.max(...along(0))]
      : [y - h / 2, x - w / 2, y + h / 2, x + w / 2];
    if (at.some((value) => value < -1 || value > 2))
      throw new RegimenError(
        "REG_DATA_LABEL",
        `${where} has values far outside of the image (${values.slice(0, 4).join(", ")}); expected shares of its sides, 0 to 1: divide pixels by the image's width and height`,
      );
    return [{ at, in: "shares", class: name, is: 1, where }];
  });
}

/**
 * `format: yolo`. A folder with images/ and labels/ in it: a text file for each image, of the same name; an image without one has no
 * objects. Classes by name: `names:` of a YAML file, or classes.txt, there or above. Options: `split` (a sub-folder of both, "train"),
 * `capacity`, `limit`, `labels: false`.
 */
export const yoloReader: FileReader = {
  name: "yolo",
  about:
    "A folder with images/ and labels/ in it: text files of the images' names, a line an object: class x y width height, in shares",
  open: (spec, how) => openYolo(spec, how),
};
