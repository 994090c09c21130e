// A class for each pixel: clothes on striped ground, a small U-Net that cuts them out, and one answer drawn with letters.
import wasm from "@regimen/backend-wasm";
import { createRegimen, source } from "@regimen/core";
import data from "@regimen/data";
import models from "@regimen/models";
import segmenter from "@regimen/scaffold-segmenter";
import augment from "@regimen/technique-augment";
import * as tf from "@tensorflow/tfjs-core";
import { clothes, percent } from "./shared.js";

/** Samples of your own: a folder with images/ and masks/ (`format: "mask-folder"`) gives the same. */
function onStripes(pictures) {
  const { h, w } = pictures.format;
  return source({
    name: `${pictures.name} on stripes`,
    length: pictures.length,
    format: pictures.format,
    classes: ["ground", "cloth"],
    skipped: [],
    id: (row) => pictures.id(row),
    labels: () => Float32Array.from({ length: 2 * pictures.length }, () => 0.5), // each class's share of the pixels
    async read(rows) {
      const { images } = await pictures.read(rows);
      const masks = Int32Array.from(images, (value) => (value > 20 ? 1 : 0)); // [rows, h, w]; 255: not known
      const stripe = (at) => 60 + 50 * Math.sin((at % w) * 0.8 + (Math.floor(at / (h * w)) % 7));
      return { images: images.map((value, at) => (masks[at] ? value : stripe(at))), masks };
    },
    dispose() {},
  });
}

const regimen = await createRegimen({ plugins: [wasm, data, models, segmenter, augment] });
const { train, test } = await clothes(regimen, 200);
const held = onStripes(test.subset(Array.from({ length: 60 }, (_, row) => row)));
const { model, test: tested } = await regimen.fit({
  model: { architecture: "unet", with: { width: 0.25 } },
  data: { train: onStripes(train), validation: { fraction: 0.1 }, test: held },
  task: "semantic_segmentation",
  training: { epochs: 4, batchSize: 16, learningRate: 0.01, optimizer: "adam" },
  policy: { steps: [{ use: "@regimen/technique-augment/mirror", with: { rr: 0.5 } }] },
  seed: 1,
});
for (const { name, iou, dice } of tested.classes)
  console.log(name.padEnd(7), "IoU", percent(iou), "Dice", percent(dice));
console.log("test error", percent(tested.error), `(${tested.terms.error}: ${tested.terms.means})`);
// What the task measures beside: plain data, which a run's report draws.
for (const { name, count, values } of tested.exhibits.find(({ id }) => id === "sizes").rows)
  console.log(`of ${count} objects ${name}`, percent(values[0]), "found");

const { images, masks } = await held.read([0]);
const answer = tf.tidy(() =>
  tf.argMax(model.predict(tf.tensor4d(Float32Array.from(images), [1, 28, 28, 1])), 3).dataSync(),
);
const sign = (truth, said) => (truth ? (said ? "#" : "-") : said ? "+" : ".");
for (let y = 0; y < 28; y += 2)
  console.log(Array.from({ length: 28 }, (_, x) => sign(masks[28 * y + x], answer[28 * y + x])).join(""));
console.log("# found, - missed, + too much");
model.dispose();
await regimen.dispose();
