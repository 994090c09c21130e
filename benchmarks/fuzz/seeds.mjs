// Good files of each format, and what is changed in them. A target's `files`: their bytes by path; `change`: which may be changed,
// by which mutation; `spec`: how a reader is asked for them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { crc32, gzipSync } from "node:zlib";
import { mutateBytes, mutateText, mutateTree, random } from "./mutate.mjs";

// What @regimen/data reads with, these write with.
const requireAsData = createRequire(new URL("../../packages/data/package.json", import.meta.url));
const sharp = requireAsData("sharp");
const { strToU8, unzipSync, zipSync } = requireAsData("fflate");
const crc32c = requireAsData("crc-32/crc32c.js");

const text = (value) => Buffer.from(value);
const json = (value) => text(JSON.stringify(value, null, 1));
function noise(length, seed) {
  const rng = random(seed);
  return Buffer.from(Array.from({ length }, () => rng.int(256)));
}

/** Small pictures, each another. */
const picture = (kind, seed, { w = 12, h = 10, c = 3 } = {}) => {
  const made = sharp(noise(w * h * c, seed), { raw: { width: w, height: h, channels: c } });
  return (kind === "png" ? made.png() : made.jpeg()).toBuffer();
};
const mask = (values, colours) => {
  const c = colours ? 3 : 1;
  const raw = Buffer.from(Array.from({ length: 120 * c }, (_, i) => values[Math.floor(i / c / 40) % values.length]));
  if (colours) raw[1] = 7;
  const made = sharp(raw, { raw: { width: 12, height: 10, channels: c } });
  return (colours ? made : made.toColourspace("b-w")).png().toBuffer();
};

/** A PNG whose checksums fit what was changed in its chunks, half of the time. */
function mutatePng(rng, bytes) {
  if (rng.chance(0.5)) return mutateBytes(rng, bytes);
  const out = [bytes.subarray(0, 8)];
  const chosen = rng.int(3);
  for (let at = 8, n = 0; at + 12 <= bytes.length; n++) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.subarray(at + 4, at + 8);
    let data = bytes.subarray(at + 8, at + 8 + length);
    if (n === chosen) data = mutateBytes(rng, data);
    const body = Buffer.concat([kind, data]);
    const [head, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    head.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    out.push(head, body, sum);
    at += 12 + length;
  }
  return Buffer.concat(out);
}

/** TFRecord files whose checksums fit what was changed in a record, most of the time. */
function mutateRecords(rng, bytes) {
  if (rng.chance(0.3)) return mutateBytes(rng, bytes);
  const masked = (part) => {
    const crc = crc32c.buf(part) >>> 0;
    return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  };
  const out = [];
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    let data = bytes.subarray(at + 12, at + 12 + length);
    if (rng.chance(0.6)) data = mutateBytes(rng, data);
    const [head, tail] = [Buffer.alloc(12), Buffer.alloc(4)];
    head.writeBigUInt64LE(BigInt(data.length));
    head.writeUInt32LE(masked(head.subarray(0, 8)), 8);
    tail.writeUInt32LE(masked(data));
    out.push(head, data, tail);
    at += 16 + length;
  }
  return Buffer.concat(out);
}

/** NumPy's arrays within a good archive. */
function mutateNpz(rng, bytes) {
  if (rng.chance(0.3)) return mutateBytes(rng, bytes);
  const entries = unzipSync(bytes);
  const name = rng.pick(Object.keys(entries));
  const array = Buffer.from(entries[name]);
  const start = 10 + array.readUInt16LE(8);
  const header = mutateText(rng, array.subarray(10, start));
  const length = Buffer.alloc(2);
  length.writeUInt16LE(Math.min(65535, header.length));
  entries[name] = rng.chance(0.4)
    ? mutateBytes(rng, array)
    : Buffer.concat([array.subarray(0, 8), length, header, array.subarray(start)]);
  return Buffer.from(zipSync(entries, { level: 1 }));
}
function npy(type, shape, bytes) {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(118) + "\n";
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return new Uint8Array(Buffer.concat([head, Buffer.from(strToU8(header)), bytes]));
}

/** Files as they come in .gz, changed before or after they are packed. */
const packed = (mutate) => (rng, bytes) =>
  rng.chance(0.5) ? mutate(rng, gzipSync(bytes)) : gzipSync(mutate(rng, bytes));

function idx(sizes, bytes) {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, bytes]);
}
const labels = (n) => Buffer.from(Array.from({ length: n }, (_, i) => i % 3));

const golden = JSON.parse(
  readFileSync(new URL("../../packages/data/test/golden/tfrecord.json", import.meta.url), "utf8"),
);
const records = (name) => Buffer.from(golden[name], "base64");

const pictures = {
  "a1.png": await picture("png", 1),
  "a2.jpg": await picture("jpeg", 2),
  "b1.png": await picture("png", 3, { c: 1 }),
  "b2.jpg": await picture("jpeg", 4, { w: 9, h: 14 }),
};
const inFolder = (folder) =>
  Object.fromEntries(Object.entries(pictures).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

const coco = {
  images: Object.keys(pictures).map((name, i) => ({ id: i + 1, file_name: name, width: 12, height: 10 })),
  categories: [
    { id: 1, name: "cat" },
    { id: 2, name: "größe 🐟" },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 5, 4], iscrowd: 0, segmentation: [[1, 1, 6, 1, 6, 5]] },
    {
      id: 2,
      image_id: 1,
      category_id: 2,
      bbox: [2, 3, 4, 4],
      iscrowd: 1,
      segmentation: { size: [10, 12], counts: [20, 30, 70] },
    },
    { id: 3, image_id: 2, category_id: 2, bbox: [0, 0, 12, 10], segmentation: { size: [10, 12], counts: "d0N2k0" } },
    { id: 4, image_id: 3, category_id: 1, bbox: [3, 2, 4.5, 4], segmentation: [[3, 2, 7, 2, 7, 6, 3, 6]] },
  ],
};
const voc = (file, objects) =>
  text(`<annotation>
  <folder>JPEGImages</folder>
  <filename>${file}</filename>
  <size><width>12</width><height>10</height><depth>3</depth></size>
${objects
  .map(
    ([name, x0, y0, x1, y1]) => `  <object>
    <name>${name}</name>
    <difficult>0</difficult>
    <bndbox><xmin>${x0}</xmin><ymin>${y0}</ymin><xmax>${x1}</xmax><ymax>${y1}</ymax></bndbox>
  </object>`,
  )
  .join("\n")}
</annotation>
`);

/** Which mutation suits a file, by its name. */
const SUITED = [
  [/\.png$/, mutatePng],
  [/\.jpg$/, mutateBytes],
  [/\.json$/, mutateTree],
  [/\.(csv|txt|xml|yaml)$/, mutateText],
  [/\.tfrecord$/, mutateRecords],
  [/\.npz$/, mutateNpz],
  [/\.gz$/, packed(mutateBytes)],
  [/./, mutateBytes],
];
export const suited = (name) => SUITED.find(([pattern]) => pattern.test(name))[1];
/** Those that are packed lie in `files` as they are before it. */
export const asWritten = (name, bytes) => (name.endsWith(".gz") ? gzipSync(bytes) : bytes);

/** By format of data, one or several targets. */
export const DATA = {
  images: [
    {
      files: Object.fromEntries(Object.entries(pictures).map(([name, bytes]) => [`p/${name[0]}/${name}`, bytes])),
      change: /./,
      spec: { format: "image-folder", path: "p" },
    },
  ],
  csv: [
    {
      files: {
        ...inFolder("p"),
        "list.csv": text(
          'path,label,split\np/a1.png,cat,train\np/a2.jpg,"dog, wet",train\np/b1.png,größe,test\np/b2.jpg,,test\n',
        ),
      },
      change: /csv$/,
      spec: { format: "csv", path: "list.csv" },
    },
    {
      files: {
        ...inFolder("p"),
        "soft.csv": text(
          "path;label;p_cat;p_dog\np/a1.png;cat;0.7;0.3\np/a2.jpg;dog;0.1;0.9\np/b1.png;cat;1;0\np/b2.jpg;;;\n",
        ),
      },
      change: /csv$/,
      spec: { format: "csv", path: "soft.csv" },
    },
    {
      files: {
        ...inFolder("p"),
        "more.csv": text("file\tclass\np/a1.png\tcat|dog\np/a2.jpg\t|\np/b1.png\tdog\np/b2.jpg\t\n"),
      },
      change: /csv$/,
      spec: { format: "csv", path: "more.csv" },
    },
    {
      files: {
        ...inFolder("p"),
        "boxes.csv": text(
          "path,label,xmin,ymin,xmax,ymax,crowd\np/a1.png,cat,1,1,6,5,0\np/a1.png,dog,2,3,6,7,1\np/a2.jpg,dog,0,0,12,10,\np/b1.png,,,,,,\n",
        ),
      },
      change: /csv$/,
      spec: { format: "boxes-csv", path: "boxes.csv" },
    },
  ],
  idx: [
    {
      files: {
        "train-images-idx3-ubyte": idx([6, 5, 4], noise(120, 5)),
        "train-labels-idx1-ubyte": idx([6], labels(6)),
        "classes.txt": text("cat\ndog\ngröße\n"),
      },
      change: /./,
      spec: { format: "idx", path: ".", split: "train" },
    },
    {
      files: {
        "train-images-idx4-ubyte.gz": idx([6, 5, 4, 3], noise(360, 6)),
        "train-labels-idx1-ubyte.gz": idx([6], labels(6)),
      },
      change: /./,
      spec: { format: "idx", path: ".", split: "train" },
    },
    {
      files: {
        "images-idx3-ubyte": idx([6, 5, 4], noise(120, 5)),
        "images-idx3-ubyte.gz": idx([6, 5, 4], noise(120, 5)),
      },
      change: /./,
      spec: { format: "idx", path: ["images-idx3-ubyte", "images-idx3-ubyte.gz"], labels: false },
    },
  ],
  cifar: [
    {
      files: {
        "data_batch_1.bin": Buffer.concat(
          [0, 1, 2, 9].map((label) => Buffer.concat([Buffer.from([label]), noise(3072, label)])),
        ),
        "batches.meta.txt": text("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"),
      },
      change: /./,
      spec: { format: "cifar10-binary", path: "." },
    },
  ],
  npz: [
    {
      files: {
        "d.npz": Buffer.from(
          zipSync({
            "x_train.npy": npy("|u1", [6, 5, 4, 3], noise(360, 1)),
            "y_train.npy": npy("<i8", [6], Buffer.from(new BigInt64Array([0n, 1n, 2n, 0n, 1n, 2n]).buffer)),
          }),
        ),
      },
      change: /./,
      spec: { format: "npz", path: "d.npz", split: "train" },
    },
    {
      files: {
        "d.npz": Buffer.from(
          zipSync({
            "images.npy": npy(
              "<f4",
              [3, 2, 2],
              Buffer.from(Float32Array.from({ length: 12 }, (_, i) => i / 12).buffer),
            ),
            "labels.npy": npy("<f8", [3, 2], Buffer.from(new Float64Array([1, 0, 0.5, 0.5, 0, 1]).buffer)),
          }),
        ),
      },
      change: /./,
      spec: { format: "npz", path: "d.npz" },
    },
  ],
  tfrecord: ["labels", "texts", "objects", "tfds"].map((name) => ({
    files: { "d.tfrecord": records(name) },
    change: /./,
    spec: { format: "tfrecord", path: "d.tfrecord" },
  })),
  coco: [
    { files: { ...pictures, "c.json": json(coco) }, change: /json$/, spec: { format: "coco", path: "c.json" } },
    { files: { ...pictures, "c.json": json(coco) }, change: /json$/, spec: { format: "coco-masks", path: "c.json" } },
  ],
  yolo: [
    {
      files: {
        ...inFolder("images"),
        "labels/a1.txt": text("0 0.5 0.5 0.4 0.3\n1 0.25 0.5 0.2 0.9\n"),
        "labels/a2.txt": text("1 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9\n"),
        "labels/b1.txt": text(""),
        "data.yaml": text("path: .\nnames:\n  0: cat\n  1: größe 🐟\n"),
      },
      change: /txt$|yaml$/,
      spec: { format: "yolo", path: "." },
    },
  ],
  voc: [
    {
      files: {
        ...inFolder("JPEGImages"),
        "Annotations/a1.xml": voc("a1.png", [
          ["cat", 1, 1, 6, 5],
          ["größe 🐟", 2, 3, 7, 8],
        ]),
        "Annotations/a2.xml": voc("a2.jpg", [["cat", 1, 1, 12, 10]]),
        "Annotations/b1.xml": voc("b1.png", []),
        "ImageSets/Main/train.txt": text("a1\na2\nb1\n"),
      },
      change: /xml$|txt$/,
      spec: { format: "voc", path: ".", split: "train" },
    },
  ],
  masks: [
    {
      files: {
        "images/a.png": await picture("png", 1),
        "images/b.png": await picture("png", 2),
        "masks/a.png": await mask([0, 1, 2]),
        "masks/b.png": await mask([0, 2, 255]),
      },
      change: /masks/,
      spec: { format: "mask-folder", path: "." },
    },
    {
      files: {
        "images/a.png": await picture("png", 1),
        "images/b.png": await picture("png", 2),
        "masks/a.png": await mask([0, 128], true),
        "masks/b.png": await mask([64, 128], true),
        "classes.txt": text("sky #000000\nroad #808080\ntree #404040\n"),
      },
      change: /masks|txt$/,
      spec: { format: "mask-folder", path: ".", ignore: "#000700" },
    },
  ],
};

const configurations = [
  `# A comment
task: classification
data:
  train: { format: idx, path: ./d, split: train, limit: 40 }
  test: { fraction: 0.2 }
  validation: { fraction: 0.1 }
  image: { size: 8, fit: cover }
model: { architecture: small-cnn }
search: { metalearner: halving, budget: 1.5, space: { "@regimen/technique-mixup": { alpha: 0.3 }, "@regimen/technique-cutmix": false } }
training: { epochs: 2, batchSize: 16, learningRate: 0.1, optimizer: sgd, schedule: one-cycle }
seed: 7
`,
  `data: idx:./d/train-images-idx3-ubyte
plugins:
  - "@regimen/technique-mixup"
  - ./mine.mjs
search:
  metalearner:
    sequence: [random, halving]
seed: 3
`,
  `data:
  name: "größe 🐟"
  train:
    format: idx
    path: [./d]
    split: train
    classes: [cat, dog, fish]
  unlabeled: { format: idx, path: ./d, labels: false, split: train }
  synthetic:
    - { format: idx, path: ./d, split: train, ratio: 0.5 }
    - { format: idx, path: ./d, split: train, limit: 10, ratio: 1 }
  image:
    size: [12, 10]
model:
  architecture: small-cnn
  with: { width: 2 }
training:
  epochs: auto
`,
];
const policy = {
  format: 1,
  name: "calm-fox-pier",
  engine: "0.1.0",
  seed: 7,
  train: { epochs: 1, batchSize: 16, learningRate: 0.05, optimizer: "sgd", schedule: "one-cycle" },
  steps: [
    { use: "@regimen/technique-mixup", version: "0.1.0", with: { alpha: 0.2 } },
    { use: "@regimen/technique-label-smoothing", version: "0.1.0", with: { epsilon: 0.1 } },
    {
      use: "@regimen/technique-cutmix",
      version: "0.1.0",
      with: {},
      refused: { because: "it hurts", evidence: { images: 12 } },
    },
  ],
};
const beside = {
  "d/train-images-idx3-ubyte": idx([48, 8, 8], noise(48 * 64, 9)),
  "d/train-labels-idx1-ubyte": idx([48], labels(48)),
  "mine.mjs": text(
    'export default { name: "mine", version: "1.0.0", register: (into) => into.reader({ name: "mine", about: "Nothing.", open: () => Promise.reject() }) };\n',
  ),
};
/** Through the command line. */
export const COMMANDS = {
  "configuration, YAML": configurations.map((config) => ({
    files: { ...beside, "regimen.yaml": text(config) },
    change: /yaml$/,
    argv: ["train", "regimen.yaml", "--json", "--out", "run"],
  })),
  "configuration, JSON": configurations.map((config) => ({
    files: { ...beside, "regimen.json": json(requireAsData("yaml").parse(config)) },
    change: /json$/,
    argv: ["train", "regimen.json", "--json", "--out", "run"],
  })),
  policy: [
    {
      files: { ...beside, "policy.json": json(policy) },
      change: /policy/,
      argv: ["fit", "idx:d/train-images-idx3-ubyte", "--policy", "policy.json", "--json", "--out", "run"],
    },
  ],
};
