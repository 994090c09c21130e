import "@tensorflow/tfjs-backend-cpu";
import { createRng } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { focus, __IDENT__ } from "../src/index.js";

test("what is known counts for little", () => {
  const labels = tf.tensor2d([1, 0, 1, 0], [2, 2]);
  const [sure, unsure] = focus(labels, tf.tensor2d([4, 0, 0, 0], [2, 2])).dataSync();
  const p = 1 / (1 + Math.exp(-4));
  expect(sure).toBeCloseTo((1 - p) ** 2, 6);
  expect(unsure).toBeCloseTo(0.25, 6);
});

test("a model is wrapped, and given back plain", async () => {
  const model = tfl.sequential({
    layers: [tfl.layers.flatten({ inputShape: [4, 4, 1] }), tfl.layers.dense({ units: 2, activation: "softmax" })],
  });
  const format = { h: 4, w: 4, c: 1, range: [0, 255] } as const;
  const how = { hooks: [], format, classes: 2, task: "classification", rng: createRng(1) } as const;
  const wrapped = await __IDENT__.wrap(model, how);
  const images = tf.ones([3, 4, 4, 1]) as tf.Tensor4D;
  const plain = await wrapped.plain();
  const { probabilities } = wrapped.decode(wrapped.forward(images));
  const answer = plain.predict(images) as tf.Tensor;
  expect(tf.max(tf.abs(tf.sub(answer, probabilities!))).dataSync()[0]).toBeLessThan(1e-6);
});
