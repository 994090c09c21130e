import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { openBoxed, type Marked } from "./boxed.ts";
import { listed } from "./labels.ts";
import { checkOptions, optionalText, pathsOf } from "./options.ts";
import { entriesOf, filesBelow, isImageName, joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** Folders of the images, first found wins; else the images stand beside their XML files. */
const IMAGES = ["JPEGImages", "images", "Images", "IMAGES"];

/** Text stays text: a class may be called "1e3". */
const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "object" });

/** As far as it is known: text, or what stands where text should. */
type Annotation = { readonly filename?: unknown; readonly object?: readonly (Marking | "")[] };
type Marking = {
  readonly name?: unknown;
  readonly difficult?: unknown;
  readonly bndbox?: Readonly<Record<string, unknown>>;
};

async function openVoc(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["split", "images", "capacity"]);
  const split = optionalText(spec, "split");
  const name = pathsOf(spec).map(slashed).join(", ") + (split === undefined ? "" : ` (${split})`);
  const files = (await Promise.all(pathsOf(spec).map((path) => filesOf(path, spec, how.base, split)))).flat();
  if (!files.length)
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${name} holds no annotation; expected Pascal VOC's XML files in Annotations/ and their images in JPEGImages/`,
    );
  return openBoxed({ name, files, classes: undefined }, spec, how, memory);
}

async function filesOf(path: string, spec: DataSpec, base: string, split: string | undefined) {
  const { full, folder } = await lookAt(path, base);
  if (!folder)
    throw new RegimenError(
      "REG_DATA_PATH",
      `${slashed(path)} is a file; format voc expects a folder with Annotations/ and JPEGImages/`,
    );
  const folders = (await entriesOf(full)).filter((entry) => entry.folder).map((entry) => entry.name);
  const written = folders.find((name) => /^annotations?$/i.test(name)) ?? "";
  const pictures = optionalText(spec, "images") ?? IMAGES.find((name) => folders.includes(name)) ?? written;
  await lookAt(join(full, pictures), base);
  const images = new Map(
    (await filesBelow(join(full, pictures))).filter(isImageName).map((file) => [stem(file), file]),
  );
  const wanted = split === undefined ? undefined : await listOf(join(full, "ImageSets/Main", `${split}.txt`), base);
  const xml = (await filesBelow(join(full, written))).filter((file) => /\.xml$/i.test(file));
  return Promise.all(
    xml
      .filter((file) => !wanted || wanted.has(stem(file)))
      .map(async (file) => {
        const shown = joined(joined(path, written), file);
        const { filename: named, object = [] } = read(await readFile(join(full, written, file), "utf8"), shown);
        const filename = typeof named === "string" ? named : undefined;
        const image =
          images.get(stem(file)) ?? (filename && images.get(stem(filename))) ?? filename ?? `${stem(file)}.jpg`;
        return {
          path: join(full, pictures, image),
          id: joined(joined(path, pictures), image),
          objects: object.map((one, i) => objectOf(one, `${shown}, object ${i + 1},`)),
        };
      }),
  );
}

const stem = (file: string): string =>
  slashed(file)
    .replace(/^.*\//, "")
    .replace(/\.[^.]+$/, "");

async function listOf(path: string, base: string): Promise<Set<string>> {
  await lookAt(path, base);
  const lines = (await readFile(path, "utf8")).split(/\r?\n/).map((line) => line.trim().split(/\s+/)[0]!);
  return new Set(lines.filter(Boolean));
}

function read(text: string, shown: string): Annotation {
  const wrong = (why: string) =>
    new RegimenError("REG_DATA_UNREADABLE", `${shown} is no annotation of Pascal VOC's: ${why}`);
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw wrong(`${valid.err.msg} (line ${valid.err.line})`);
  let parsed: Readonly<Record<string, unknown>>;
  try {
    parsed = parser.parse(text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw wrong((cause as Error).message);
  }
  const { annotation } = parsed;
  if (annotation === "") return {};
  if (typeof annotation === "object" && annotation !== null && !Array.isArray(annotation)) return annotation;
  throw wrong(`it has ${listed(Object.keys(parsed)) || "nothing"}; expected one "annotation"`);
}

/** Pixels are counted from 1 in VOC, both ends included. */
function objectOf(marking: Marking | "", where: string): Marked {
  const one = marking || {};
  const side = (name: "xmin" | "ymin" | "xmax" | "ymax") => Number(one.bndbox?.[name] || NaN);
  if (!one.name || typeof one.name !== "string")
    throw new RegimenError("REG_DATA_UNREADABLE", `${where} has no name; expected the class of the object`);
  return {
    at: [side("ymin") - 1, side("xmin") - 1, side("ymax"), side("xmax")],
    in: "pixels",
    class: one.name,
    is: Number(one.difficult) > 0 ? -1 : 1,
    where,
  };
}

/**
 * `format: voc`. A folder with Annotations/ (an XML file for each image) and JPEGImages/ or images/. Options: `split` (a list in
 * ImageSets/Main), `images` (their folder), `capacity`, `limit`, `labels: false`. Difficult objects are neither learnt nor judged.
 */
export const vocReader: FileReader = {
  name: "voc",
  about: "Pascal VOC: XML files in Annotations/ with boxes and difficult objects, images in JPEGImages/ or images/",
  open: (spec, how) => openVoc(spec, how),
};
