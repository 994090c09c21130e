import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import plugin, { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, loadModel, saveModel } from "@regimen/core";
import data from "@regimen/data";
import classifier from "@regimen/scaffold-classifier";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { chooseModel } from "../src/job/model.ts";
import { cli, temp, type World } from "./fake.ts";

beforeAll(() => wasm.load());

const IMAGES = 8;

/** A folder with CIFAR-10 records and a small model of one's own. */
async function place(): Promise<{ cwd: string; world: World }> {
  const cwd = temp();
  const rng = createRng(1);
  writeFileSync(
    join(cwd, "more.bin"),
    Uint8Array.from({ length: IMAGES * 3073 }, (_, at) => (at % 3073 ? rng.int(256) : 0)),
  );
  const plugins = [plugin, data, classifier];
  const world: World = { cwd, createRegimen: () => createRegimen({ plugins, backend: "wasm" }) };
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ name: "conv", inputShape: [32, 32, 3], filters: 3, kernelSize: 5, strides: 4 }),
      tfl.layers.globalAveragePooling2d({ name: "pool" }),
      tfl.layers.dense({ name: "head", units: 4, activation: "softmax" }),
    ],
  });
  await saveModel(model, join(cwd, "own"));
  model.dispose();
  return { cwd, world };
}

describe("regimen pretrain", () => {
  it("writes a backbone that ends in features, which a training can start from", async () => {
    const { cwd, world } = await place();
    const ask = ["pretrain", "--unlabeled", "cifar10-binary:more.bin", "--model", "own", "--epochs", "1", "--out", "b"];
    const { code, out, err } = await cli([...ask, "--method", "barlow-twins", "--refuse", "mirror", "--json"], world);
    expect([code, err.includes("regimen:")]).toEqual([0, false]);
    expect(JSON.parse(out)).toMatchObject({
      run: join(cwd, "b"),
      method: "barlow-twins",
      images: IMAGES,
      epochs: 1,
      features: 3,
      parameters: 5 * 5 * 3 * 3 + 3,
      imagesSeen: 2 * IMAGES,
      seed: 7,
    });
    const metadata = JSON.parse(readFileSync(join(cwd, "b", "model", "metadata.json"), "utf8"));
    expect(metadata).toMatchObject({ output: "features", features: 3, input: { shape: [32, 32, 3] } });
    const backbone = await loadModel(join(cwd, "b", "model"));
    expect(backbone.outputs[0]!.shape).toEqual([null, 3]);
    const format = { h: 32, w: 32, c: 3, range: [0, 255] } as const;
    const chosen = await chooseModel({ path: join(cwd, "b") }, undefined as never, { format, classes: ["x", "y"] });
    const { model } = chosen.input as { model: tfl.LayersModel };
    expect(model.outputs[0]!.shape).toEqual([null, 2]);
    expect(model.getLayer("conv").getWeights()[0]!.dataSync()).toEqual(
      backbone.getLayer("conv").getWeights()[0]!.dataSync(),
    );
    const sums = tf.tidy(() => tf.sum(model.predict(tf.ones([1, 32, 32, 3])) as tf.Tensor, 1).dataSync());
    expect(sums[0]).toBeCloseTo(1, 5);
    chosen.dispose();
    backbone.dispose();
    expect((await cli(ask, world)).err).toContain("REG_RUN_EXISTS");
    const judged = await cli(["evaluate", "--model", "b", "--data", "cifar10-binary:more.bin"], world);
    expect([judged.code, judged.err]).toEqual([2, expect.stringContaining("knows no classes")]);
  });

  it("keeps what was done when it is interrupted, and resume goes on with it", async () => {
    const { cwd, world } = await place();
    let stop = (): void => undefined;
    const onInterrupt = (called: () => void): (() => void) => {
      stop = called;
      setTimeout(() => stop(), 700);
      return () => undefined;
    };
    const ask = [
      "pretrain",
      "--unlabeled",
      "cifar10-binary:more.bin",
      "--model",
      "own",
      "--epochs",
      "400",
      "--out",
      "b",
    ];
    const first = await cli(ask, { ...world, onInterrupt });
    expect([first.code, first.err]).toEqual([130, expect.stringContaining("regimen resume b")]);
    expect(existsSync(join(cwd, "b", "model"))).toBe(false);
    const second = await cli(["resume", "b"], { ...world, onInterrupt });
    expect(second.code).toBe(130);
    const other = await cli(["train", "--out", "b", "--resume"], world);
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("started by regimen pretrain")]);
  });

  it("says what it expected of a method, a model and the number of epochs", async () => {
    const { world } = await place();
    const ask = ["pretrain", "--unlabeled", "cifar10-binary:more.bin"];
    expect((await cli([...ask, "--method", "moco"], world)).err).toContain("expected one of simclr, barlow-twins");
    expect((await cli([...ask, "--model", "resnet999"], world)).err).toContain("REG_MODEL_ARCHITECTURE");
    expect((await cli([...ask, "--epochs", "0"], world)).err).toContain("expected a number above 0");
    expect((await cli(["pretrain"], world)).err).toContain("--unlabeled");
  });
});
