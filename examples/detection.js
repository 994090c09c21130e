// Boxes: pictures of clothes pasted on larger grey ones, a detector that finds them, and what it found in one picture.
import wasm from "@regimen/backend-wasm";
import { createRegimen, createRng, source } from "@regimen/core";
import data from "@regimen/data";
import models from "@regimen/models";
import detector, { detect } from "@regimen/scaffold-detector";
import augment from "@regimen/technique-augment";
import * as tf from "@tensorflow/tfjs-core";
import { clothes, percent } from "./shared.js";

const SIDE = 48;
const CAPACITY = 2;
const CLASSES = ["sandal", "bag"];

/** Samples of your own: a reader of COCO, YOLO, Pascal VOC or CSV files (`regimen.open`) gives the same. */
function pasted(name, pictures, rng) {
  const images = Array.from({ length: name === "train" ? 160 : 80 }, () => {
    const pixels = new Uint8Array(SIDE * SIDE).fill(110 + rng.int(30));
    const boxes = Array.from({ length: 1 + rng.int(CAPACITY) }, (_, i) => {
      const one = pictures[rng.int(pictures.length)];
      const [y, x] = [rng.int(SIDE - 27), Math.min(SIDE - 28, 20 * i + rng.int(10))];
      one.pixels.forEach((value, at) => {
        if (value > 20) pixels[(y + Math.floor(at / 28)) * SIDE + x + (at % 28)] = value;
      });
      return { at: [y, x, y + 28, x + 28], class: one.class };
    });
    return { pixels, boxes };
  });
  const k = CLASSES.length;
  return source({
    name,
    length: images.length,
    format: { h: SIDE, w: SIDE, c: 1, range: [0, 255] },
    classes: CLASSES,
    skipped: [],
    id: (row) => `${name} ${row}`,
    labels: () =>
      Float32Array.from(
        images.flatMap(({ boxes }) => CLASSES.map((_, c) => (boxes.some((b) => b.class === c) ? 1 : 0))),
      ),
    async read(rows) {
      const some = Array.from(rows, (row) => images[row]);
      const boxes = {
        at: new Float32Array(some.length * CAPACITY * 4), // [rows, capacity, 4]: y0, x0, y1, x1 in pixels
        labels: new Float32Array(some.length * CAPACITY * k),
        weights: new Float32Array(some.length * CAPACITY), // 0: no box
      };
      some.forEach(({ boxes: own }, i) =>
        own.forEach((box, j) => {
          boxes.at.set(box.at, (i * CAPACITY + j) * 4);
          boxes.labels[(i * CAPACITY + j) * k + box.class] = 1;
          boxes.weights[i * CAPACITY + j] = 1;
        }),
      );
      return { images: Uint8Array.from(some.flatMap(({ pixels }) => [...pixels])), boxes };
    },
    dispose() {},
  });
}

const regimen = await createRegimen({ plugins: [wasm, data, models, detector, augment] });
const all = (await clothes(regimen)).train;
const labels = all.labels();
const wanted = [5, 8]; // Fashion-MNIST's sandals and bags
const rows = Array.from({ length: all.length }, (_, row) => row).filter((row) =>
  wanted.some((k) => labels[row * 10 + k]),
);
const { images } = await all.read(rows);
const pictures = rows.map((row, i) => ({
  pixels: images.subarray(i * 784, (i + 1) * 784),
  class: wanted.findIndex((k) => labels[row * 10 + k]),
}));

const rng = createRng(1);
const test = pasted("test", pictures, rng.fork("test"));
const result = await regimen.fit({
  model: { architecture: "small-cnn" }, // any network with a feature map; "small-detector" for larger images
  task: "detection",
  data: { train: pasted("train", pictures, rng.fork("train")), test },
  training: { epochs: 8, batchSize: 16 },
  policy: { steps: [{ use: "@regimen/technique-augment/mirror", with: {} }] },
  seed: 1,
});
console.log("mAP@0.5", percent(result.test.measures["mAP@0.5"]));
for (const { name, averagePrecision, threshold } of result.test.classes)
  console.log(name.padEnd(6), "AP", percent(averagePrecision), "answered from a score of", threshold.toFixed(2));

// The model is plain: a map for each image. `detect` reads it, on any tfjs backend.
const one = await test.read([0]);
const map = result.model.predict(tf.tensor4d(new Float32Array(one.images), [1, SIDE, SIDE, 1]));
const found = detect(map, { h: SIDE, w: SIDE });
const [boxes, scores, classes] = await Promise.all([found.boxes.array(), found.scores.array(), found.classes.array()]);
for (let i = 0; i < 2; i++)
  console.log(CLASSES[classes[0][i]], percent(scores[0][i]), boxes[0][i].map(Math.round).join(" "));
result.model.dispose();
await regimen.dispose();
