// Does a long training keep its memory? `regimen.fit` with mixup, CutMix and six augmentations for 10,000 small steps, recorded
// where the backend can: resident memory after every 1,000, and whether it stayed within 2 % after the first 1,000.
// Exit code 1 if not. One process, on built packages:
//
//   node benchmarks/capture-soak.mjs [BACKEND] [STEPS]
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import wasm from "@regimen/backend-wasm";
import node from "@regimen/backend-node";
import { createRegimen, createRng } from "@regimen/core";
import { fromArrays } from "@regimen/data";
import models from "@regimen/models";
import classifier from "@regimen/scaffold-classifier";
import augment from "@regimen/technique-augment";
import cutmix from "@regimen/technique-cutmix";
import mixup from "@regimen/technique-mixup";
import { everything } from "./sides/policy.mjs";

const [backend = "node", wanted = "10000"] = process.argv.slice(2);
const EACH = 1000;
const BATCH = 8;
const SIDE = 12;
const ALLOWED = 0.02;
const epochs = Math.ceil(Number(wanted) / EACH);

const regimen = await createRegimen({ plugins: [wasm, node, models, classifier, augment, cutmix, mixup], backend });
const rng = createRng(1);
async function random(count) {
  const pixels = Uint8Array.from({ length: count * SIDE * SIDE }, () => rng.int(256));
  const labels = Array.from({ length: count }, (_, at) => at % 10);
  return fromArrays(pixels, labels, { h: SIDE, w: SIDE, c: 1, classes: labels.slice(0, 10).map(String) });
}

// What JavaScript has not yet collected is no leak.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const resident = () => {
  collect();
  return process.memoryUsage.rss() / 2 ** 20;
};

console.log(`${regimen.backend.name}, ${regimen.backend.device}: ${epochs * EACH} steps of ${BATCH} images`);
const run = regimen.fit({
  model: { architecture: "small-cnn" },
  data: { train: await random(EACH * BATCH), validation: await random(10 * BATCH) },
  policy: everything,
  training: { epochs, batchSize: BATCH, learningRate: 0.001, optimizer: "sgd", schedule: "constant" },
});
const seen = [];
for await (const event of run) {
  if (event.kind === "warning") console.log(`  ${event.message}`);
  if (event.kind !== "epoch") continue;
  seen.push(resident());
  console.log(`  ${seen.length * EACH} steps: ${seen.at(-1).toFixed(1)} MiB`);
}
const { captured, model, imagesPerSecond } = await run;
model.dispose();
const [first, ...later] = seen;
const furthest = later.reduce((most, value) => Math.max(most, Math.abs(value / first - 1)), 0);
const flat = furthest <= ALLOWED;
console.log(
  `${captured ? "recorded" : "op by op"}, ${(imagesPerSecond / BATCH).toFixed(0)} steps/s: memory ${flat ? "stayed" : "did not stay"} within ${100 * ALLOWED} % of what it was after ${EACH} steps (furthest: ${(100 * furthest).toFixed(1)} %)`,
);
process.exitCode = flat ? 0 : 1;
await regimen.dispose();
