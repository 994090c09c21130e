import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { shrinkWeights, type Weights } from "@regimen/export";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Metadata } from "../job/metadata.ts";

type Spec = tf.io.WeightsManifestEntry;
type ModelJson = {
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly Spec[] }[];
};
/** A saved model's parts, as `tf.io.fromMemory` takes them. */
export type Parts = { readonly topology: object; readonly specs: readonly Spec[]; readonly weights: Buffer };

/** Errors: REG_MODEL_UNSUPPORTED where its weights cannot be stored as `weights` asks. */
export async function readModel(folder: string, weights: Weights): Promise<Parts> {
  const { modelTopology: topology, weightsManifest } = JSON.parse(
    await readFile(join(folder, "model.json"), "utf8"),
  ) as ModelJson;
  const files = weightsManifest.flatMap(({ paths }) => paths).map((path) => readFile(join(folder, path)));
  const saved = weightsManifest.flatMap((group) => group.weights);
  const { specs, data } = shrinkWeights({ specs: saved, data: Buffer.concat(await Promise.all(files)) }, weights);
  return { topology, specs, weights: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
}

/** `model.json` and `weights.bin`, as tfjs reads them. */
export async function writeModel(folder: string, { topology, specs, weights }: Parts): Promise<void> {
  const weightsManifest = [{ paths: ["weights.bin"], weights: specs }];
  await writeFile(join(folder, "weights.bin"), weights);
  const json = { format: "layers-model", modelTopology: topology, weightsManifest };
  await writeFile(join(folder, "model.json"), JSON.stringify(json));
}

export const writeMetadata = (folder: string, metadata: Metadata): Promise<void> =>
  writeFile(join(folder, "metadata.json"), `${JSON.stringify(metadata, null, 2)}\n`);

/** The caller owns the model. Needs a backend. */
export function loadParts({ topology, specs, weights }: Parts): Promise<tfl.LayersModel> {
  const weightData = new Uint8Array(weights).buffer;
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs: [...specs], weightData }));
}

/** Errors: REG_TASK; REG_MODEL_OUTPUT for a model that names no classes. */
export function assertClassifies({ task = "classification", classes, output }: Metadata, name: string): void {
  if (task !== "classification")
    throw new RegimenError(
      "REG_TASK",
      `${name} is a model for ${task}; pages and servers are for classification: take another --to`,
    );
  if (classes.length > 0 && output !== "features") return;
  throw new RegimenError(
    "REG_MODEL_OUTPUT",
    `${name} holds a backbone, which answers with features and knows no classes; train a model from it first: regimen train DATA --set model.path=${name}`,
  );
}
