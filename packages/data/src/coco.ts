import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { openBoxed, type Marked } from "./boxed.ts";
import { checkOptions, optionalText, pathsOf } from "./options.ts";
import { isFile, joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Of what the format has, what is read here. */
export type CocoJson = {
  readonly images: readonly { readonly id: number | string; readonly file_name: string }[];
  readonly annotations?: readonly {
    readonly id?: number | string;
    readonly image_id: number | string;
    readonly category_id: number | string;
    /** [x, y, width, height] in pixels */ readonly bbox?: readonly number[];
    readonly iscrowd?: number | boolean;
    readonly segmentation?: unknown;
  }[];
  readonly categories?: readonly { readonly id: number | string; readonly name: string }[];
};

/** Errors: REG_DATA_PATH, REG_DATA_UNREADABLE. */
export async function readCocoJson(path: string, base: string): Promise<CocoJson> {
  const { full, folder } = await lookAt(path, base);
  const shown = slashed(path);
  if (folder)
    throw new RegimenError(
      "REG_DATA_PATH",
      `${shown} is a folder; format coco expects a JSON file, such as annotations/instances_train.json: name the file in it`,
    );
  let json: Partial<CocoJson>;
  try {
    json = JSON.parse(await readFile(full, "utf8")) as Partial<CocoJson>;
  } catch (cause) {
    throw new RegimenError("REG_DATA_UNREADABLE", `${shown} is no JSON file: ${(cause as Error).message}`, { cause });
  }
  const wrong = (["images", "annotations", "categories"] as const).find(
    (key) => !Array.isArray(json?.[key]) && !(json?.[key] === undefined && key !== "images"),
  );
  if (wrong)
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${shown} has no list "${wrong}"; expected COCO's JSON with images, annotations and categories`,
    );
  for (const [key, { entry: fits, expected }] of Object.entries(ENTRIES)) {
    const list = json[key as keyof typeof ENTRIES] ?? [];
    const at = list.findIndex((one) => !(typeof one === "object" && one !== null && fits(one)));
    if (at >= 0)
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `entry ${at + 1} of "${key}" in ${shown} is ${JSON.stringify(list[at])?.slice(0, 80)}; expected ${expected}`,
      );
  }
  return json as CocoJson;
}

type Entry = Readonly<Record<string, unknown>>;
const isId = (id: unknown): boolean => typeof id === "number" || typeof id === "string";
const isText = (text: unknown): boolean => typeof text === "string" && text !== "";
/** What an entry of each list must have. */
const ENTRIES = {
  images: {
    entry: ({ id, file_name: file }: Entry) => isId(id) && isText(file),
    expected: "an id and a file_name",
  },
  annotations: {
    entry: ({ image_id: image, category_id: category }: Entry) => isId(image) && isId(category),
    expected: "an image_id and a category_id",
  },
  categories: { entry: ({ id, name }: Entry) => isId(id) && isText(name), expected: "an id and a name" },
} as const;

/** For messages: an annotation by its id, or by its place in the list. */
export const placeOf = ({ id }: Entry, at: number, shown: string): string =>
  `${shown}, annotation ${isId(id) ? id : at}`;

/** Where a COCO file's images are: the folder asked for, or one of the usual ones. A path that starts as `path` does. */
export async function cocoImages(
  path: string,
  { images: [first] }: CocoJson,
  base: string,
  asked?: string,
): Promise<string> {
  if (asked !== undefined) return asked;
  const own = dirname(path);
  // annotations/instances_train2017.json stands beside train2017/.
  const split = /([^_/\\]+)\.json$/.exec(path)?.[1] ?? "";
  const usual = [
    own,
    `${own}/images`,
    `${own}/${split}`,
    `${own}/../images`,
    `${own}/../${split}`,
    `${own}/../images/${split}`,
  ];
  for (const folder of usual) if (first && (await isFile(resolve(base, folder, first.file_name)))) return folder;
  return own;
}

async function openCoco(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["images", "capacity"]);
  const name = pathsOf(spec).map(slashed).join(", ");
  const read = await Promise.all(
    pathsOf(spec).map(async (path) => {
      const json = await readCocoJson(path, how.base);
      const folder = await cocoImages(path, json, how.base, optionalText(spec, "images"));
      return { path: slashed(path), json, folder };
    }),
  );
  const files = read.flatMap(({ path, json, folder }) => {
    const objects = objectsOf(json, path);
    return json.images.map(({ id, file_name: file }) => ({
      path: resolve(how.base, folder, file),
      id: joined(folder, file),
      objects: objects.get(String(id)) ?? [],
    }));
  });
  const named = read.flatMap(({ json }) => [...(json.categories ?? [])].sort((a, b) => Number(a.id) - Number(b.id)));
  const classes = named.length ? [...new Set(named.map((category) => category.name))] : undefined;
  return openBoxed({ name, files, classes }, spec, how, memory);
}

/** By image id. Errors: REG_DATA_LABEL for a category or an image that is not listed, REG_DATA_UNREADABLE for a box that is no list of four. */
function objectsOf({ images, annotations = [], categories = [] }: CocoJson, shown: string): Map<string, Marked[]> {
  const names = new Map(categories.map(({ id, name }) => [String(id), name]));
  const found = new Map<string, Marked[]>(images.map(({ id }) => [String(id), []]));
  annotations.forEach((annotation, i) => {
    const where = placeOf(annotation, i, shown);
    const name = names.get(String(annotation.category_id));
    const of = found.get(String(annotation.image_id));
    if (name === undefined || !of)
      throw new RegimenError(
        "REG_DATA_LABEL",
        `${where} is of the ${of ? `category ${annotation.category_id}` : `image ${annotation.image_id}`}, which the file does not list: add it there, or remove the annotation`,
      );
    const { bbox } = annotation;
    if (!Array.isArray(bbox) || bbox.length !== 4)
      throw new RegimenError("REG_DATA_UNREADABLE", `${where} has no bbox; expected [x, y, width, height] in pixels`);
    const [x, y, w, h] = bbox.map((value) => (typeof value === "number" ? value : NaN)) as [
      number,
      number,
      number,
      number,
    ];
    of.push({
      at: [y, x, y + h, x + w],
      in: "pixels",
      class: name,
      is: annotation.iscrowd ? -2 : 1,
      where,
    });
  });
  return found;
}

/**
 * `format: coco`. `path`: the JSON file of annotations; images are found beside it, in images/ or in the folder of the split's name. Options:
 * `images` (their folder), `capacity`, `limit`, `labels: false`. Crowds are neither learnt nor judged.
 */
export const cocoReader: FileReader = {
  name: "coco",
  about:
    "COCO's JSON (instances_*.json): boxes and crowds; the images lie beside it, in images/ or in a folder named for the split",
  open: (spec, how) => openCoco(spec, how),
};
