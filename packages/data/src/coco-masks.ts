import { resolve } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { cocoImages, placeOf, readCocoJson, type CocoJson } from "./coco.ts";
import { readHeader } from "./decode.ts";
import { openFiles } from "./files.ts";
import { listed } from "./labels.ts";
import { withMasks } from "./masked.ts";
import { checkOptions, ignoresLabels, optionalText, pathsOf } from "./options.ts";
import { joined, slashed } from "./paths.ts";
import { fillPolygon, fillRuns, isRunLengths } from "./rasterise.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** What no object covers. */
const BACKGROUND = "background";
type Annotation = NonNullable<CocoJson["annotations"]>[number];
type Pictured = { readonly path: string; readonly id: string; readonly shapes: readonly Shape[] };
type Shape = { readonly class: string; readonly of: Annotation; readonly where: string };

function picturesOf(json: CocoJson, folder: string, shown: string, base: string): Pictured[] {
  const names = new Map((json.categories ?? []).map(({ id, name }) => [String(id), name]));
  const shapes = new Map<string, Shape[]>(json.images.map(({ id }) => [String(id), []]));
  (json.annotations ?? []).forEach((of, i) => {
    const where = placeOf(of, i, shown);
    const [name, own] = [names.get(String(of.category_id)), shapes.get(String(of.image_id))];
    if (name === undefined || !own)
      throw new RegimenError(
        "REG_DATA_LABEL",
        `${where} is of the ${own ? `category ${of.category_id}` : `image ${of.image_id}`}, which the file does not list: add it there, or remove the annotation`,
      );
    own.push({ class: name, of, where });
  });
  return json.images.map(({ id, file_name: file }) => ({
    path: resolve(base, folder, file),
    id: joined(folder, file),
    shapes: shapes.get(String(id))!,
  }));
}

const isPolygons = (value: unknown): value is readonly (readonly number[])[] =>
  Array.isArray(value) &&
  value.every((polygon) => Array.isArray(polygon) && polygon.every((one) => typeof one === "number"));

/** Class numbers [h · w], 0 the background. The smaller of two objects lies on the larger. */
function drawn(shapes: readonly Shape[], h: number, w: number, numbers: ReadonlyMap<string, number>): Uint32Array {
  const into = new Uint32Array(h * w);
  const covers = shapes.map(({ class: name, of, where }) => {
    const own = new Uint32Array(h * w);
    const { segmentation } = of;
    if (isPolygons(segmentation)) for (const polygon of segmentation) fillPolygon(own, w, polygon, 1);
    else if (isRunLengths(segmentation)) fillRuns(own, segmentation, 1);
    else if (segmentation)
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${where} has a segmentation that is neither polygons nor run lengths; expected [[x, y, …], …] or { size, counts }`,
      );
    return { own, value: numbers.get(name)!, size: own.reduce((sum, pixel) => sum + pixel, 0) };
  });
  for (const { own, value } of covers.sort((a, b) => b.size - a.size))
    own.forEach((pixel, at) => pixel && (into[at] = value));
  return into;
}

async function openCocoMasks(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["images"]);
  const name = pathsOf(spec).map(slashed).join(", ");
  const read = await Promise.all(
    pathsOf(spec).map(async (path) => {
      const json = await readCocoJson(path, how.base);
      return {
        json,
        folder: await cocoImages(path, json, how.base, optionalText(spec, "images")),
        shown: slashed(path),
      };
    }),
  );
  const pictures = read
    .flatMap(({ json, folder, shown }) => picturesOf(json, folder, shown, how.base))
    .slice(0, spec.limit);
  const categories = read.flatMap(({ json }) =>
    [...(json.categories ?? [])].sort((a, b) => Number(a.id) - Number(b.id)),
  );
  const classes = how.classes ?? [BACKGROUND, ...new Set(categories.map((category) => category.name))];
  const stray = categories.find((category) => !classes.includes(category.name));
  if (stray)
    throw new RegimenError(
      "REG_DATA_LABEL",
      `${name} has the category "${stray.name}"; allowed are ${listed(classes)}: train with all of them`,
    );
  const images = await openFiles(
    { name, classes: [], files: pictures.map(({ path, id }) => ({ path, id, label: -1 })), skipped: [], notes: [] },
    how,
    memory,
  );
  const byId = new Map(pictures.map((picture) => [picture.id, picture]));
  const numbers = new Map(classes.map((label, at) => [label, at]));
  return withMasks(images, {
    fit: how.fit,
    file: (row) => byId.get(images.id(row))!.path,
    draw: async (row) => {
      if (ignoresLabels(spec)) return undefined;
      const { path, shapes } = byId.get(images.id(row))!;
      const { h, w } = await readHeader(path);
      return { h, w, values: drawn(shapes, h, w, numbers) };
    },
    name: () => ({ classes, classOf: (value) => value }),
  });
}

/**
 * `format: coco-masks`. `path`: COCO's JSON; each pixel is of the class of the object on it (polygons or run lengths, crowds
 * too), the smaller of two, or "background". Options: `images` (their folder), `limit`, `labels: false`.
 */
export const cocoMasksReader: FileReader = {
  name: "coco-masks",
  about: "COCO's JSON (instances_*.json) as a class for each pixel: polygons and run lengths, the rest is background",
  open: (spec, how) => openCocoMasks(spec, how),
};
