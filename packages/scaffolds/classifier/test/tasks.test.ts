import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegimen, createRng, type Samples } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, test } from "vitest";
import classifier from "../src/index.ts";

beforeAll(() => tf.setBackend("cpu"));
const folder = mkdtempSync(join(tmpdir(), "regimen-classifier-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 4×4 pixels whose quarters are bright where the image has a class; the fourth is never looked at. */
function quarters(name: string, n: number, classes: readonly string[], several: boolean): Samples {
  const rng = createRng(name);
  const k = classes.length;
  const has = Array.from({ length: n }, () => {
    const one = rng.int(k);
    return classes.map((_, c) => (several ? Number(rng.uniform() < 0.4) : Number(c === one)));
  });
  return {
    name,
    length: n,
    format: { h: 4, w: 4, c: 1, range: [0, 255] },
    classes,
    skipped: [],
    labels: () => Float32Array.from(has.flat()),
    id: (row) => `${name}-${row}`,
    read: async (rows) => ({
      images: Uint8Array.from(
        Array.from(rows).flatMap((row) =>
          Array.from({ length: 16 }, (_, at) => {
            const quarter = 2 * Math.floor(at / 8) + Math.floor((at % 4) / 2);
            return 60 + 90 * (has[row]![quarter] ?? 0) + ((31 * row + 17 * at) % 80);
          }),
        ),
      ),
    }),
    dispose: () => undefined,
  };
}
const model = (units: number, activation: "sigmoid" | "softmax"): tfl.LayersModel =>
  tfl.sequential({
    layers: [tfl.layers.flatten({ inputShape: [4, 4, 1] }), tfl.layers.dense({ units, activation, name: "out" })],
  });
const training = { epochs: 12, batchSize: 16, learningRate: 0.02, optimizer: "adam" } as const;
const splits = (classes: readonly string[], several: boolean) => ({
  train: quarters("train", 160, classes, several),
  validation: quarters("val", 60, classes, several),
  test: quarters("test", 60, classes, several),
});

test("multilabel, from labels to a plain model, thresholds and predictions.csv", async () => {
  const regimen = await createRegimen({ plugins: [classifier], backend: "current" });
  const out = join(folder, "several");
  const data = splits(["a", "b", "c"], true);
  const task = "multilabel_classification";
  const asked = { model: model(3, "sigmoid"), data, task, training, policy: "none", seed: 1, out } as const;
  const { test: tested, model: plain } = await regimen.fit(asked);
  expect(tested!.error).toBeLessThan(0.05);
  for (const { f1, threshold } of tested!.classes) {
    expect(f1).toBeGreaterThan(0.85);
    expect(threshold).not.toBe(0.5);
  }
  const validated = await regimen.evaluate({ model: plain, data: data.validation, task });
  expect(tested!.classes.map(({ threshold }) => threshold)).toEqual(validated.classes.map((one) => one.bestThreshold));
  const [head, ...rows] = readFileSync(join(out, "predictions.csv"), "utf8").trim().split("\n");
  expect(head).toBe("id,label,predicted,p_a,p_b,p_c");
  expect(rows).toHaveLength(60);
  const truth = data.test.labels()!;
  rows.forEach((row, at) => {
    const own = ["a", "b", "c"].filter((_, c) => truth[3 * at + c]);
    expect(row.split(",")[1]).toBe(own.join("|") || "|");
  });
}, 60_000);

test("multilabel images of which none has a label are refused", async () => {
  const regimen = await createRegimen({ plugins: [classifier], backend: "current" });
  const data = splits(["a", "b", "c"], true);
  const train: Samples = { ...data.train, labels: () => new Float32Array(3 * 160) };
  const asked = { model: model(3, "sigmoid"), data: { ...data, train }, training, policy: "none" } as const;
  const fitted = regimen.fit({ ...asked, task: "multilabel_classification" });
  await expect(fitted).rejects.toThrow(/REG_DATA_ONE_CLASS.*none of the classes \(a, b, c\).*at least one/);
});

test("binary with one sigmoid; and several labels are refused where classes exclude each other", async () => {
  const regimen = await createRegimen({ plugins: [classifier], backend: "current" });
  const task = "binary_classification";
  const asked = { data: splits(["no", "yes"], false), task, training, policy: "none", seed: 1 } as const;
  const { test: tested, model: plain } = await regimen.fit({ ...asked, model: model(1, "sigmoid") });
  expect(tested!.error).toBeLessThan(0.05);
  expect(tested!.classes[1]!.rocAuc).toBeGreaterThan(0.98);
  expect(plain.outputs[0]!.shape).toEqual([null, 1]);
  const [first] = await regimen.label({ model: plain, data: asked.data.test });
  expect(first!.probabilities[1]).toBeCloseTo(tested!.predictions[0]!.probabilities[1]!, 5);
  const wrong = { ...asked, model: model(2, "softmax"), data: splits(["no", "yes"], true) };
  await expect(regimen.fit({ ...wrong })).rejects.toThrow("REG_DATA_LABEL");
  await expect(regimen.fit({ ...wrong, task: "classification" })).rejects.toThrow("has several labels");
}, 60_000);

test("sigmoids over classes that exclude each other are judged as they were trained: by the softmax of their logits", async () => {
  const regimen = await createRegimen({ plugins: [classifier], backend: "current" });
  const data = quarters("some", 20, ["a", "b", "c"], false);
  const own = model(3, "sigmoid");
  own.layers.at(-1)!.setWeights(
    own.layers
      .at(-1)!
      .getWeights()
      .map((weight) => tf.mul(weight, 0.02)),
  );
  const { predictions } = await regimen.evaluate({ model: own, data });
  const { images } = await data.read([0]);
  const p = [...(own.predict(tf.tensor4d(Float32Array.from(images), [1, 4, 4, 1])) as tf.Tensor).dataSync()];
  const odds = p.map((value) => value / (1 - value));
  const sum = odds.reduce((a, b) => a + b);
  predictions[0]!.probabilities.forEach((value, c) => expect(value).toBeCloseTo(odds[c]! / sum, 5));
});
