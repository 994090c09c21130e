import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, loadModel, type Regimen } from "@regimen/core";
import { classifier } from "@regimen/scaffold-classifier";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { RECIPES, headless, pretrainBackbone, type Backbone, type BackboneOptions, type Method } from "../src/index.ts";
import { CHANNELS, SIDE, noise } from "./images.ts";

let regimen: Regimen;
beforeAll(async () => {
  await wasm.load();
  const plugin = {
    name: "test",
    version: "1.0.0",
    register: (into: Parameters<Parameters<typeof createRegimen>[0]["plugins"][number]["register"]>[0]) =>
      into.scaffold(classifier),
  };
  regimen = await createRegimen({ plugins: [plugin], backend: "current" });
});

/** Projections of the two views are to be alike, and not all 0. */
const method: Method = {
  name: "apart",
  views: RECIPES.simclr,
  projector: [6, 4],
  loss: (a: Tensor2D, b: Tensor2D) =>
    tf.add(tf.mean(tf.square(tf.sub(a, b))), tf.mean(tf.square(tf.sub(1, tf.square(a))))) as Scalar,
};

function network(): tfl.LayersModel {
  const kernelInitializer = () => tfl.initializers.heNormal({ seed: 3 });
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [SIDE, SIDE, CHANNELS],
        name: "conv",
        filters: 5,
        kernelSize: 3,
        strides: 2,
        kernelInitializer: kernelInitializer(),
      }),
      tfl.layers.batchNormalization({ name: "norm" }),
      tfl.layers.globalAveragePooling2d({ name: "pool" }),
      tfl.layers.dense({ name: "head", units: 3, activation: "softmax", kernelInitializer: kernelInitializer() }),
    ],
  });
}

async function trained(more: Partial<BackboneOptions> = {}): Promise<Backbone> {
  const model = network();
  const how = { model: { model, weights: "fresh" }, data: noise(12), method, epochs: 6, batch: 6, seed: 4 } as const;
  try {
    return await pretrainBackbone(regimen, { ...how, ...more });
  } finally {
    model.dispose();
  }
}
const folder = (): string => join(mkdtempSync(join(tmpdir(), "regimen-ssl-")), "run");
const answers = (model: tfl.LayersModel): Float32Array =>
  tf.tidy(() => (model.predict(tf.fill([2, SIDE, SIDE, CHANNELS], 90)) as Tensor2D).dataSync().slice() as Float32Array);

describe("pretrainBackbone", () => {
  it("gives a plain model on raw pixels that ends in features, and what it cost", async () => {
    const { model, features, losses, imagesSeen, folder } = await trained({ epochs: 30 });
    expect([features, model.outputs[0]!.shape]).toEqual([5, [null, 5]]);
    expect(model.layers.map((layer) => layer.getClassName())).not.toContain("Dense");
    expect(model.layers.map((layer) => layer.getClassName()).filter((name) => name.includes("Regimen"))).toEqual([]);
    expect(losses).toHaveLength(30);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
    expect(mean(losses.slice(-5))).toBeLessThan(0.9 * mean(losses.slice(0, 5)));
    expect([imagesSeen, folder]).toEqual([2 * 30 * 12, null]);
    model.dispose();
  });

  it("gives the backbone as it was drawn after no epoch", async () => {
    const { model, losses, imagesSeen } = await trained({ epochs: 0 });
    expect([losses, imagesSeen, model.outputs[0]!.shape]).toEqual([[], 0, [null, 5]]);
    model.dispose();
  });

  it("is the same from the same seed, another from another, and leaves no tensor", async () => {
    const answer = async (seed: number): Promise<Float32Array> => {
      const { model } = await trained({ seed });
      const seen = answers(model);
      model.dispose();
      return seen;
    };
    const first = await answer(4);
    const before = tf.memory().numTensors;
    expect(await answer(4)).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
    expect(await answer(5)).not.toEqual(first);
  });

  it("is saved with what reading images for it needs, goes on after an abort as if there had been none", async () => {
    const whole = await trained({ out: folder() });
    const out = folder();
    const stop = new AbortController();
    const model = network();
    const how = {
      model: { model, weights: "fresh" },
      data: noise(12),
      method,
      epochs: 6,
      batch: 6,
      seed: 4,
      out,
    } as const;
    const running = pretrainBackbone(regimen, { ...how, signal: stop.signal });
    await expect(
      (async () => {
        for await (const event of running) if (event.kind === "epoch" && event.epoch === 3) stop.abort();
      })(),
    ).rejects.toThrow(/abort/i);
    const resumed = await pretrainBackbone(regimen, { ...how, resume: true });
    model.dispose();
    expect(resumed.losses).toEqual(whole.losses);
    const saved = await loadModel(join(out, "model"));
    expect(answers(saved)).toEqual(answers(whole.model));
    expect(JSON.parse(readFileSync(join(out, "model", "metadata.json"), "utf8"))).toMatchObject({
      format: 1,
      classes: null,
      input: { shape: [SIDE, SIDE, CHANNELS], range: [0, 255] },
      output: "features",
      features: 5,
      pretraining: { method: "apart", images: 12, epochs: 6, imagesSeen: 144 },
    });
    await expect(trained({ out })).rejects.toThrow(/REG_RUN_EXISTS/);
    for (const each of [saved, whole.model, resumed.model]) each.dispose();
  });
});

describe("headless", () => {
  it("averages feature maps over all positions, and copies the weights", async () => {
    const input = tfl.input({ shape: [4, 4, 2] });
    const maps = tfl.layers.conv2d({ name: "maps", filters: 3, kernelSize: 1 }).apply(input) as tfl.SymbolicTensor;
    const logits = tfl.layers.conv2d({ name: "head", filters: 7, kernelSize: 4 }).apply(maps) as tfl.SymbolicTensor;
    const flat = tfl.layers.flatten().apply(logits) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: flat });
    const cut = await headless(model);
    const shown = tf.tensor4d(
      Float32Array.from({ length: 32 }, () => createRng(1).uniform()),
      [1, 4, 4, 2],
    );
    const want = tf.mean(tfl.model({ inputs: input, outputs: maps }).predict(shown) as tf.Tensor, [1, 2]).dataSync();
    model.dispose();
    const got = (cut.predict(shown) as tf.Tensor).dataSync();
    expect(cut.outputs[0]!.shape).toEqual([null, 3]);
    got.forEach((value, at) => expect(value).toBeCloseTo(want[at]!, 5));
    cut.dispose();
  });
});
