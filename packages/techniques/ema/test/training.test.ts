// A whole training: what is kept is the average, and its statistics are those of the training images.
import wasmPlugin, { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, type Samples } from "@regimen/core";
import classifierPlugin from "@regimen/scaffold-classifier";
import { madeUpSamples } from "@regimen/testkit";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, expect, it } from "vitest";
import plugin from "../src/index.ts";

/** More than one batch of inference, the last one small. */
const [ROWS, WIDTH] = [260, 4 * 4];

/** Noise whose mean and variance differ from pixel to pixel. */
const noise = (seed: number): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: ROWS * WIDTH }, (_, at) => (at % WIDTH) + (1 + (at % 3)) * rng.normal());
};
/** The first pixel of an image tells its class. */
const samples = (seed: number): Samples => {
  const images = noise(seed);
  const labels = Float32Array.from({ length: ROWS * 2 }, (_, at) =>
    Number(images[Math.floor(at / 2) * WIDTH]! > 0 === (at % 2 === 0)),
  );
  const format = { h: 4, w: 4, c: 1, range: [0, 255] } as const;
  return madeUpSamples({ name: "noise", format, classes: ["a", "b"], images, labels });
};
const model = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [4, 4, 1], name: "flat" }),
      tfl.layers.batchNormalization({ name: "norm" }),
      tfl.layers.dense({
        units: 2,
        activation: "softmax",
        name: "head",
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 3 }),
      }),
    ],
  });

beforeAll(() => wasm.load());

async function fit(decay: number, backend: string): Promise<{ weights: number[][]; captured: boolean }> {
  const regimen = await createRegimen({ plugins: [wasmPlugin, classifierPlugin, plugin], backend });
  const own = model();
  const result = await regimen.fit({
    model: { model: own, weights: "keep" },
    data: { train: samples(1), validation: samples(2) },
    training: { epochs: 3, batchSize: 10, learningRate: 0.05, optimizer: "sgd", schedule: "constant" },
    policy: { steps: [{ use: "@regimen/technique-ema", with: { decay } }] },
    seed: 1,
  });
  const weights = result.model.getWeights().map((weight) => [...weight.dataSync()]);
  for (const one of [result.model, own]) one.dispose();
  await regimen.dispose();
  return { weights, captured: result.captured };
}

it("ends with the average, and with statistics of the training images; recorded as op by op", async () => {
  const plain = await fit(0, "current");
  const [averaged, recorded] = [await fit(0.99, "current"), await fit(0.99, "wasm")];
  expect([averaged.captured, recorded.captured]).toEqual([false, true]);
  expect(recorded.weights).toEqual(averaged.weights);
  const [gamma, beta, kernel, , mean, variance] = averaged.weights;
  expect(kernel).not.toEqual(plain.weights[2]);
  expect([gamma, beta]).not.toEqual(plain.weights.slice(0, 2));
  const images = noise(1);
  const values = (pixel: number) => Array.from({ length: ROWS }, (_, row) => images[row * WIDTH + pixel]!);
  const meanOf = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
  mean!.forEach((value, i) => expect(value).toBeCloseTo(meanOf(values(i)), 4));
  variance!.forEach((value, i) => {
    // The spread within the batches, 250 and 10.
    const spread = [values(i).slice(0, 250), values(i).slice(250)].flatMap((of) =>
      of.map((x) => (x - meanOf(of)) ** 2),
    );
    expect(value).toBeCloseTo(meanOf(spread), 3);
  });
  // Without the average they are the moving ones, which are near, but not the same.
  expect(Math.abs(plain.weights[4]![0]! - meanOf(values(0)))).toBeGreaterThan(1e-3);
});
