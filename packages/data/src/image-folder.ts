import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { RegimenError, type DataSpec, type ReadHow } from "@regimen/core";
import { openFiles } from "./files.ts";
import { NO_LABEL, normalName, numberNames, numberSeveral } from "./labels.ts";
import { checkOptions, ignoresLabels, onlyOf, pathsOf } from "./options.ts";
import { endingsOf, entriesOf, filesBelow, isImageName, isUnlabelledFolder, joined, lookAt, slashed } from "./paths.ts";
import type { FileReader, OpenedSamples } from "./samples.ts";

/** `label` undefined: unlabelled. */
type Found = { readonly path: string; readonly id: string; readonly label: string | undefined };
type Listing = {
  readonly files: Found[];
  readonly others: string[];
  readonly empty: string[];
  /** Of class folders whose images all lie in folders of their own: these, and where they are. */
  readonly nested: Map<string, { readonly shown: string; readonly inner: ReadonlySet<string> }>;
};

/** Images of one folder: class sub-folders (searched to any depth), `unlabeled/`, and the images beside them. */
async function listFolder(folder: string, shown: string, into: Listing): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    if (!entry.folder) {
      if (isImageName(entry.name))
        into.files.push({ path: entry.path, id: joined(shown, entry.name), label: undefined });
      else into.others.push(entry.name);
      continue;
    }
    const label = isUnlabelledFolder(entry.name) ? undefined : normalName(entry.name);
    const below = await filesBelow(entry.path);
    const images = below.filter(isImageName);
    into.others.push(...below.filter((file) => !isImageName(file)));
    if (images.length === 0 && label !== undefined) into.empty.push(label);
    const inner = new Set(images.flatMap((image) => (image.includes("/") ? [image.slice(0, image.indexOf("/"))] : [])));
    if (label !== undefined && inner.size > 1 && images.every((image) => image.includes("/")))
      into.nested.set(label, { shown: joined(shown, entry.name), inner });
    for (const image of images) {
      into.files.push({ path: `${entry.path}/${image}`, id: joined(shown, `${entry.name}/${image}`), label });
    }
  }
}

/** The first `limit`, taken in turns from the classes in their order (unlabelled images last), and left in their order. */
function takeInTurns<T extends { readonly number: number }>(files: readonly T[], limit: number): T[] {
  const queues = new Map<number, T[]>();
  for (const file of files) {
    const queue = queues.get(file.number);
    if (queue) queue.push(file);
    else queues.set(file.number, [file]);
  }
  const unlabelled = queues.get(NO_LABEL) ?? [];
  queues.delete(NO_LABEL);
  const inOrder = [...queues].sort(([a], [b]) => a - b).map(([, queue]) => queue);
  const longest = Math.max(0, ...inOrder.map((queue) => queue.length));
  const taken = new Set<T>();
  for (let turn = 0; turn < longest && taken.size < limit; turn++) {
    for (const queue of inOrder) if (turn < queue.length && taken.size < limit) taken.add(queue[turn]!);
  }
  for (const file of unlabelled) if (taken.size < limit) taken.add(file);
  return files.filter((file) => taken.has(file));
}

/** Classes that have folders in them where others have none: perhaps those are the classes, and somebody named the folder above. */
function otherwiseNested(files: readonly Found[], { nested }: Listing): string[] {
  const labels = new Set(files.flatMap(({ label }) => (label === undefined ? [] : [label])));
  const odd = [...nested].filter(([label]) => labels.has(label));
  if (odd.length === labels.size) return [];
  return odd.map(
    ([label, { shown, inner }]) =>
      `all images of "${label}" lie in ${inner.size} folders of their own, such as "${[...inner][0]}"; if those are the classes, name ${shown} as the data`,
  );
}

export async function openImageFolder(spec: DataSpec, how: ReadHow, memory?: number): Promise<OpenedSamples> {
  checkOptions(spec, ["only"]);
  const only = onlyOf(spec);
  const name = pathsOf(spec).map(slashed).join(", ");
  const listing: Listing = { files: [], others: [], empty: [], nested: new Map() };
  for (const path of pathsOf(spec)) {
    const { full, folder } = await lookAt(path, how.base);
    if (folder) await listFolder(full, path, listing);
    else listing.files.push({ path: full, id: slashed(path), label: undefined });
  }
  const labelled = ignoresLabels(spec) ? listing.files.map((file) => ({ ...file, label: undefined })) : listing.files;
  const files = labelled.filter((file) => only === undefined || (file.label !== undefined) === (only === "labelled"));
  if (files.length === 0) {
    const which = only === undefined ? "image" : `${only} image`;
    const loose =
      only === "labelled" && labelled.length > 0
        ? `${labelled.length} images that are in no class folder`
        : endingsOf(listing.others);
    throw new RegimenError(
      "REG_DATA_EMPTY",
      `${name} holds no ${which}, but ${loose}; expected one folder for each class with JPEG, PNG or WebP files in it, as in ${basename(name)}/cat/1.jpg`,
    );
  }
  const notes = listing.empty.map((label) => `the folder "${label}" holds no image and is not a class`);
  notes.push(...otherwiseNested(files, listing));
  if (how.several) return openSeveral({ name, files, notes, limit: spec.limit }, how, memory);
  const numbered = numberNames(
    name,
    files.map((file) => file.label),
    (row) => `the folder of ${files[row]!.id}`,
    how.classes,
  );
  const all = files.map((file, row) => ({ ...file, number: numbered.labels[row]! }));
  const taken = spec.limit === undefined ? all : takeInTurns(all, spec.limit);
  return openFiles(
    {
      name,
      classes: numbered.classes,
      files: taken.map(({ path, id, number }) => ({ path, id, label: number })),
      skipped: [],
      notes,
    },
    how,
    memory,
  );
}

/** A folder of this name holds images of none of the classes, where an image may have several. */
const NONE = "none";

/** An image that lies in several class folders, the same file to the bit, has all their labels; its first place is its name. */
async function openSeveral(
  { name, files, notes, limit }: { name: string; files: readonly Found[]; notes: string[]; limit: number | undefined },
  how: ReadHow,
  memory?: number,
): Promise<OpenedSamples> {
  const digests = await Promise.all(
    files.map(({ path }) =>
      readFile(path).then(
        (bytes) => createHash("sha1").update(bytes).digest("base64"),
        () => path, // what cannot be read is told when it is opened
      ),
    ),
  );
  const images = new Map<string, { readonly file: Found; labels: string[] | undefined }>();
  files.forEach((file, at) => {
    const known = images.get(digests[at]!) ?? { file, labels: undefined };
    if (file.label !== undefined)
      (known.labels ??= []).push(...(file.label.toLowerCase() === NONE ? [] : [file.label]));
    images.set(digests[at]!, known);
  });
  const found = [...images.values()];
  const { classes, shares } = numberSeveral(
    found.map(({ labels }) => labels),
    (row) => `the folder of ${found[row]!.file.id}`,
    how.classes,
  );
  const list = found.map(({ file: { path, id } }, row) => ({
    path,
    id,
    label: NO_LABEL,
    ...(shares[row] && { shares: shares[row] }),
  }));
  return openFiles({ name, classes, files: list.slice(0, limit), skipped: [], notes }, how, memory);
}

/**
 * `format: image-folder`. Options: `limit` (classes in turns), `labels: false` (no image counts as labelled), `only: labelled | unlabelled`.
 * `path` may also name image files: they are unlabelled. For multilabel classification an image that lies in several class folders
 * has all their labels, and one in "none" has none.
 */
export const imageFolderReader: FileReader = {
  name: "image-folder",
  about:
    "One folder for each class, with JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG files; images beside them and in unlabeled/ have no label",
  open: (spec, how) => openImageFolder(spec, how),
};
