import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import wasm from "@regimen/backend-wasm";
import { createRegimen, createRng } from "@regimen/core";
import { fromArrays } from "@regimen/data";
import models from "@regimen/models";
import classifier from "@regimen/scaffold-classifier";
import augment from "@regimen/technique-augment";
import cutmix from "@regimen/technique-cutmix";
import mixup from "@regimen/technique-mixup";

it("1,000 training steps with mixup, CutMix and augmentation leave no tensor behind", async () => {
  const regimen = await createRegimen({ plugins: [wasm, models, classifier, augment, cutmix, mixup], backend: "wasm" });
  const rng = createRng(1);
  const size = 12 * 12;
  const count = 80;
  const labels = Array.from({ length: count }, () => rng.int(2));
  const pixels = Uint8Array.from({ length: count * size }, (_, at) =>
    at % 2 === labels[Math.floor(at / size)] ? 200 : rng.int(100),
  );
  const data = await fromArrays(pixels, labels, { h: 12, w: 12, c: 1, classes: ["even", "odd"] });
  const names = ["mirror", "rotate", "translate", "zoom", "brightness", "contrast"];
  const steps = [
    ...names.map((name) => ({ use: `@regimen/technique-augment/${name}`, with: { rr: 0.5 } })),
    { use: "@regimen/technique-mixup", with: { rr: 0.5 } },
    { use: "@regimen/technique-cutmix", with: { rr: 0.5 } },
  ];
  const fit = async (epochs: number): Promise<void> => {
    const result = await regimen.fit({
      model: { architecture: "small-cnn" },
      data: { train: data, validation: { fraction: 0.2 } },
      policy: { steps },
      training: { epochs, batchSize: 8, learningRate: 1e-3, optimizer: "adam" },
    });
    expect(result.cost.trained).toBe(epochs * 64);
    result.model.dispose();
  };
  await fit(1); // whatever a backend makes once and keeps
  const before = tf.memory().numTensors;
  await fit(125); // 125 epochs of 8 steps
  expect(tf.memory().numTensors).toBe(before);
});
