// What our sides share: the product as a user sets it up, on TensorFlow, and images as the peers have them.
import { randomFillSync } from "node:crypto";
import node from "@regimen/backend-node";
import { createRegimen, createRng } from "@regimen/core";
import { fromArrays } from "@regimen/data";
import models from "@regimen/models";
import classifier from "@regimen/scaffold-classifier";
import augment from "@regimen/technique-augment";
import cutmix from "@regimen/technique-cutmix";
import mixup from "@regimen/technique-mixup";
import { skip } from "./rounds.mjs";

export const ask = JSON.parse(process.argv[2]);
const [h, w, c] = ask.shape;
/** As many as CIFAR-10 has; the peers have as many. */
const IMAGES = 50_000;

/** Ends the process where TensorFlow or the architecture is not there. */
export async function start() {
  const plugins = [node, models, classifier, augment, cutmix, mixup];
  const regimen = await createRegimen({ plugins, backend: "node" }).catch((error) => skip(error.message));
  const architecture = regimen.registered.architectures.find(({ name }) => name === ask.model);
  if (!architecture) await skip(`@regimen/models has no architecture "${ask.model}"`);
  return { regimen, architecture };
}

export async function images(count = IMAGES) {
  const pixels = randomFillSync(new Uint8Array(count * h * w * c));
  const labels = Array.from({ length: count }, (_, at) => at % ask.classes);
  const classes = Array.from({ length: ask.classes }, (_, at) => `${at}`);
  return fromArrays(pixels, labels, { h, w, c, classes });
}

/** The model as `fit` trains it. */
export async function trainable({ regimen, architecture }) {
  const rng = createRng(1);
  const format = { h, w, c, range: [0, 255] };
  const built = architecture.build({ format, classes: ask.classes, seeds: () => 1 + rng.int(2 ** 31 - 1), with: {} });
  const [scaffold] = regimen.registered.scaffolds;
  const normalization = { mean: Array(c).fill(127.5), std: Array(c).fill(73.9) };
  const how = { hooks: [], format, classes: ask.classes, task: "classification", rng, normalization };
  const model = await scaffold.wrap(built, how);
  built.dispose();
  return model;
}

export function countsOf({ weights }) {
  const count = (chosen) => chosen.reduce((sum, { variable }) => sum + variable.size, 0);
  return {
    trainable: count(weights.filter(({ role }) => role !== "statistic")),
    statistics: count(weights.filter(({ role }) => role === "statistic")),
  };
}

export const versionOf = ({ backend }) => `Node ${process.versions.node}, ${backend.device}`;
