import "@tensorflow/tfjs-backend-cpu";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadModel, saveModel } from "@regimen/run-folder";

let folder: string;
beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = mkdtempSync(join(tmpdir(), "regimen-model-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const model = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [5, 5, 1], activation: "relu", name: "conv" }),
      tfl.layers.batchNormalization({ name: "norm" }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, activation: "softmax", name: "head" }),
    ],
  });
const ramp = (): tf.Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: 50 }, (_, i) => i / 25),
    [2, 5, 5, 1],
  );
const answer = (of: tfl.LayersModel): number[] => [...tf.tidy(() => (of.predict(ramp()) as tf.Tensor).dataSync())];
const json = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, unknown>;

describe("saveModel and loadModel", () => {
  it("give the same answers to the bit, from the folder or from model.json, and leave no tensor behind", async () => {
    const before = tf.memory().numTensors;
    const given = model();
    await saveModel(given, join(folder, "deep", "model"), { classes: ["a", "b", "c"] });
    expect(readdirSync(join(folder, "deep", "model")).sort()).toEqual(["metadata.json", "model.json", "weights.bin"]);
    expect(json("deep/model/metadata.json")).toEqual({ classes: ["a", "b", "c"] });
    const expected = answer(given);
    given.dispose();
    for (const path of [join(folder, "deep", "model"), join(folder, "deep", "model", "model.json")]) {
      const loaded = await loadModel(path);
      expect(answer(loaded)).toEqual(expected);
      expect(loaded.layers.map(({ name }) => name)).toContain("norm");
      loaded.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("replace a model of the same place, and write no metadata unasked", async () => {
    const [first, second] = [model(), model()];
    await saveModel(first, folder);
    await saveModel(second, folder);
    const loaded = await loadModel(folder);
    expect(answer(loaded)).toEqual(answer(second));
    expect(readdirSync(folder).sort()).toEqual(["model.json", "weights.bin"]);
    for (const own of [first, second, loaded]) own.dispose();
  });

  it("read what tfjs itself writes: several weight files in several groups, quantized ones too", async () => {
    const given = model();
    let artifacts!: tf.io.ModelArtifacts;
    await given.save(
      tf.io.withSaveHandler(
        async (all) => ((artifacts = all), { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(all) }),
      ),
    );
    const bytes = Buffer.from(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
    const specs = artifacts.weightSpecs!;
    const size = ({ shape }: tf.io.WeightsManifestEntry): number => 4 * tf.util.sizeFromShape(shape);
    const cut = specs.slice(0, 2).reduce((sum, spec) => sum + size(spec), 0);
    writeFileSync(join(folder, "one.bin"), bytes.subarray(0, 10));
    writeFileSync(join(folder, "two.bin"), bytes.subarray(10, cut));
    writeFileSync(join(folder, "three.bin"), bytes.subarray(cut));
    const weightsManifest = [
      { paths: ["one.bin", "two.bin"], weights: specs.slice(0, 2) },
      { paths: ["three.bin"], weights: specs.slice(2) },
    ];
    writeFileSync(
      join(folder, "model.json"),
      JSON.stringify({ modelTopology: artifacts.modelTopology, weightsManifest }),
    );
    const loaded = await loadModel(folder);
    expect(answer(loaded)).toEqual(answer(given));
    // A uint8 weight w stands for w · scale + min: all kernels of the head become 0.25.
    const head = specs.findIndex(({ name }) => name === "head/kernel");
    const before = specs.slice(0, head).reduce((sum, spec) => sum + size(spec), 0);
    const count = tf.util.sizeFromShape(specs[head]!.shape);
    const small = Buffer.concat([
      bytes.subarray(0, before),
      Buffer.alloc(count, 3),
      bytes.subarray(before + 4 * count),
    ]);
    writeFileSync(join(folder, "weights.bin"), small);
    const quantization = { dtype: "uint8" as const, scale: 0.25, min: -0.5 };
    const quantized = specs.map((spec, at) => (at === head ? { ...spec, quantization } : spec));
    writeFileSync(
      join(folder, "model.json"),
      JSON.stringify({
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ["weights.bin"], weights: quantized }],
      }),
    );
    const coarse = await loadModel(folder);
    const kernel = coarse.getLayer("head").getWeights()[0]!;
    expect(new Set(kernel.dataSync())).toEqual(new Set([0.25]));
    for (const own of [given, loaded, coarse]) own.dispose();
  });
});

describe("loadModel's errors", () => {
  const failing = async (...words: string[]): Promise<void> => {
    const error = await loadModel(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "REG_MODEL_UNREADABLE", input: true });
    for (const word of words) expect((error as Error).message).toContain(word);
  };
  const written = async (): Promise<Record<string, unknown>> => {
    const given = model();
    await saveModel(given, folder);
    given.dispose();
    return json("model.json");
  };
  const write = (content: unknown): void => writeFileSync(join(folder, "model.json"), JSON.stringify(content));

  it("a missing file, one that is no JSON, one that is no model", async () => {
    await failing("does not exist");
    mkdirSync(join(folder, "model.json"));
    await failing(join(folder, "model.json"));
    rmSync(join(folder, "model.json"), { recursive: true });
    writeFileSync(join(folder, "model.json"), "{ ");
    await failing("is not JSON");
    for (const content of [
      {},
      null,
      [],
      3,
      { modelTopology: {} },
      { modelTopology: {}, weightsManifest: {} },
      { modelTopology: {}, weightsManifest: [{}] },
    ]) {
      write(content);
      await failing("model.json");
    }
  });

  it("weight files that are missing, too short or too long", async () => {
    await written();
    const bytes = readFileSync(join(folder, "weights.bin"));
    writeFileSync(join(folder, "weights.bin"), bytes.subarray(4));
    await failing(`has ${bytes.length - 4} bytes`, `expected ${bytes.length}`);
    writeFileSync(join(folder, "weights.bin"), Buffer.concat([bytes, Buffer.alloc(8)]));
    await failing(`has ${bytes.length + 8} bytes`);
    rmSync(join(folder, "weights.bin"));
    await failing("weights.bin", "does not exist");
  });

  it("a layer that nobody knows, and weights that its layers do not have", async () => {
    const manifest = await written();
    write(JSON.parse(JSON.stringify(manifest).replaceAll('"Flatten"', '"Flattten"')));
    await failing("cannot be built", "Flattten");
    write(JSON.parse(JSON.stringify(manifest).replaceAll('"units":3', '"units":4')));
    await failing("cannot be built");
  });

  it("leave no tensor behind", async () => {
    await written();
    const before = tf.memory().numTensors;
    rmSync(join(folder, "weights.bin"));
    await failing("weights.bin");
    expect(tf.memory().numTensors).toBe(before);
  });
});
