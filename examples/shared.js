// What the examples share: pictures of clothes that stand in this folder, and a small training.
import data from "@regimen/data";
import models from "@regimen/models";
import wasm from "@regimen/backend-wasm";
import classifier from "@regimen/scaffold-classifier";
import { fileURLToPath } from "node:url";

export const basics = [wasm, data, models, classifier];

/** The first pictures of Fashion-MNIST: 28 × 28, grey, ten classes. */
export async function clothes(regimen, images = 600) {
  const path = (name) => fileURLToPath(new URL(`fashion-mnist/${name}-images-idx3-ubyte.gz`, import.meta.url));
  const train = await regimen.open({ format: "idx", path: path("train"), limit: images });
  const test = await regimen.open({ format: "idx", path: path("t10k"), limit: 300 }, { classes: train.classes });
  return { train, validation: { fraction: 0.2 }, test };
}

export const percent = (share) => `${(100 * share).toFixed(1)} %`;
