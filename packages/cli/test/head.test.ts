import { join } from "node:path";
import { saveModel } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { cpu } from "@regimen/backend-cpu";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { chooseModel } from "../src/job/model.ts";
import { temp } from "./fake.ts";

beforeAll(() => cpu.load());

const format = { h: 4, w: 4, c: 1, range: [0, 255] } as const;
const metadata = { format: 1, classes: ["cat", "dog", "eel"], input: { shape: [4, 4, 1], fit: "cover" } };

/** A classifier of three classes, whose softmax is a layer of its own or part of the dense one. */
async function saved(apart: boolean, about?: object): Promise<string> {
  const path = join(temp(), "mine");
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3, name: "body" }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, name: "answer", ...(apart ? {} : { activation: "softmax" }) }),
      ...(apart ? [tfl.layers.softmax()] : []),
    ],
  });
  await saveModel(model, path, about as never);
  model.dispose();
  return path;
}
const choose = (path: string, classes: readonly string[]) =>
  chooseModel({ path }, undefined as never, { format, classes }, "classification");

describe("a model of the user's own", () => {
  it.each([
    ["other classes", false, metadata, ["cat", "cow"]],
    ["as many other classes, a softmax behind the head", true, metadata, ["ant", "bee", "cow"]],
    ["another number of classes, of unknown names", true, undefined, ["a", "b", "c", "d"]],
  ])("made for %s gets a new head, and keeps the rest", async (_, apart, about, classes) => {
    const before = tf.memory().numTensors;
    const path = await saved(apart, about);
    const { input, replaced, dispose } = await choose(path, classes);
    const { model } = input as { readonly model: tfl.LayersModel };
    expect(replaced).toBe(about ? "cat, dog, eel" : "3 classes");
    const answer = model.predict(tf.ones([1, 4, 4, 1])) as tf.Tensor;
    expect(answer.shape).toEqual([1, classes.length]);
    expect(tf.sum(answer).dataSync()[0]).toBeCloseTo(1, 5);
    const old = await choose(path, about ? metadata.classes : ["x", "y", "z"]);
    const kernelOf = (one: typeof input) =>
      (one as { readonly model: tfl.LayersModel }).model.getLayer("body").getWeights()[0]!.dataSync();
    expect(old.replaced).toBeNull();
    expect(kernelOf(input)).toEqual(kernelOf(old.input));
    dispose();
    old.dispose();
    tf.dispose(answer);
    // What is left are the sums of this test itself.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2);
  });
});
