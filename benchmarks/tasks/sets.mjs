// The sets of benchmarks/tasks.mjs: real images, with masks, boxes, several labels, or one class against the rest.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The class that is told from all others: the one that the plain detector finds least of. Crazing is told from the rest without help. */
const ONE = "inclusion";

export const SETS = {
  nuclei: {
    title: "Nuclei, segmentation",
    about: "Kaggle's Data Science Bowl 2018: cell nuclei against the background, 96×96; error is 1 − mean IoU",
    task: "semantic_segmentation",
    model: "unet",
    epochs: 40,
    held: 0.2,
    how: { size: { h: 96, w: 96 }, channels: 3 },
    specs: nuclei,
  },
  "neu-detection": {
    title: "NEU surface defects, detection",
    about: "six defects with their boxes, 64×64; error is 1 − mAP@0.5",
    task: "detection",
    model: "small-detector",
    epochs: 20,
    held: 0.1,
    how: { size: { h: 64, w: 64 }, channels: 1, fit: "stretch" },
    specs: (folder, scratch) => boxes(join(folder, "neu-det"), scratch),
  },
  "neu-multilabel": {
    title: "NEU surface defects, which are in the picture",
    about: "multilabel, from the boxes, 64×64; error is 1 − mean average precision",
    task: "multilabel_classification",
    model: "resnet20",
    epochs: 20,
    held: 0.2,
    every: 4,
    how: { size: { h: 64, w: 64 }, channels: 1, several: true },
    specs: (folder, scratch) => labels(join(folder, "neu-det"), scratch, (classes) => [...classes].join("|")),
  },
  "neu-binary": {
    title: `NEU surface defects, ${ONE} or not`,
    about: "one class against the rest, from the boxes, 64×64; error is the share of images that are wrong",
    task: "binary_classification",
    model: "resnet20",
    epochs: 20,
    held: 0.2,
    every: 4,
    how: { size: { h: 64, w: 64 }, channels: 1 },
    specs: (folder, scratch) =>
      labels(join(folder, "neu-det"), scratch, (classes) => (classes.has(ONE) ? ONE : "other")),
  },
};

const table = (file) =>
  readFileSync(file, "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(","));
function csv(file, head, rows) {
  writeFileSync(file, [head, ...rows].map((row) => row.join(",")).join("\n"));
  return file;
}

/** Images and their masks, in which each nucleus has a number. */
function nuclei(folder, scratch) {
  const from = join(folder, "nuclei");
  const root = join(scratch, "nuclei");
  for (const row of table(join(from, "index.csv"))) {
    const [file, split] = [row[0], row.at(-1)];
    for (const [part, to] of Object.entries({ images: "images", labels: "masks" })) {
      mkdirSync(join(root, split, to), { recursive: true });
      copyFileSync(join(from, part, file), join(root, split, to, file));
    }
  }
  return ["train", "test"].map((split) => ({ format: "mask-folder", path: join(root, split), instances: true }));
}

/** Where each file of NEU-DET lies, and its split. */
const places = (folder) =>
  new Map(
    table(join(folder, "index.csv")).map(([file, label, split]) => [file, [join(folder, split, label, file), split]]),
  );

function boxes(folder, scratch) {
  const at = places(folder);
  // VOC's pixels count from 1.
  const rows = table(join(folder, "boxes.csv")).map(([file, label, x0, y0, x1, y1]) => [
    ...at.get(file),
    label,
    x0 - 1,
    y0 - 1,
    x1,
    y1,
  ]);
  const path = csv(join(scratch, "boxes.csv"), ["path", "split", "label", "xmin", "ymin", "xmax", "ymax"], rows);
  return ["train", "test"].map((split) => ({ format: "boxes-csv", path, split }));
}

/** `labelOf`: what a picture with these classes of defects is called. */
function labels(folder, scratch, labelOf) {
  const classes = new Map();
  for (const [file, label] of table(join(folder, "boxes.csv")))
    classes.set(file, (classes.get(file) ?? new Set()).add(label));
  return ["train", "test"].map((split) => {
    const rows = [...places(folder)].filter(([file, [, part]]) => part === split && classes.has(file));
    const path = join(scratch, `${split}-labels.csv`);
    csv(
      path,
      ["path", "label"],
      rows.map(([file, [full]]) => [full, labelOf(classes.get(file))]),
    );
    return { format: "csv", path };
  });
}

/** The caller disposes of it. */
export async function openSet(regimen, set, folder, scratch) {
  const [trainSpec, testSpec] = set.specs(folder, scratch);
  const all = await regimen.open(trainSpec, set.how);
  const test = await regimen.open(testSpec, { ...set.how, classes: all.classes });
  const { every = 1, held } = set;
  // Files come class by class: evenly spaced rows hold all classes.
  const rows = Array.from({ length: all.length }, (_, row) => row).filter((row) => row % every === 0);
  const holds = (_, at) => Math.floor((at + 1) * held) > Math.floor(at * held);
  const [validation, train] = [rows.filter(holds), rows.filter((row, at) => !holds(row, at))];
  return {
    data: { name: set.title, train: all.subset(train), validation: all.subset(validation), test },
    size: { images: train.length, held: validation.length, test: test.length },
    dispose: () => [all, test].forEach((source) => source.dispose()),
  };
}
