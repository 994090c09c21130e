import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RegimenError, type Evaluation, type Json, type Source, type Task } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { writeWhole } from "./whole.ts";

/** tfjs' own layout on disk, which `tf.loadLayersModel` also reads over HTTP. */
type ModelJson = tf.io.ModelJSON & { readonly format?: string };

/** What a model was trained on and for, and what a test said of it. */
export type SavedOf = {
  readonly train: Pick<Source, "classes" | "format" | "resize">;
  readonly task: Task;
  readonly output: "probabilities" | "logits";
  readonly test: Evaluation | null;
};

/** `metadata.json`: how images are read for a model, and how its answers are. `policy`: the name of the one that trained it. */
export function metadataOf({ train, task, output, test }: SavedOf, policy: string): Json {
  const { h, w, c, range } = train.format;
  const { fit = null, interpolation = null } = train.resize ?? {};
  const thresholds = test?.classes.map(({ threshold }) => threshold ?? null) ?? [];
  return {
    format: 1,
    classes: [...train.classes],
    input: { shape: [h, w, c], range: [...range], fit, interpolation },
    task,
    output,
    test: test && { images: test.images, error: test.error, ece: test.ece },
    thresholds: thresholds.length && !thresholds.includes(null) ? thresholds : null,
    policy,
  };
}

/**
 * Writes `model.json` and `weights.bin` into `folder`, which is made where it is missing, and `metadata.json` beside them
 * where `metadata` is given. Each file appears whole or not at all, `model.json` after the weights it names. The model stays
 * the caller's. Errors: REG_DISK.
 */
export async function saveModel(model: tfl.LayersModel, folder: string, metadata?: Json): Promise<void> {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { weightData, weightSpecs = [], modelTopology, generatedBy, convertedBy } = artifacts;
    const json: ModelJson = {
      format: "layers-model",
      generatedBy: generatedBy ?? "regimen",
      convertedBy: convertedBy ?? null,
      modelTopology: modelTopology!,
      weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
    };
    try {
      await mkdir(folder, { recursive: true });
      writeWhole(join(folder, "weights.bin"), new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)));
      writeWhole(join(folder, "model.json"), JSON.stringify(json));
      if (metadata !== undefined) writeWhole(join(folder, "metadata.json"), `${JSON.stringify(metadata, null, 2)}\n`);
    } catch (cause) {
      throw new RegimenError("REG_DISK", `the model cannot be written to ${folder}: ${messageOf(cause)}`, { cause });
    }
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler);
}

/**
 * Reads a layers model from disk: `path` is a `model.json` or the folder that holds it; weights may be in several files. The
 * caller owns the model. Errors: REG_MODEL_UNREADABLE.
 */
export async function loadModel(path: string): Promise<tfl.LayersModel> {
  const file = path.endsWith(".json") ? path : join(path, "model.json");
  const json = await readJson(file);
  const { modelTopology, weightsManifest } = json;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const weightData = await readWeights(dirname(file), weightsManifest);
  try {
    return await tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
  } catch (cause) {
    throw unreadable(`${file} cannot be built: ${messageOf(cause).split("\n")[0]}; export it from tfjs again`, cause);
  }
}

async function readJson(file: string): Promise<ModelJson> {
  const text = await read(file, `expected a model.json or the folder that holds one`);
  let json: Partial<ModelJson> | null;
  try {
    json = JSON.parse(text.toString("utf8")) as Partial<ModelJson> | null;
  } catch (cause) {
    throw unreadable(`${file} is not JSON; expected the model.json of a tf.LayersModel`, cause);
  }
  if (json?.format === "graph-model")
    throw unreadable(
      `${file} is a graph model; expected a layers model: convert it with --output_format tfjs_layers_model`,
    );
  const groups: Partial<tf.io.WeightsManifestConfig[number]>[] | undefined = json?.weightsManifest;
  const whole = Array.isArray(groups) && groups.every((group) => group?.paths && group.weights);
  if (!json?.modelTopology || !whole)
    throw unreadable(`${file} has no modelTopology and weightsManifest; expected the model.json of a tf.LayersModel`);
  return json as ModelJson;
}

async function readWeights(folder: string, manifest: tf.io.WeightsManifestConfig): Promise<ArrayBuffer> {
  const parts: Buffer[] = [];
  for (const { paths, weights } of manifest) {
    const group: Buffer[] = [];
    for (const path of paths)
      group.push(await read(join(folder, path), `model.json names it; copy it beside model.json`));
    const got = group.reduce((sum, part) => sum + part.byteLength, 0);
    const expected = weights.reduce((sum, spec) => sum + tf.util.sizeFromShape(spec.shape) * bytesOf(spec), 0);
    if (got !== expected)
      throw unreadable(
        `${paths.join(", ")} in ${folder} has ${got} bytes; expected ${expected} from model.json: copy the weights again`,
      );
    parts.push(...group);
  }
  return new Uint8Array(Buffer.concat(parts)).buffer;
}

function bytesOf({ dtype, quantization }: tf.io.WeightsManifestEntry): number {
  const stored: string = quantization?.dtype ?? dtype;
  return stored === "uint8" || stored === "bool" ? 1 : stored === "uint16" || stored === "float16" ? 2 : 4;
}

async function read(file: string, advice: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw unreadable(
      `${file} ${missing ? "does not exist" : `cannot be read (${messageOf(cause)})`}; ${advice}`,
      cause,
    );
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function unreadable(message: string, cause?: unknown): RegimenError {
  return new RegimenError("REG_MODEL_UNREADABLE", message, { cause });
}
