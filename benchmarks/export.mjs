// What exports weigh, how fast they are beside tfjs, and how far their answers are from its: random weights, batch 4,
// WebAssembly on one thread and TensorFlow on all. Needs built packages (npm run build), onnxruntime-web (npm i onnxruntime-web
// in the folder that REGIMEN_ONNXRUNTIME names) and, for the SavedModels, a tfjs-node that shares our tfjs-core:
//
//   REGIMEN_ONNXRUNTIME=/a/folder REGIMEN_TFJS_NODE=/another node benchmarks/export.mjs [MODEL …]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { backend, tf, tfl } from "./steps.mjs";

const here = (name) => import(new URL(`../packages/${name}/dist/index.js`, import.meta.url));
const { efficientnetb0, resnet18, resnet20, smallCnn, smallDetector, unet } = await here("models");
const { joinModels } = await here("topology");
const { toOnnx, toSavedModel } = await here("export");
const at = (folder) => createRequire(pathToFileURL(join(folder, "package.json")));
const BATCH = 4;
const ROUNDS = 3;

/** `gain`: what its fresh kernels are multiplied by, so that something reaches the end of a deep network that never trained. */
async function build(architecture, side, gain = 1) {
  let seed = 0;
  const format = { h: side, w: side, c: 3, range: [0, 255] };
  const model = await architecture.build({ format, classes: 10, with: {}, seeds: () => seed++ });
  tf.tidy(() => {
    for (const weight of model.weights) if (weight.shape.length > 1) weight.write(tf.mul(weight.read(), gain));
  });
  return model;
}
const MODELS = {
  "ResNet-20, 32×32": { side: 32, build: () => build(resnet20, 32) },
  "ResNet-18, 32×32": { side: 32, build: () => build(resnet18, 32) },
  "EfficientNet-B0, 32×32": { side: 32, build: () => build(efficientnetb0, 32, 1.54) },
  "U-Net, 64×64": { side: 64, build: () => build(unet, 64) },
  "small detector, 64×64": {
    side: 64,
    build: async () => {
      const { inputs, outputs } = await build(smallDetector, 64);
      return tfl.model({ inputs, outputs: tfl.layers.conv2d({ filters: 14, kernelSize: 1 }).apply(outputs[0]) });
    },
  },
  "ensemble of small CNN and ResNet-20": {
    side: 32,
    build: async () => joinModels([await build(smallCnn, 32), await build(resnet20, 32)]),
  },
};

/** Images per second of the processor's time, which other work on the machine moves less than the clock; the best round. */
async function speed(run) {
  await run();
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    for (let n = 0; n < 4; n++) await run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, user + system);
  }
  return Math.round((4 * BATCH * 1e6) / best);
}
const far = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
const megabytes = (bytes) => (bytes.length / 1e6).toFixed(2);

const { default: ort } = await import(
  pathToFileURL(at(process.env.REGIMEN_ONNXRUNTIME).resolve("onnxruntime-web")).href
);
ort.env.wasm.numThreads = 1;
const { wasm } = await backend("wasm");
process.env.REGIMEN_THREADS = "1";
await wasm.load();
const stock = process.env.REGIMEN_TFJS_NODE && at(process.env.REGIMEN_TFJS_NODE)("@tensorflow/tfjs-node");
const folder = mkdtempSync(join(tmpdir(), "regimen-export-"));

const rows = [];
const wanted = process.argv.slice(2);
for (const [name, model] of Object.entries(MODELS)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  await tf.setBackend("wasm");
  const layers = await model.build();
  const image = tf.randomUniform([BATCH, model.side, model.side, 3], 0, 1, "float32", 1);
  const data = image.dataSync().slice();
  const answer = () => tf.tidy(() => layers.predict(image).dataSync());
  const expected = answer().slice();
  const row = { "tfjs, WASM, images/s": await speed(async () => answer()) };

  for (const weights of ["float32", "float16", "int8"]) {
    const bytes = toOnnx(layers, { weights });
    row[`ONNX ${weights}, MB`] = megabytes(bytes);
    const session = await ort.InferenceSession.create(bytes);
    const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", data, image.shape) };
    const run = async () => (await session.run(feeds))[session.outputNames[0]].data;
    row[`ONNX ${weights}, images/s`] = await speed(run);
    row[`ONNX ${weights}, farthest`] = far(await run(), expected).toExponential(0);
    await session.release();
  }

  if (stock) {
    await tf.setBackend("tensorflow");
    const native = tf.tensor(data, image.shape);
    row["tfjs-node, images/s"] = await speed(async () => tf.tidy(() => layers.predict(native).dataSync()));
    for (const weights of ["float32", "int8"]) {
      const bytes = toSavedModel(layers, { weights });
      writeFileSync(join(folder, "saved_model.pb"), bytes);
      const saved = await stock.node.loadSavedModel(folder);
      const run = async () => tf.tidy(() => Object.values([saved.predict(native)].flat())[0].dataSync());
      row[`SavedModel ${weights}, MB`] = megabytes(bytes);
      row[`SavedModel ${weights}, images/s`] = await speed(run);
      row[`SavedModel ${weights}, farthest`] = far(await run(), expected).toExponential(0);
      saved.dispose();
    }
    native.dispose();
  }
  rows.push({ model: name, ...row });
  console.error(name);
  layers.dispose();
  image.dispose();
}
rmSync(folder, { recursive: true });
const columns = Object.keys(rows[0] ?? {});
const lines = [
  columns,
  columns.map((_, at) => (at ? "--:" : "---")),
  ...rows.map((row) => columns.map((key) => row[key])),
];
console.log(lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
