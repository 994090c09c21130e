import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { averageLogits } from "../src/ensembling.ts";

beforeAll(() => tf.setBackend("cpu"));

test("independent labels: the sigmoid of what comes out is the mean of the members' sigmoids", () => {
  const members = [tf.tensor2d([[2, -1, 40]]), tf.tensor2d([[-3, 0.5, 35]])];
  const mean = tf.div(tf.add(tf.sigmoid(members[0]!), tf.sigmoid(members[1]!)), 2).dataSync();
  const found = averageLogits(members, true);
  tf.sigmoid(found)
    .dataSync()
    .forEach((p, i) => expect(p).toBeCloseTo(mean[i]!, 6));
  expect(found.dataSync()[2]).toBeGreaterThan(35);
});

test("a value for each pixel: averaged pixel by pixel", () => {
  const members = [tf.randomStandardNormal([2, 3, 3, 4]), tf.randomStandardNormal([2, 3, 3, 4])];
  const mean = tf.div(tf.add(tf.softmax(members[0]!), tf.softmax(members[1]!)), 2);
  expect(tf.max(tf.abs(tf.sub(tf.softmax(averageLogits(members)), mean))).dataSync()[0]).toBeLessThan(1e-6);
});
