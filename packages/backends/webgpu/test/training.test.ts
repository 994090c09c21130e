import { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, type Backend, type Fragment } from "@regimen/core";
import { fromArrays } from "@regimen/data";
import models from "@regimen/models";
import classifier from "@regimen/scaffold-classifier";
import augment from "@regimen/technique-augment";
import dropout from "@regimen/technique-dropout";
import mixup from "@regimen/technique-mixup";
import { describe, expect, it } from "vitest";
import { webgpu } from "../src/index.ts";
import { softwareVulkan } from "./software.ts";

const why = softwareVulkan();
const all = process.env["REGIMEN_WEBGPU_ALL"] === "1";

type Architecture = { readonly architecture: string; readonly with?: { readonly width: number } };
const SMALL: Architecture = { architecture: "small-cnn" };
const RESNET: Architecture = { architecture: "resnet20", with: { width: 0.5 } };
const EVERYTHING: Fragment = {
  steps: ["augment/mirror", "augment/rotate", "augment/brightness", "mixup", "dropout"].map((name) => ({
    use: `@regimen/technique-${name}`,
    with: {},
  })),
};

/** Losses by epoch, the validation's last, of six steps on images of 16 × 16 in three classes. */
async function trained(backend: Backend, model: Architecture, policy: Fragment | "none"): Promise<number[]> {
  const { name } = backend;
  const only = {
    name: "only",
    version: "0",
    register: (into: { backend(one: Backend): void }) => into.backend(backend),
  };
  const regimen = await createRegimen({ plugins: [only, models, classifier, augment, dropout, mixup], backend: name });
  expect(regimen.backend.name).toBe(name);
  const rng = createRng(5);
  const of = (images: number) => {
    const values = { length: images * 16 * 16 * 3 };
    const pixels = Uint8Array.from(values, (_, at) => 60 * (Math.floor(at / 768) % 3) + rng.int(130));
    const labels = Array.from({ length: images }, (_, at) => at % 3);
    return fromArrays(pixels, labels, { h: 16, w: 16, c: 3, classes: ["a", "b", "c"] });
  };
  const training = { epochs: 2, batchSize: 8, learningRate: 0.002, optimizer: "sgd" };
  const running = regimen.fit({
    model,
    data: { train: await of(24), validation: await of(12) },
    policy,
    training,
    seed: 3,
  });
  const losses: number[] = [];
  for await (const event of running) {
    if (event.kind === "epoch") losses.push(event.logs["loss"]!);
    // A step that cannot be recorded says so.
    expect(event.kind, JSON.stringify(event)).not.toBe("warning");
  }
  const result = await running;
  result.model.dispose();
  await regimen.dispose();
  return [...losses, result.validation!.loss];
}

describe.skipIf(why)(why ? `skipped: ${why}` : "a training gives WebAssembly's losses", () => {
  for (const [title, model, policy, runs] of [
    ["small CNN, with warps, colours, mixup and dropout", SMALL, EVERYTHING, true],
    ["ResNet-20", RESNET, "none", all],
    ["ResNet-20, with warps, colours, mixup and dropout", RESNET, EVERYTHING, all],
  ] as const) {
    it.skipIf(!runs)(
      runs ? title : `${title} (skipped: a minute of software; REGIMEN_WEBGPU_ALL=1 runs it)`,
      async () => {
        const expected = await trained(wasm, model, policy);
        const got = await trained(webgpu, model, policy);
        expect(got.length).toBe(3);
        got.forEach((loss, at) => expect(Math.abs(loss / expected[at]! - 1)).toBeLessThan(1e-4));
      },
    );
  }
});
