import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import cpu from "@regimen/backend-cpu";
import { createRegimen, createRng, loadModel, saveModel } from "@regimen/core";
import data from "@regimen/data";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, temp } from "./fake.ts";

const cwd = temp();
const world = { cwd, createRegimen: () => createRegimen({ plugins: [cpu, data], backend: "cpu" }) };
const run = (...args: readonly string[]) => cli(["export", "run", ...args], world);
const metadata = {
  format: 1,
  classes: ["ant", "bee"],
  input: { shape: [8, 8, 3], range: [0, 255], fit: "cover", interpolation: "bilinear-antialias" },
  output: "probabilities",
};

beforeAll(async () => {
  const regimen = await world.createRegimen();
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, activation: "relu" }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  await saveModel(model, join(cwd, "run", "model"), metadata);
  model.dispose();
  await regimen.dispose();
  const rng = createRng(1);
  for (const name of metadata.classes) {
    mkdirSync(join(cwd, "photos", name), { recursive: true });
    for (let i = 0; i < 3; i++) {
      const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, () => rng.int(256));
      await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } }).toFile(join(cwd, "photos", name, `${i}.png`));
    }
  }
});
afterAll(() => tf.disposeVariables());

describe("regimen export --to onnx|savedmodel|tfjs", () => {
  it.each([
    ["onnx", ["metadata.json", "model.onnx"]],
    ["savedmodel", ["metadata.json", "saved_model"]],
    ["tfjs", ["metadata.json", "model.json", "weights.bin"]],
  ])("%s: writes the model, and says what to do with it", async (to, files) => {
    const { code, out } = await run("--to", to);
    expect(code).toBe(0);
    expect(out).toContain(`run-${to}`);
    expect(readdirSync(join(cwd, `run-${to}`)).sort()).toEqual(files);
  });

  it.each(["onnx", "savedmodel", "tfjs", "node"])(
    "%s: smaller weights, and what they cost on given images",
    async (to) => {
      const { code, out } = await run(
        "--to",
        to,
        "--weights",
        "int8",
        "--data",
        "photos",
        "--out",
        `small-${to}`,
        "--json",
      );
      expect(code).toBe(0);
      const { loss, weights } = JSON.parse(out) as { loss: Record<string, number>; weights: string };
      expect(weights).toBe("int8");
      expect(loss["images"]).toBe(6);
      expect(loss["trained"]).toBeGreaterThanOrEqual(0);
      expect(loss["exported"]).toBeLessThanOrEqual(1);
    },
  );

  it("tfjs reads smaller weights as they are", async () => {
    const regimen = await world.createRegimen();
    await run("--to", "tfjs", "--weights", "float16", "--out", "half");
    const [half, whole] = [await loadModel(join(cwd, "half")), await loadModel(join(cwd, "run", "model"))];
    const kernel = (model: tfl.LayersModel) => model.getWeights()[0]!.dataSync();
    kernel(whole).forEach((value, i) => expect(Math.abs(value - kernel(half)[i]!)).toBeLessThan(1e-3));
    expect(readFileSync(join(cwd, "half", "weights.bin")).length).toBeLessThan(
      readFileSync(join(cwd, "run", "model", "weights.bin")).length * 0.6,
    );
    half.dispose();
    whole.dispose();
    await regimen.dispose();
  });

  it("says that a loss was not measured, where it was not", async () => {
    const { out } = await run("--to", "onnx", "--weights", "float16", "--out", "unmeasured");
    expect(out).toContain("not measured");
  });

  it("refuses weights that it does not know, and data with nothing to measure", async () => {
    const unknown = await run("--to", "onnx", "--weights", "int4", "--out", "never");
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain('--weights got "int4"; expected float32, float16, int8');
    const pointless = await run("--to", "onnx", "--data", "photos", "--out", "never");
    expect(pointless.code).toBe(2);
    expect(pointless.err).toContain("float32 costs nothing");
    expect(existsSync(join(cwd, "never"))).toBe(false);
  });
});
