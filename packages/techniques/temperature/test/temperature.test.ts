import { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, type RegimenEvent, type Rng, type Samples, type Weight } from "@regimen/core";
import classifierPlugin from "@regimen/scaffold-classifier";
import { ece } from "@regimen/stats";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { madeUpSamples } from "@regimen/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { fitTemperature } from "@regimen/stats";
import plugin, { divideLogits } from "../src/index.ts";

const CLASSES = 4;
/** Logits [n, 4] whose softmax at temperature `hot` is what the labels are drawn from. */
function drawn(n: number, hot: number, rng: Rng): { logits: Float32Array; labels: Float32Array; truth: number[] } {
  const logits = Float32Array.from({ length: n * CLASSES }, () => 3 * hot * rng.normal());
  const labels = new Float32Array(n * CLASSES);
  const truth = Array.from({ length: n }, (_, row) => {
    const p = softmax([...logits.subarray(row * CLASSES, (row + 1) * CLASSES)].map((z) => z / hot));
    let [u, k] = [rng.uniform(), 0];
    while (k < CLASSES - 1 && (u -= p[k]!) > 0) k++;
    labels[row * CLASSES + k] = 1;
    return k;
  });
  return { logits, labels, truth };
}
const softmax = (z: readonly number[]): number[] => {
  const top = Math.max(...z);
  const sum = z.reduce((all, value) => all + Math.exp(value - top), 0);
  return z.map((value) => Math.exp(value - top) / sum);
};
const entropy = (logits: Float32Array, labels: Float32Array, t: number): number => {
  let sum = 0;
  for (let at = 0; at < logits.length; at += CLASSES) {
    const p = softmax([...logits.subarray(at, at + CLASSES)].map((z) => z / t));
    p.forEach((share, k) => (sum -= labels[at + k]! * Math.log(share)));
  }
  return sum / (logits.length / CLASSES);
};

beforeAll(() => wasm.load());

describe("fitTemperature", () => {
  it.each([0.3, 1, 2.5, 7])("finds the temperature %s that made the labels, and no other has a smaller loss", (hot) => {
    const { logits, labels, truth } = drawn(6000, hot, createRng(3));
    const t = fitTemperature(logits, labels, CLASSES);
    expect(Math.abs(t / hot - 1)).toBeLessThan(0.08);
    const at = entropy(logits, labels, t);
    for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2])
      expect(entropy(logits, labels, t * factor)).toBeGreaterThan(at);
    const calibration = (by: number): number => {
      const rows = Array.from({ length: truth.length }, (_, row) =>
        softmax([...logits.subarray(row * CLASSES, (row + 1) * CLASSES)].map((z) => z / by)),
      );
      return ece(Float32Array.from(rows.flat()), truth, CLASSES);
    };
    expect(calibration(t)).toBeLessThan(0.02);
    if (hot !== 1) expect(calibration(1)).toBeGreaterThan(0.05);
  });

  it("is 6 / ln 3 where the odds of 6 to 0 hold three times in four, whatever the level of the logits", () => {
    const logits = Float32Array.of(6, 0, 106, 100, -94, -100, 6, 0);
    const labels = Float32Array.of(1, 0, 1, 0, 1, 0, 0, 1);
    expect(fitTemperature(logits, labels, 2)).toBeCloseTo(6 / Math.log(3), 6);
    const more = Float32Array.of(...labels, NaN, NaN);
    expect(fitTemperature(Float32Array.of(...logits, 900, 1), more, 2)).toBeCloseTo(6 / Math.log(3), 6);
  });

  it("ends at the ends where the optimum is beyond them, and at 1 where nothing can be said", () => {
    expect(fitTemperature(Float32Array.of(1, 0, 0, 1), Float32Array.of(1, 0, 0, 1), 2)).toBeCloseTo(0.05, 3);
    expect(fitTemperature(Float32Array.of(1, 0, 0, 1), Float32Array.of(0, 1, 1, 0), 2)).toBeCloseTo(20, 3);
    expect(fitTemperature(Float32Array.of(2, 2), Float32Array.of(0, 1), 2)).toBe(1);
    expect(fitTemperature(Float32Array.of(5, 2), Float32Array.of(NaN, NaN), 2)).toBe(1);
  });
});

describe("divideLogits", () => {
  it("refuses a head that is more than a kernel and a bias", () => {
    const weight = (name: string, part: string): Weight => ({
      name,
      part,
      role: "kernel",
      variable: undefined as never,
    });
    const other = [weight("conv/kernel", "backbone"), weight("head/kernel", "head"), weight("norm/gamma", "head")];
    expect(() => divideLogits(other, 2)).toThrow(/REG_MODEL_UNSUPPORTED.*head\/kernel, norm\/gamma/);
    expect(() => divideLogits(other.slice(0, 1), 2)).toThrow(/REG_MODEL_UNSUPPORTED.*\(none\)/);
  });
});

describe("a training", () => {
  const [ROWS, WIDTH] = [80, 16];
  /** Labels that are wrong one time in four: a model that learns them by heart is too sure. */
  const noise = (seed: number): Samples => {
    const rng = createRng(seed);
    const images = Float32Array.from({ length: ROWS * WIDTH }, () => rng.normal());
    const labels = new Float32Array(ROWS * 2);
    for (let row = 0; row < ROWS; row++)
      labels[2 * row + Number(images[row * WIDTH]! > 0 === rng.uniform() < 0.75)] = 1;
    const format = { h: 4, w: 4, c: 1, range: [0, 255] } as const;
    return madeUpSamples({ name: "noise", format, classes: ["a", "b"], images, labels });
  };
  const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
  const model = (): tfl.LayersModel =>
    tfl.sequential({
      layers: [
        tfl.layers.flatten({ inputShape: [4, 4, 1], name: "flat" }),
        tfl.layers.dense({ units: 16, activation: "tanh", name: "hidden", kernelInitializer: seeded(1) }),
        tfl.layers.dense({ units: 2, activation: "softmax", name: "head", kernelInitializer: seeded(2) }),
      ],
    });
  async function fit(on: boolean) {
    const regimen = await createRegimen({ plugins: [classifierPlugin, plugin], backend: "current" });
    const own = model();
    const running = regimen.fit({
      model: { model: own, weights: "fresh" },
      data: { train: noise(1), validation: noise(2) },
      training: { epochs: 40, batchSize: 20, learningRate: 0.3, optimizer: "sgd", schedule: "constant" },
      policy: { steps: [{ use: "@regimen/technique-temperature", with: { on } }] },
      seed: 1,
    });
    const logs: (RegimenEvent & { kind: "epoch" })["logs"][] = [];
    for await (const event of running) if (event.kind === "epoch") logs.push(event.logs);
    const result = await running;
    const layers = result.model.layers.map((layer) => layer.getClassName());
    const [kernel, bias] = result.model
      .getWeights()
      .slice(-2)
      .map((weight) => [...weight.dataSync()]);
    const evaluation = await regimen.evaluate({ model: result.model, data: noise(2) });
    for (const one of [result.model, own]) one.dispose();
    await regimen.dispose();
    return { layers, kernel: kernel!, bias: bias!, evaluation, validation: result.validation, last: logs.at(-1)! };
  }

  it("ends with the head divided by the temperature, and is told so", async () => {
    const before = tf.memory().numTensors;
    const [plain, warm] = [await fit(false), await fit(true)];
    expect(tf.memory().numTensors).toBe(before);
    const t = warm.last["temperature"]!;
    expect(t).toBeGreaterThan(1.3);
    warm.kernel.forEach((value, i) => expect(value).toBeCloseTo(plain.kernel[i]! / t, 5));
    warm.bias.forEach((value, i) => expect(value).toBeCloseTo(plain.bias[i]! / t, 5));
    expect(warm.layers).toEqual(plain.layers);
    expect(warm.validation!.error).toBe(plain.validation!.error);
    expect(warm.validation!.loss).toBeLessThan(plain.validation!.loss - 0.05);
    expect(warm.evaluation.loss).toBeCloseTo(warm.validation!.loss, 5);
    expect(warm.last["val_ece before"]).toBe(plain.validation!.ece);
    expect(warm.last["val_ece after"]).toBe(warm.validation!.ece);
    expect(warm.validation!.ece!).toBeLessThan(plain.validation!.ece!);
  });
});
