import "@tensorflow/tfjs-backend-cpu";
import { ORIGIN } from "@regimen/core";
import { averagePrecision, rocAuc } from "@regimen/stats";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { classifier } from "../src/index.ts";
import { batchOf, calm, CLASSES, format, how, imagesOf, step } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu"));

const { layers } = tfl;
const ending = (units: number, activation: "sigmoid" | "softmax" | "linear"): tfl.LayersModel =>
  calm(
    tfl.sequential({
      layers: [
        layers.flatten({ inputShape: [8, 8, 2], name: "flat" }),
        layers.dense({ units, activation, name: "out" }),
      ],
    }),
  );
/** Pixels near 0, so that no answer is sure. */
const pale = (n: number): tf.Tensor4D => tf.div(imagesOf(n), 2000);
const predict = (model: tfl.LayersModel, images: tf.Tensor): tf.Tensor2D => model.predict(images) as tf.Tensor2D;
const difference = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Row r has class k where bit k of r is set. */
const bits = (n: number, k = CLASSES): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: n * k }, (_, i) => (Math.floor(i / k) >> (i % k)) & 1),
    [n, k],
  );

describe("multilabel", () => {
  const many = how({ task: "multilabel_classification" });

  test("the loss is the mean cross entropy of independent yeses and noes, and so is its gradient", async () => {
    const [model, images] = [ending(CLASSES, "sigmoid"), pale(6)];
    const wrapped = await classifier.wrap(model, many);
    const logits = wrapped.forward(images).outputs;
    const labels = tf.tensor2d(
      Float32Array.from({ length: 18 }, (_, i) => (i % 4) / 3),
      [6, CLASSES],
    );
    const losses = [...wrapped.loss(wrapped.forward(images), batchOf(images, labels), step).dataSync()];
    const [z, y] = [logits.arraySync() as number[][], labels.arraySync()];
    losses.forEach((loss, row) => {
      const terms = y[row]!.map((label, k) => {
        const p = sigmoid(z[row]![k]!);
        return -label * Math.log(p) - (1 - label) * Math.log(1 - p);
      });
      expect(loss).toBeCloseTo(terms.reduce((a, b) => a + b) / CLASSES, 5);
    });
    const of = (values: tf.Tensor): tf.Scalar =>
      tf.sum(wrapped.loss({ ...wrapped.forward(images), outputs: values }, batchOf(images, labels), step));
    const slopes = tf.grad(of)(logits).arraySync() as number[][];
    slopes.forEach((row, r) =>
      row.forEach((slope, k) => expect(slope).toBeCloseTo((sigmoid(z[r]![k]!) - y[r]![k]!) / CLASSES, 5)),
    );
  });

  test("an example without a label costs nothing; one with none of the classes does", async () => {
    const images = pale(2);
    const wrapped = await classifier.wrap(ending(CLASSES, "sigmoid"), many);
    const batch = {
      ...batchOf(images, tf.zeros([2, CLASSES])),
      origin: tf.tensor1d([ORIGIN.unlabelled, ORIGIN.labelled]),
    };
    const [unknown, none] = wrapped.loss(wrapped.forward(images), batch, step).dataSync();
    expect(unknown).toBe(0);
    expect(none).toBeGreaterThan(0.1);
  });

  test.each(["sigmoid", "softmax"] as const)("a model that ends in a %s is handed back with sigmoids", async (end) => {
    const [model, images] = [ending(CLASSES, end), pale(5)];
    const wrapped = await classifier.wrap(model, many);
    const { probabilities } = wrapped.decode(wrapped.forward(images));
    const plain = await wrapped.plain();
    expect(difference(predict(plain, images), probabilities!)).toBeLessThan(1e-6);
    expect(plain.layers.at(-1)!.getConfig()["activation"]).toBe("sigmoid");
  });

  test("meter and examiner: 1 − mean average precision over the classes that any image has", async () => {
    const [model, images] = [ending(CLASSES, "sigmoid"), pale(8)];
    const labels = tf.mul(bits(8), [[1, 1, 0]]) as tf.Tensor2D; // nothing is of the third class
    const wrapped = await classifier.wrap(model, many);
    const meter = classifier.meter({ ...format, n: 8, classes: CLASSES }, "multilabel_classification");
    meter.add(wrapped.forward(images), batchOf(images, labels));
    const { score } = await meter.read();
    const p = predict(model, images).arraySync();
    const y = labels.arraySync();
    const column = (of: number[][], k: number): number[] => of.map((row) => row[k]!);
    const areas = [0, 1].map((k) => averagePrecision(column(p, k), column(y, k))!);
    expect(score.error).toBeCloseTo(1 - (areas[0]! + areas[1]!) / 2, 6);
    const examine = async (thresholds?: readonly (number | null)[]) => {
      const of = { model, task: "multilabel_classification", format, classes: ["a", "b", "c"] } as const;
      const examiner = classifier.examine!({ ...of, ...(thresholds && { thresholds }) })!;
      examiner.add([predict(model, images)], batchOf(images, labels));
      return examiner.read((row) => `${row}.png`);
    };
    const first = await examine();
    expect(first.error).toBeCloseTo(score.error, 6);
    expect(first.loss).toBeCloseTo(score.loss, 5);
    expect(first.ece).toBeCloseTo(score.ece!, 5);
    expect(first.classes.map(({ averagePrecision: area }) => area)).toEqual([
      ...areas.map((area) => expect.closeTo(area, 6)),
      null,
    ]);
    expect(first.classes[0]!.rocAuc).toBeCloseTo(rocAuc(column(p, 0), column(y, 0))!, 6);
    expect(first.classes[0]!.threshold).toBe(0.5);
    expect(first.predictions[3]!.several!.labels).toEqual([1, 1, 0]);
    expect(first.errorOf!(first.predictions.map(() => 1))).toBeCloseTo(first.error, 12);
    expect(first.errorOf!(first.predictions.map(() => 3))).toBeCloseTo(first.error, 12);
    const [bars, curves] = first.exhibits!;
    expect(bars).toMatchObject({
      rows: first.classes.map(({ support, averagePrecision: area, f1 }) => ({ count: support, values: [area, f1] })),
    });
    expect(curves!.kind === "curves" && curves!.lines.map(({ value }) => value)).toEqual(
      first.classes.map(({ averagePrecision: area }) => area),
    );
    expect(curves!.note + bars!.note).toContain("No validation images chose the thresholds");
    const tuned = await examine(first.classes.map(({ bestThreshold = null }) => bestThreshold));
    expect(tuned.exhibits![0]!.note).toContain("largest on the validation images");
    expect(tuned.classes[0]!.threshold).toBe(first.classes[0]!.bestThreshold);
    expect(tuned.classes[0]!.f1!).toBeGreaterThanOrEqual(first.classes[0]!.f1 ?? 0);
    expect(tuned.predictions[0]!.several!.predicted).toEqual(
      p[0]!.map((value, k) => Number(value >= tuned.classes[k]!.threshold!)),
    );
  });
});

describe("binary", () => {
  const two = how({ task: "binary_classification", classes: 2 });
  const oneHot = (n: number): tf.Tensor2D =>
    tf.tensor2d(Array.from({ length: n }, (_, row) => (row % 3 === 0 ? [0, 1] : [1, 0])));

  test("one sigmoid is the second of two classes: softmax of 0 and its logit, trained and handed back", async () => {
    const [model, images] = [ending(1, "sigmoid"), pale(6)];
    const wrapped = await classifier.wrap(model, two);
    const seen = wrapped.forward(images);
    expect(seen.outputs.shape).toEqual([6, 2]);
    const p = predict(model, images).dataSync();
    const { probabilities } = wrapped.decode(seen);
    const losses = wrapped.loss(seen, batchOf(images, oneHot(6)), step).dataSync();
    p.forEach((value, row) => {
      expect((probabilities!.arraySync() as number[][])[row]![1]).toBeCloseTo(value, 6);
      expect(losses[row]).toBeCloseTo(-Math.log(row % 3 === 0 ? value : 1 - value), 5);
    });
    expect(difference(predict(await wrapped.plain(), images), predict(model, images))).toBeLessThan(1e-6);
  });

  test.each([
    [1, "sigmoid"],
    [1, "linear"],
    [2, "softmax"],
    [2, "sigmoid"],
    [2, "linear"],
  ] as const)("%i columns, %s: error, loss and ranks", async (columns, end) => {
    const [model, images] = [ending(columns, end), pale(9)];
    const wrapped = await classifier.wrap(model, two);
    const meter = classifier.meter({ ...format, n: 9, classes: 2 }, "binary_classification");
    meter.add(wrapped.forward(images), batchOf(images, oneHot(9)));
    const { score } = await meter.read();
    const examiner = classifier.examine!({ model, task: "binary_classification", format, classes: ["no", "yes"] })!;
    examiner.add([predict(model, images)], batchOf(images, oneHot(9)));
    const found = await examiner.read(String);
    expect(found.error).toBeCloseTo(score.error, 6);
    expect(found.loss).toBeCloseTo(score.loss, 4);
    expect(found.ece).toBeCloseTo(score.ece!, 4);
    const chances = found.predictions.map(({ probabilities }) => probabilities[1]!);
    const truth = found.predictions.map(({ label }) => label);
    expect(truth).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect(found.classes[1]!.rocAuc).toBeCloseTo(rocAuc(chances, truth)!, 6);
    expect(found.classes[0]!.rocAuc).toBeCloseTo(found.classes[1]!.rocAuc!, 6);
  });
});
