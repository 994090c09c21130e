// Training steps on a GPU through WebGPU: ResNet-20 and ResNet-18 (32×32×3, batch 64 and 256, fp32, SGD with Nesterov's momentum),
// op by op and recorded, on one batch that lies on the device; beside them PyTorch on the same card, where python3 (or
// REGIMEN_PYTHON) has a torch that finds CUDA. A minute or two, on built packages:
//
//   npm i webgpu --prefix /some/folder
//   REGIMEN_WEBGPU=/some/folder node benchmarks/webgpu-step.mjs [resnet20] [resnet18] [--batches 64,256] [--steps 50]
//
// Where only a processor answers (SwiftShader), it says so and ends; REGIMEN_WEBGPU_SOFTWARE=1 measures that all the same.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRegimen, createRng } from "@regimen/core";
import models from "@regimen/models";
import classifier from "@regimen/scaffold-classifier";
import * as tf from "@tensorflow/tfjs-core";

const built = (path) => import(new URL(`../packages/${path}/dist/index.js`, import.meta.url));
const [{ default: webgpu, webgpu: backend }, steps] = [await built("backends/webgpu"), await built("steps")];

const CLASSES = 10;
const [SIDE, CHANNELS] = [32, 3];
const { values: options, positionals } = parseArgs({
  options: { batches: { type: "string", default: "64,256" }, steps: { type: "string", default: "50" } },
  allowPositionals: true,
});
const wanted = positionals.length ? positionals : ["resnet20", "resnet18"];
const count = Number(options.steps);

/** Images per second of one way to repeat a step. */
async function measure(regimen, name, batch, record) {
  const architecture = regimen.registered.architectures.find((one) => one.name === name);
  const rng = createRng(1);
  const format = { h: SIDE, w: SIDE, c: CHANNELS, range: [0, 255] };
  const plain = architecture.build({ format, classes: CLASSES, seeds: () => 1 + rng.int(2 ** 31 - 1), with: {} });
  const normalization = { mean: Array(CHANNELS).fill(127.5), std: Array(CHANNELS).fill(73.9) };
  const how = { hooks: [], format, classes: CLASSES, task: "classification", rng, normalization };
  const model = await classifierScaffold(regimen).wrap(plain, how);
  plain.dispose();
  const sgd = regimen.registered.optimizers.find((one) => one.name === "sgd").create({});
  const state = new steps.StageState();
  let refused;
  const repeated = new steps.Repeated(
    (inputs, own) => {
      const step = steps.stepFrom(inputs, { state, own });
      const loss = () => tf.mean(model.loss(model.forward(inputs.images, { training: true, step }), inputs, step));
      return { loss: step.minimize(loss, model.weights, sgd) };
    },
    { ...(record && { record }), refused: (why) => (refused = why) },
  );
  const pixels = Float32Array.from({ length: batch * SIDE * SIDE * CHANNELS }, () => rng.int(256));
  const rows = Array.from({ length: batch }, (_, at) =>
    Array.from({ length: CLASSES }, (_, k) => +(at % CLASSES === k)),
  );
  const inputs = {
    ...steps.feedTensors({ index: 0, progress: 0, rates: { default: 0.01 }, seed: Int32Array.of(1, 2), draws: {} }),
    images: tf.tensor4d(pixels, [batch, SIDE, SIDE, CHANNELS]),
    labels: tf.tensor2d(rows),
  };
  /** The device is done when the last loss is read. */
  const several = async (times) => {
    let last;
    for (let at = 0; at < times; at++) {
      const { loss } = repeated.run(inputs);
      last?.dispose();
      last = loss;
    }
    const [loss] = await last.data();
    last.dispose();
    if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}`);
  };
  await several(3);
  const begun = performance.now();
  await several(count);
  const rate = (1000 * count * batch) / (performance.now() - begun);
  repeated.dispose();
  state.dispose();
  model.dispose();
  tf.dispose(inputs);
  return { rate, refused };
}
const classifierScaffold = ({ registered }) => registered.scaffolds.find(({ name }) => name === "classifier");

/** What PyTorch gives on the same card: rates by precision, or why there are none. */
function torch(name, batch) {
  const script = fileURLToPath(new URL("./peers/torch_cuda.py", import.meta.url));
  const ask = JSON.stringify({ model: name, batch, classes: CLASSES, shape: [SIDE, SIDE, CHANNELS], steps: count });
  const { error, status, stdout, stderr } = spawnSync(process.env.REGIMEN_PYTHON ?? "python3", [script, ask], {
    encoding: "utf8",
  });
  if (error) return { skipped: error.message };
  if (status !== 0) return { skipped: stderr.trim().split("\n").at(-1) };
  return JSON.parse(stdout);
}

const regimen = await createRegimen({ plugins: [webgpu, models, classifier], backend: "webgpu" }).catch((error) => {
  console.log(`skipped: ${error.message}`);
  process.exit(0);
});
const { record } = await backend.load();
console.log(`${regimen.backend.device}, Node ${process.versions.node}, fp32, images/s\n`);
let peer = { skipped: undefined };
for (const name of wanted) {
  for (const batch of options.batches.split(",").map(Number)) {
    const recorded = await measure(regimen, name, batch, record);
    const plain = await measure(regimen, name, batch, undefined);
    const ours = recorded.refused ? `recorded skipped: ${recorded.refused}` : `recorded ${recorded.rate.toFixed(0)}`;
    if (!peer.skipped) peer = torch(name, batch);
    const theirs = peer.skipped
      ? `PyTorch skipped: ${peer.skipped}`
      : `${peer.version} ${Object.entries(peer.rates)
          .map(([how, rate]) => `${how} ${rate.toFixed(0)} (ours ${(recorded.rate / rate).toFixed(2)})`)
          .join(", ")}`;
    console.log(`${name}, batch ${batch}: ${ours}, op by op ${plain.rate.toFixed(0)}; ${theirs}`);
  }
}
await regimen.dispose();
