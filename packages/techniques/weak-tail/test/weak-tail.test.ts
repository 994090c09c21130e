import { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, type Params, type RegimenEvent, type Samples, type Technique } from "@regimen/core";
import classifierPlugin from "@regimen/scaffold-classifier";
import { madeUpSamples } from "@regimen/testkit";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { strongOf, weakTail } from "../src/index.ts";

const [ROWS, WIDTH] = [60, 16];
const samples = (seed: number): Samples => {
  const rng = createRng(seed);
  const images = Float32Array.from({ length: ROWS * WIDTH }, () => rng.normal());
  const labels = Float32Array.from({ length: ROWS * 2 }, (_, at) =>
    Number(images[Math.floor(at / 2) * WIDTH]! > 0 === (at % 2 === 0)),
  );
  const format = { h: 4, w: 4, c: 1, range: [0, 255] } as const;
  return madeUpSamples({ name: "noise", format, classes: ["a", "b"], images, labels });
};
/** Adds `m` to every pixel, and logs that it was there. */
const shift = (name: string, group: string): Technique<{ m: number }> => ({
  name,
  version: "1.0.0",
  group,
  paper: "none",
  space: { m: { kind: "m", range: [-1, 1], default: 0 } },
  order: { slot: "texture" },
  create: ({ m }) => ({
    batch(batch, step) {
      step.log("there", tf.scalar(1));
      return { ...batch, images: tf.add(batch.images, m) };
    },
  }),
});

beforeAll(() => wasm.load());

async function fit(steps: readonly { use: string; with: Params }[]) {
  const register = (registry: { technique(technique: Technique<{ m: number }>): void }): void => {
    registry.technique(shift("strong", "augmentation"));
    registry.technique(shift("other", "regularization"));
  };
  const toys = { name: "toys", version: "1.0.0", register };
  const regimen = await createRegimen({ plugins: [classifierPlugin, plugin, toys], backend: "current" });
  const seeded = tfl.initializers.glorotUniform({ seed: 3 });
  const model = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [4, 4, 1], name: "flat" }),
      tfl.layers.dense({ units: 2, activation: "softmax", name: "head", kernelInitializer: seeded }),
    ],
  });
  const running = regimen.fit({
    model: { model, weights: "fresh" },
    data: { train: samples(1), validation: samples(2) },
    training: { epochs: 10, batchSize: 6, learningRate: 0.1, optimizer: "sgd", schedule: "cosine" },
    policy: { steps },
    seed: 1,
  });
  const epochs: (RegimenEvent & { kind: "epoch" })[] = [];
  for await (const event of running) if (event.kind === "epoch") epochs.push(event);
  const result = await running;
  const weights = result.model.getWeights().map((weight) => [...weight.dataSync()]);
  for (const one of [result.model, model]) one.dispose();
  await regimen.dispose();
  return { weights, epochs, cost: result.cost };
}
const tail = (share: number) => ({ use: "@regimen/technique-weak-tail", with: { share } });
const toy = (use: string, m: number) => ({ use, with: { m } });

describe("strongOf", () => {
  it("is augmentation but for mirroring and crops, and mixing", () => {
    const named = (name: string, group: string) => ({ name, group });
    const techniques = [
      named("@regimen/technique-augment/mirror", "augmentation"),
      named("@regimen/technique-augment/crop", "augmentation"),
      named("@regimen/technique-augment/cutout", "augmentation"),
      named("@regimen/technique-randaugment", "augmentation-policy"),
      named("@regimen/technique-cutmix", "regularization"),
      named("@regimen/technique-dropout", "regularization"),
    ];
    expect(strongOf(techniques)).toEqual([
      "@regimen/technique-augment/cutout",
      "@regimen/technique-randaugment",
      "@regimen/technique-cutmix",
    ]);
  });
});

describe("a training", () => {
  it("leaves strong techniques out of its last part alone", async () => {
    const before = tf.memory().numTensors;
    const { epochs, cost } = await fit([tail(0.2), toy("strong", 0.3), toy("other", 0.1)]);
    expect(tf.memory().numTensors).toBe(before);
    const there = epochs.map(({ logs }) => [logs["strong/there"], logs["other/there"]]);
    expect(there).toEqual([...Array.from({ length: 8 }, () => [1, 1]), [undefined, 1], [undefined, 1]]);
    expect(cost.trained).toBe(600);
  });

  it("is the uninterrupted one, to the bit, where what it leaves out does nothing", async () => {
    const [whole, parts] = [await fit([toy("strong", 0)]), await fit([tail(0.2), toy("strong", 0)])];
    expect(parts.weights).toEqual(whole.weights);
    expect((await fit([tail(0.2), toy("strong", 0.5)])).weights).not.toEqual((await fit([toy("strong", 0.5)])).weights);
  });

  it("is one part where there is nothing strong", async () => {
    const { epochs, weights } = await fit([tail(0.2), toy("other", 0.1)]);
    expect(new Set(epochs.map(({ training }) => training)).size).toBe(1);
    expect(weights).toEqual((await fit([toy("other", 0.1)])).weights);
  });
});

describe("the technique", () => {
  it("is registered, and refuses to go on from nothing", async () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-weak-tail"]);
    const { train } = weakTail.create({ share: 0.1 });
    const run = { techniques: [{ name: "strong", group: "augmentation" }] };
    const next = async () => ({ model: { dispose: () => undefined } });
    await expect(train!(run as never, next as never)).rejects.toThrow(/REG_HOOK.*no snapshot/);
  });
});
