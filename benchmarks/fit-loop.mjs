// The real fit loop, reading and augmentation included: images/s of `regimen.fit`, first epoch left out, plain and with mixup,
// CutMix and six augmentations. One process, on built packages:
//
//   node benchmarks/fit-loop.mjs [BACKEND] [EPOCHS]
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

const [backend = "wasm", epochs = "3"] = process.argv.slice(2);
const regimen = await createRegimen({ plugins: [wasm, node, models, classifier, augment, cutmix, mixup], backend });
const rng = createRng(1);
async function random(count, side, c) {
  const pixels = Uint8Array.from({ length: count * side * side * c }, () => rng.int(256));
  const labels = Array.from({ length: count }, (_, at) => at % 10);
  const classes = Array.from({ length: 10 }, (_, at) => `${at}`);
  return fromArrays(pixels, labels, { h: side, w: side, c, classes });
}
console.log(`${regimen.backend.name}, ${regimen.backend.device}, batch 64`);
for (const [architecture, data] of [
  ["small-cnn 28×28×1", await random(4096, 28, 1)],
  ["resnet20 32×32×3", await random(1024, 32, 3)],
]) {
  const speeds = [];
  for (const policy of ["none", everything]) {
    const result = await regimen.fit({
      model: { architecture: architecture.split(" ")[0] },
      data: { train: data, validation: await random(64, data.format.h, data.format.c) },
      policy,
      training: { epochs: Number(epochs), batchSize: 64, learningRate: 0.01, optimizer: "sgd" },
    });
    speeds.push(result.imagesPerSecond);
    result.model.dispose();
  }
  const [plain, full] = speeds;
  console.log(
    `${architecture}: plain ${plain.toFixed(0)} images/s, with mixup, CutMix and six augmentations ${full.toFixed(0)} (${(100 * (plain / full - 1)).toFixed(0)} % more time)`,
  );
}
await regimen.dispose();
