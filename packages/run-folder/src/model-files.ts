import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import writeFileAtomic from "write-file-atomic";
import { RegimenError, type Json } from "@regimen/contracts";
import { onDisk } from "./store.ts";

/**
 * Writes `model.json` and `weights.bin` in tfjs' own layout (and `metadata.json`): `tf.loadLayersModel` reads them over
 * HTTP or through tfjs-node's `file://`. Errors: REG_DISK.
 */
export async function saveModel(model: LayersModel, folder: string, metadata?: Json): Promise<void> {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { modelTopology, weightSpecs, weightData } = artifacts;
    const weights = tf.io.CompositeArrayBuffer.join(weightData);
    const manifest = {
      format: "layers-model",
      generatedBy: "regimen",
      modelTopology,
      weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
    };
    onDisk(() => {
      mkdirSync(folder, { recursive: true });
      writeFileAtomic.sync(join(folder, "weights.bin"), Buffer.from(weights));
      writeFileAtomic.sync(join(folder, "model.json"), JSON.stringify(manifest));
      if (metadata !== undefined)
        writeFileAtomic.sync(join(folder, "metadata.json"), `${JSON.stringify(metadata, null, 2)}\n`);
    });
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler);
}

type Manifest = {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
};

/** Reads what `saveModel`, or tfjs, wrote: a folder, or a `model.json`. The caller owns it. Errors: REG_MODEL_UNREADABLE. */
export async function loadModel(path: string): Promise<LayersModel> {
  const file = path.endsWith(".json") ? path : join(path, "model.json");
  const fail = (why: string, cause?: unknown): RegimenError =>
    new RegimenError(
      "REG_MODEL_UNREADABLE",
      `${file} ${why}; expected a model.json of a tf.LayersModel with its weight files beside it`,
      { cause },
    );
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  } catch (cause) {
    throw fail((cause as NodeJS.ErrnoException).code === "ENOENT" ? "is not there" : "is not JSON", cause);
  }
  const groups: unknown = manifest?.weightsManifest;
  const whole = (group: Partial<Manifest["weightsManifest"][number]> | null): boolean =>
    Array.isArray(group?.paths) && Array.isArray(group.weights);
  if (!manifest?.modelTopology || !Array.isArray(groups) || !groups.every(whole)) throw fail("is not a layers model");
  const weightSpecs = manifest.weightsManifest.flatMap((group) => group.weights);
  let weights: Buffer;
  try {
    const paths = manifest.weightsManifest.flatMap((group) => group.paths);
    weights = Buffer.concat(paths.map((name) => readFileSync(join(file, "..", name))));
  } catch (cause) {
    throw fail("names a weight file that is not there", cause);
  }
  const bytes = weightSpecs.reduce((sum, spec) => sum + tf.util.sizeFromShape(spec.shape) * bytesOf(spec), 0);
  if (bytes !== weights.length) throw fail(`describes ${bytes} bytes of weights and its files have ${weights.length}`);
  const weightData = new Uint8Array(weights).buffer;
  try {
    return await tfl.loadLayersModel(
      tf.io.fromMemory({ modelTopology: manifest.modelTopology, weightSpecs, weightData }),
    );
  } catch (cause) {
    throw fail(`cannot be built (${(cause as Error).message.split("\n")[0]})`, cause);
  }
}
const bytesOf = ({ dtype, quantization }: tf.io.WeightsManifestEntry): number =>
  ({ float32: 4, int32: 4, uint16: 2, float16: 2, uint8: 1, bool: 1 })[(quantization?.dtype ?? dtype) as string] ?? 4;
