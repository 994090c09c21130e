// The saved model with nothing of Regimen's: @tensorflow/tfjs, two files, raw pixels. In a browser, tf.loadLayersModel(url)
// reads the same folder; Node without tfjs-node needs the few lines of `fromFolder`.
//   node examples/saved-model.js RUN/model
import * as tf from "@tensorflow/tfjs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

async function fromFolder(folder) {
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const files = weightsManifest.flatMap((group) => group.paths).map((path) => readFile(join(folder, path)));
  const weightData = new Uint8Array(Buffer.concat(await Promise.all(files))).buffer;
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

const folder = process.argv[2] ?? "runs/demo/model";
const model = await fromFolder(folder);
const { classes, input } = JSON.parse(await readFile(join(folder, "metadata.json"), "utf8"));
const [h, w, c] = input.shape;

// Raw pixels: the bytes of an IDX file, as they are.
const file = new URL("fashion-mnist/t10k-images-idx3-ubyte.gz", import.meta.url);
const pixels = gunzipSync(await readFile(file)).subarray(16, 16 + 5 * h * w * c);
const probabilities = model.predict(tf.tensor4d(Float32Array.from(pixels), [5, h, w, c]));
for (const row of probabilities.arraySync()) {
  const best = row.indexOf(Math.max(...row));
  console.log(classes[best].padEnd(12), row[best].toFixed(7));
}
