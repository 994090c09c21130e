import { join } from "node:path";
import { IGNORED, RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { readClassNames } from "./class-names.ts";
import { readHeader } from "./decode.ts";
import { openFiles } from "./files.ts";
import { listed, natural } from "./labels.ts";
import { readMask } from "./mask-pixels.ts";
import { withMasks } from "./masked.ts";
import { numbersObjects } from "./numbered-objects.ts";
import { checkOptions, ignoresLabels, optionalText, pathsOf } from "./options.ts";
import { endingsOf, entriesOf, filesBelow, isImageName, joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Names under which the two folders are found; case does not matter. */
const FOLDERS = { images: /^(images?|imgs?)$/i, masks: /^masks?$/i } as const;
type Pair = { readonly images: string; readonly masks: string };

/** The folders of images and masks in `folder`, by name; undefined where one is missing. */
export async function pairOf(folder: string): Promise<Pair | undefined> {
  const entries = (await entriesOf(folder)).filter((entry) => entry.folder);
  const find = (name: RegExp): string | undefined => entries.find((entry) => name.test(entry.name))?.name;
  const [images, masks] = [find(FOLDERS.images), find(FOLDERS.masks)];
  return images !== undefined && masks !== undefined ? { images, masks } : undefined;
}

/** What image and mask have in common: the path below their folders, without ending and "mask". */
const stem = (file: string): string =>
  slashed(file)
    .replace(/\.[^./]+$/, "")
    .replace(/[-_ .]?(mask|gt|label|segmentation)s?$/i, "")
    .normalize("NFC")
    .toLowerCase();

type Listed = { readonly path: string; readonly id: string; readonly mask: string | undefined };

async function listPair(path: string, spec: DataSpec, base: string): Promise<{ files: Listed[]; masks: number }> {
  const { full } = await lookAt(path, base);
  const found = await pairOf(full);
  const images = optionalText(spec, "images") ?? found?.images;
  const masks = optionalText(spec, "masks") ?? found?.masks;
  if (images === undefined || masks === undefined)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `"${slashed(path)}" lacks a folder of ${images === undefined ? "images" : "masks"}; expected images/ and masks/ in it, with files of the same names: name them with images: and masks:`,
    );
  for (const inner of [images, masks]) await lookAt(join(path, inner), base);
  const named = new Map(
    (await filesBelow(join(full, masks))).filter(isImageName).map((file) => [stem(file), join(full, masks, file)]),
  );
  const files = (await filesBelow(join(full, images))).filter(isImageName).map((file) => ({
    path: join(full, images, file),
    id: joined(joined(path, images), file),
    mask: named.get(stem(file)),
  }));
  if (!files.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${joined(path, images)} holds no image, but ${endingsOf(await filesBelow(join(full, images)))}; expected JPEG, PNG or WebP files`,
    );
  return { files, masks: named.size };
}

export async function openMaskFolder(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["images", "masks", "instances", "ignore"]);
  const name = pathsOf(spec).map(slashed).join(", ");
  const pairs = await Promise.all(pathsOf(spec).map((path) => listPair(path, spec, how.base)));
  const files = pairs.flatMap((pair) => pair.files).slice(0, spec.limit);
  const bare = files.filter(({ mask }) => mask === undefined);
  const unused = pairs.reduce((sum, pair) => sum + pair.masks, 0) - (files.length - bare.length);
  if (!ignoresLabels(spec) && bare.length === files.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `none of the ${files.length} images of ${name} has a mask of its name (the first: ${files[0]!.id}); expected masks/NAME.png for images/NAME.*`,
    );
  const named =
    how.classes ?? (await readClassNames(join((await lookAt(pathsOf(spec)[0]!, how.base)).full, "classes.txt")));
  const asked = flag(spec, "instances");
  const drawn = files.flatMap(({ mask }) => mask ?? []);
  const told = asked === undefined && (named?.length ?? 2) === 2 && !ignoresLabels(spec);
  const numbers = told && (await numbersObjects(drawn, named !== undefined));
  const instances = asked ?? numbers;
  const notes = [
    ...(numbers ? [NUMBERED] : []),
    ...(bare.length ? [`${bare.length} images have no mask and count as unlabelled`] : []),
    ...(unused > 0 && spec.limit === undefined ? [`${unused} masks belong to no image`] : []),
  ];
  const images = await openFiles(
    { name, classes: [], files: files.map(({ path, id }) => ({ path, id, label: -1 })), skipped: [], notes },
    how,
    memory,
  );
  const byId = new Map(files.map((file) => [file.id, file]));
  const maskOf = (row: number): string | undefined =>
    ignoresLabels(spec) ? undefined : byId.get(images.id(row))!.mask;
  let coloured = false;
  const masked = await withMasks(images, {
    fit: how.fit,
    file: (row) => maskOf(row)!,
    draw: async (row) => {
      const file = maskOf(row);
      if (file === undefined) return undefined;
      const [mask, image] = [await readMask(file), await readHeader(byId.get(images.id(row))!.path)];
      if (Math.abs(mask.h * image.w - mask.w * image.h) > Math.max(mask.h, mask.w))
        throw new Error(`it is ${mask.w}×${mask.h} pixels, and its image ${image.w}×${image.h}`);
      if (instances) return { ...mask, values: mask.values.map((value) => +(value > 0)) };
      coloured ||= mask.kind === "colours";
      // Levels and colours of other files must not be taken for each other: colours are kept above 2^24.
      return { ...mask, values: mask.kind === "levels" ? mask.values : mask.values.map((value) => value + COLOUR) };
    },
    name: (values) => (coloured ? namedColours(name, values, spec, named) : numbered(name, values, spec, named)),
  });
  return masked;
}

const NUMBERED =
  "the numbers in each mask run from 1 without a gap, as those of objects do: all above 0 is one class (instances: false where they are classes)";
const COLOUR = 2 ** 24;
const hex = (colour: number): string => `#${colour.toString(16).padStart(6, "0")}`;

type Naming = { readonly classes: readonly string[]; readonly classOf: (value: number) => number };

/** Each colour a class, by its number; of files that are grey throughout each level the grey of that level. */
function namedColours(
  name: string,
  values: readonly number[],
  spec: DataSpec,
  named: readonly string[] | undefined,
): Naming {
  const colourOf = (value: number): string => hex(value >= COLOUR ? value - COLOUR : value * 0x010101);
  const ignored = optionalText(spec, "ignore")?.toLowerCase();
  const found = [...new Set(values.map(colourOf))].filter((colour) => colour !== ignored).sort(natural);
  // A class may be named with its colour, "road #804080": so the other splits, which are given the names, know it too.
  const lines = (named ?? found).map((line) => /^(.*?)\s*(#[0-9a-f]{6})$/i.exec(line)?.slice(1) ?? [line, undefined]);
  const colours = lines.map(([, colour], at) => colour?.toLowerCase() ?? found[at]);
  const stray = found.find((colour) => !colours.includes(colour));
  if (stray !== undefined)
    throw new RegimenError(
      "REG_DATA_LABEL",
      `the masks of ${name} have the colour ${stray}, which is none of the classes ${listed(named ?? [])}; add it to classes.txt as "name ${stray}", or say ignore: "${stray}"`,
    );
  return {
    classes: named ?? found,
    classOf: (value) => (colourOf(value) === ignored ? IGNORED : colours.indexOf(colourOf(value))),
  };
}

/**
 * Levels as class numbers. Masks of black and one other level have two classes, whatever that level is; else 255 is ignored,
 * unless it is a class's own number.
 */
function numbered(
  name: string,
  values: readonly number[],
  spec: DataSpec,
  named: readonly string[] | undefined,
): Naming {
  const asked = spec["ignore"];
  const ignored = typeof asked === "number" ? asked : undefined;
  const met = values.filter((value) => value !== ignored);
  const two = met.length <= 2 && met.every((value, at) => value === 0 || at === met.length - 1);
  if (two && (named?.length ?? 2) === 2)
    return {
      classes: named ?? ["background", "object"],
      classOf: (value) => (value === ignored ? IGNORED : +(value > 0)),
    };
  const highest = Math.max(...met.filter((value) => value !== IGNORED));
  const count = named?.length ?? highest + 1;
  if (highest >= count || count > IGNORED)
    throw new RegimenError(
      "REG_DATA_LABEL",
      `the masks of ${name} have the value ${highest}, and there are ${count} classes; expected 0 to ${Math.min(count, IGNORED) - 1}, or 255 for ignored pixels: name all classes in classes.txt, or say instances: true where each object has a number`,
    );
  return {
    classes: named ?? Array.from({ length: count }, (_, at) => String(at)),
    classOf: (value) => (value === ignored || value === IGNORED ? IGNORED : value),
  };
}

function flag(spec: DataSpec, key: string): boolean | undefined {
  const value = spec[key];
  if (value === undefined || typeof value === "boolean") return value;
  throw new RegimenError(
    "REG_CONFIG_INVALID",
    `data of format ${spec.format} got ${key}: ${JSON.stringify(value)}; expected true or false`,
  );
}

/**
 * `format: mask-folder`. A folder with images/ and masks/ in it: a PNG for each image, of the same name. Options: `images`,
 * `masks` (their names), `instances` (each object has a number: everything above 0 is one class; found out unless told), `ignore` (a
 * level, or a colour as "#rrggbb"), `limit`, `labels: false`.
 */
export const maskFolderReader: FileReader = {
  name: "mask-folder",
  about:
    "A folder with images/ and masks/ in it, a PNG mask for each image: palette indices, grey levels or colours are classes",
  open: (spec, how) => openMaskFolder(spec, how),
};
