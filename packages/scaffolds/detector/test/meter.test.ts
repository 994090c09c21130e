import "@tensorflow/tfjs-backend-cpu";
import type { Forward } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { DetectorExaminer } from "../src/examiner.ts";
import { DetectorMeter } from "../src/meter.ts";
import { detectionLoss } from "../src/loss.ts";
import { batchOf, mapOf, type Row } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu").then(() => undefined));

const SIZE = { h: 32, w: 48 };
const truth: Row[][] = [
  [
    [4, 4, 20, 20, 0, 1],
    [8, 24, 24, 44, 1, 1],
  ],
  [[2, 2, 30, 30, 0, 1, -1]],
  [],
];
const answers = [
  [
    [0, 3, 4, 4, 20, 20],
    [1, 2, 8, 24, 24, 44],
  ],
  [[0, 3, 2, 2, 30, 30]],
  [[1, -1, 0, 0, 10, 10]],
];
const seen = (images: number[][][]): Forward => ({ outputs: mapOf(images), features: tf.zeros([1, 1]), maps: [] });

describe("DetectorMeter", () => {
  it("gives 1 − mAP@0.5, each image's loss, and boxes as rows; and keeps no tensor", async () => {
    const batch = batchOf(truth);
    const before = tf.memory().numTensors;
    const meter = new DetectorMeter(2);
    const forward = seen(answers);
    tf.tidy(() => meter.add(forward, batch));
    const { score, losses, outputs } = await meter.read();
    const wanted = tf.tidy(() => [...detectionLoss(forward.outputs as tf.Tensor4D, batch).dataSync()]);
    tf.dispose([forward.outputs, forward.features]);
    expect(tf.memory().numTensors).toBe(before);
    // The difficult object's answer does not count, the third image's has a score below the others of its class.
    expect(score.error).toBeCloseTo(0, 6);
    expect(score.ece).toBeNull();
    losses.forEach((loss, i) => expect(loss).toBeCloseTo(wanted[i]!, 5));
    expect(score.loss).toBeCloseTo(wanted.reduce((a, b) => a + b) / 3, 5);
    expect(outputs.length).toBe(3 * 600);
    [4, 4, 20, 20, 0.9526, 0].forEach((value, i) => expect(outputs[i]).toBeCloseTo(value, 3));
  });

  it("an unlabelled image counts nowhere", async () => {
    const batch = { ...batchOf([...truth.slice(0, 1), []]), origin: tf.tensor1d([1, 0]) };
    const meter = new DetectorMeter(2);
    meter.add(seen([answers[0]!, [[0, 9, 0, 0, 30, 30]]]), batch);
    const { score, losses } = await meter.read();
    expect(losses[1]).toBeNaN();
    expect(score.loss).toBeCloseTo(losses[0]!, 6);
    expect(score.error).toBeCloseTo(0, 6);
  });

  it("without any batch: REG_DATA_EMPTY; without an object: no error rate", async () => {
    await expect(new DetectorMeter(2).read()).rejects.toThrow("REG_DATA_EMPTY");
    const meter = new DetectorMeter(2);
    meter.add(seen([[]]), batchOf([[]]));
    expect((await meter.read()).score.error).toBeNaN();
  });
});

describe("DetectorExaminer", () => {
  it("tells classes, measures, and each image's boxes and error", async () => {
    const examiner = new DetectorExaminer(["cat", "dog"], SIZE);
    examiner.add([mapOf(answers)], batchOf(truth));
    const found = await examiner.read((row) => `image ${row}`);
    expect(found.images).toBe(3);
    expect(found.measures!["mAP@0.5"]).toBeCloseTo(1, 6);
    expect(found.measures!["mAP large"]).toBeNull();
    expect(found.classes[0]).toMatchObject({ name: "cat", support: 1, precision: 1, recall: 1, f1: 1, threshold: 0.3 });
    expect(found.classes[1]!.bestThreshold).toBeCloseTo(1 / (1 + Math.exp(-2)), 4);
    expect(found.confusion).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(found.predictions.map(({ error }) => error)).toEqual([0, 0, 0]);
    expect(found.predictions[1]!.also).toEqual({ objects: 0, found: 1 });
    expect(found.predictions[0]!.boxes![0]).toMatchObject({ class: 0 });
  });

  it("takes the thresholds that it is given, and counts what is wrong in an image", async () => {
    const examiner = new DetectorExaminer(["cat", "dog"], SIZE, [null, 0.2]);
    examiner.add([mapOf(answers)], batchOf(truth));
    const { classes, predictions } = await examiner.read(String);
    // The third image's answer, of score 0.27, counts now, and is wrong.
    expect(classes[1]).toMatchObject({ precision: 0.5, recall: 1, threshold: 0.2 });
    // Where nothing told one, the usual.
    expect(classes[0]!.threshold).toBe(0.3);
    expect(predictions[2]!.error).toBe(1);
  });

  it("without objects: REG_DATA_EMPTY", async () => {
    const examiner = new DetectorExaminer(["cat", "dog"], SIZE);
    examiner.add([mapOf([[]])], batchOf([[]]));
    await expect(examiner.read(String)).rejects.toThrow("REG_DATA_EMPTY");
  });
});
