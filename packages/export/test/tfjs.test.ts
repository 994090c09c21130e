import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { shrinkWeights, type SavedWeights } from "../src/index.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const model = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 3], filters: 4, kernelSize: 3, biasInitializer: "randomNormal" }),
      tfl.layers.batchNormalization({}),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 5, activation: "softmax" }),
    ],
  });

/** As a file of weights is read: a Buffer somewhere in the middle of another. */
async function saved(of: tfl.LayersModel): Promise<SavedWeights & { readonly topology: object }> {
  let all: tf.io.ModelArtifacts | undefined;
  await of.save(
    tf.io.withSaveHandler(async (artifacts) => {
      all = artifacts;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = all!;
  const data = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData));
  return {
    topology: modelTopology as object,
    specs: weightSpecs!,
    data: Buffer.concat([Buffer.alloc(8), data]).subarray(8),
  };
}

const loaded = (topology: object, { specs, data }: SavedWeights): Promise<tfl.LayersModel> =>
  tfl.loadLayersModel(
    tf.io.fromMemory({ modelTopology: topology, weightSpecs: [...specs], weightData: new Uint8Array(data).buffer }),
  );

describe("shrinkWeights", () => {
  test.each([
    ["float16", 2, (most: number) => most * 2 ** -11],
    ["int8", 1, (_: number, width: number) => width / 255 / 2],
  ] as const)(
    "%s: tfjs reads kernels back, off by half a step at most, and all else exactly",
    async (weights, bytes, bound) => {
      const original = model();
      const { topology, ...full } = await saved(original);
      const small = shrinkWeights(full, weights);
      const kernels = 3 * 3 * 3 * 4 + 64 * 5;
      expect(full.data.length - small.data.length).toBe((4 - bytes) * kernels);
      const back = await loaded(topology, small);
      for (const [at, weight] of original.weights.entries()) {
        const [was, is] = [weight.read().dataSync(), back.weights[at]!.read().dataSync()];
        if (!weight.originalName.endsWith("kernel")) {
          expect([...is]).toEqual([...was]);
          continue;
        }
        const [low, high] = [Math.min(0, ...was), Math.max(0, ...was)];
        const most = bound(Math.max(high, -low), high - low);
        was.forEach((value, i) => expect(Math.abs(value - is[i]!)).toBeLessThanOrEqual(most * 1.01));
        expect([...is]).not.toEqual([...was]);
      }
    },
  );

  test("0 stays 0 in eight bits", () => {
    const specs = [{ name: "a/kernel", shape: [4], dtype: "float32" as const }];
    const {
      specs: [spec],
      data,
    } = shrinkWeights({ specs, data: new Uint8Array(Float32Array.of(-0.3, 0, 0.1, 1).buffer) }, "int8");
    const { scale, min } = spec!.quantization as { scale: number; min: number };
    expect(data[1]! * scale + min).toBe(0);
  });

  test("float32 changes nothing", () => {
    const given = { specs: [], data: new Uint8Array(0) };
    expect(shrinkWeights(given, "float32")).toEqual(given);
  });

  test("what is beyond float16, and what is quantised already, is refused by name", () => {
    const spec = { name: "a/kernel", shape: [1], dtype: "float32" as const };
    const data = new Uint8Array(Float32Array.of(1e6).buffer);
    expect(() => shrinkWeights({ specs: [spec], data }, "float16")).toThrow(
      /REG_MODEL_UNSUPPORTED: the weight "a\/kernel"/,
    );
    const again = { ...spec, quantization: { dtype: "float16" as const, original_dtype: "float32" as const } };
    expect(() => shrinkWeights({ specs: [again], data }, "int8")).toThrow(/is stored as float16 already/);
  });
});
