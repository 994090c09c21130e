import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import {
  ORIGIN,
  createRegimen,
  createRng,
  type FitOptions,
  type Params,
  type Plugin,
  type Samples,
  type Technique,
} from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import classifier from "@regimen/scaffold-classifier";
import { madeUpSamples } from "@regimen/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { fixmatch } from "../src/index.ts";

beforeAll(() => wasm.load());

const CLASSES = 3;
const SIDE = 8;
/** The mean tells the class, under noise; the left column is white. */
function samples(name: string, length: number, labelled = true): Samples {
  const rng = createRng(name);
  const size = SIDE * SIDE;
  const images = Float32Array.from({ length: length * size }, (_, at) =>
    at % SIDE === 0 ? 255 : 70 * (Math.floor(at / size) % CLASSES) + 40 * rng.uniform(),
  );
  const labels = new Float32Array(length * CLASSES);
  for (let row = 0; row < length; row++) labels[row * CLASSES + (row % CLASSES)] = 1;
  const format = { h: SIDE, w: SIDE, c: 1, range: [0, 255] } as const;
  return madeUpSamples({
    name,
    format,
    classes: ["dark", "grey", "bright"],
    images,
    ...(labelled && { labels }),
  });
}
const build = (): tfl.LayersModel => {
  const kernelInitializer = tfl.initializers.heNormal({ seed: 4 });
  return tfl.sequential({
    layers: [
      tfl.layers.averagePooling2d({ inputShape: [SIDE, SIDE, 1], poolSize: 4, name: "pool" }),
      tfl.layers.flatten({ name: "flat" }),
      tfl.layers.dense({ units: 6, activation: "relu", name: "hidden", kernelInitializer }),
      tfl.layers.batchNormalization({ name: "norm" }),
      tfl.layers.dense({ units: CLASSES, activation: "softmax", name: "head", kernelInitializer }),
    ],
  });
};

type Seen = { steps: number; origin: number[]; labels: number[][]; left: number[]; moved: number };
/** Says what the policy's own hooks see of each training. */
const spy = (log: Seen[]): Technique => ({
  name: "spy",
  version: "1.0.0",
  group: "test",
  paper: "none",
  space: {},
  order: { slot: "label" },
  create: () => {
    const before: { weights: string } = { weights: "" };
    return {
      sample: (inner) => {
        log.push({ steps: 0, origin: [], labels: [], left: [], moved: 0 });
        return inner;
      },
      batch: (batch) => {
        const seen = log.at(-1)!;
        seen.steps++;
        seen.origin = [...batch.origin.dataSync()];
        seen.labels = batch.labels.arraySync();
        seen.left.push(
          ...tf.mean(tf.slice(batch.images, [batch.shape.n / 3, 0, 0, 0], [-1, -1, 1, -1]), [1, 2, 3]).dataSync(),
        );
        return batch;
      },
      average: (weights) => {
        const now = weights
          .filter(({ role }) => role !== "statistic")
          .map(({ variable }) => variable.dataSync().join())
          .join();
        log.at(-1)!.moved += Number(now !== before.weights);
        before.weights = now;
        return {};
      },
    };
  },
});

async function world(log: Seen[] = []) {
  const drawer = { ...spy([]), name: "drawer", group: "augmentation-policy" };
  const tools: Plugin = {
    name: "tools",
    version: "1.0.0",
    register: (into) => [spy(log), drawer].forEach((one) => into.technique(one)),
  };
  return createRegimen({ plugins: [classifier, plugin, tools], backend: "current" });
}
const job = (params: Params, model: tfl.LayersModel): FitOptions => ({
  model: { model, weights: "fresh" },
  data: {
    train: samples("train", 24),
    validation: samples("validation", 12),
    unlabeled: samples("unlabeled", 60, false),
  },
  training: { epochs: 20, batchSize: 24, learningRate: 0.05, optimizer: "sgd" },
  policy: {
    steps: [
      { use: fixmatch.name, with: params },
      { use: "spy", with: {} },
    ],
  },
  seed: 3,
});
async function fit(params: Params, more: Partial<FitOptions> = {}) {
  const seen: Seen[] = [];
  const model = build();
  const regimen = await world(seen);
  const before = tf.memory().numTensors;
  const running = regimen.fit({ ...job(params, model), ...more });
  const logs: Record<string, number>[] = [];
  for await (const event of running) if (event.kind === "epoch") logs.push(event.logs);
  const result = await running;
  const weights = result.model.getWeights().flatMap((weight) => [...weight.dataSync()]);
  result.model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  await regimen.dispose();
  model.dispose();
  return { ...result, seen, weights, logs };
}

describe("the technique", () => {
  it("is registered", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-fixmatch"]);
  });

  it("keeps the batch's size, labels its unlabelled part before the policy's own hooks, and pays for the teacher", async () => {
    const { seen, cost, logs, validation } = await fit({ recipe: "fixmatch", ratio: 2, tau: 0.5, supervised: 0 });
    // Two thirds of 24 go forward once more, at a third of an image: 480 images are 16 steps of 24 · 11/9.
    expect(seen.map(({ steps }) => steps)).toEqual([Math.round(480 / (24 * (1 + 2 / 9)))]);
    expect(cost.trained).toBeCloseTo(seen[0]!.steps * 24 * (1 + 2 / 9), 6);
    const [{ origin, labels }] = seen as [Seen];
    expect(origin).toEqual([...Array(8).fill(ORIGIN.labelled), ...Array(16).fill(ORIGIN.unlabelled)]);
    for (const row of labels) expect(row.toSorted()).toEqual([0, 0, 1]);
    const shares = logs.map((log) => log["@regimen/technique-fixmatch/semi/trusted"]!);
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
    expect(shares.at(-1)).toBeGreaterThan(0);
    expect(validation!.error).toBeLessThan(0.4);
  });

  it("takes the average's whole answer as label, however sure, unless told otherwise", async () => {
    const { seen, logs, validation } = await fit({ supervised: 0 });
    const [{ origin, labels }] = seen as [Seen];
    expect(origin.filter((from) => from === ORIGIN.unlabelled)).toHaveLength(12);
    for (const row of labels) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(labels.some((row) => Math.max(...row) < 0.999)).toBe(true);
    expect(logs.at(-1)!["@regimen/technique-fixmatch/semi/trusted"]).toBe(1);
    expect(validation!.error).toBeLessThan(0.4);
  });

  it("draws no transforms where the policy does", async () => {
    const steps = (strength: number) => [
      { use: fixmatch.name, with: { strength, supervised: 0 } },
      { use: "drawer", with: {} },
    ];
    const [own, none] = [
      await fit({}, { policy: { steps: steps(1) } }),
      await fit({}, { policy: { steps: steps(0) } }),
    ];
    expect(own.weights).toEqual(none.weights);
    expect((await fit({ strength: 1, supervised: 0 })).weights).not.toEqual(none.weights);
  });

  it("trains in two phases as one training, and warms batch normalisation up in between", async () => {
    const params = { supervised: 0.5, tau: 0.5 };
    const { seen } = await fit(params, {
      training: { epochs: 50, batchSize: 6, learningRate: 0.01, optimizer: "sgd" },
    });
    const [first, second] = [
      seen.filter(({ origin }) => !origin.includes(0)),
      seen.filter(({ origin }) => origin.includes(0)),
    ];
    expect(first.length).toBeGreaterThan(1);
    expect(second).toHaveLength(4);
    // 1 % of the second phase's steps leave all weights but the statistics as they were.
    const still = second.reduce((sum, { steps, moved }) => sum + steps - moved, 0);
    const share = second.reduce((sum, { steps }) => sum + steps, 0);
    expect(still).toBe(Math.round(0.01 * share));
    expect(still).toBeGreaterThan(0);
    expect(first.every(({ steps, moved }) => steps === moved)).toBe(true);
  });

  it("mirrors no view where mirrors are refused", async () => {
    const mirror = { use: "@regimen/technique-augment/mirror", because: "worse", evidence: null };
    const params = { strength: 0, supervised: 0 };
    const steps = [
      { use: fixmatch.name, with: params },
      { use: "spy", with: {} },
    ];
    // The white column stands at the left, unless mirrored; a shift by one pixel doubles or hides it.
    const dark = (left: readonly number[]): number => left.filter((mean) => mean < 200).length / left.length;
    const [refused, allowed] = [
      await fit(params, {
        policy: { steps, refused: [mirror, { ...mirror, use: "@regimen/technique-augment/translate" }] },
      }),
      await fit(params),
    ];
    expect(dark(refused.seen[0]!.left)).toBe(0);
    expect(dark(allowed.seen[0]!.left)).toBeGreaterThan(0.3);
  });

  it.each([[{ recipe: "flexmatch", supervised: 0 }], [{ supervised: 0.5 }]])(
    "is resumed to the bit: %j",
    async (params) => {
      const folder = mkdtempSync(join(tmpdir(), "regimen-fixmatch-"));
      const whole = await fit(params);
      const model = build();
      const regimen = await world();
      const stop = new AbortController();
      const options = { ...job(params, model), out: join(folder, "run") };
      const running = regimen.fit({ ...options, signal: stop.signal });
      let epochs = 0;
      const aborted = (async () => {
        for await (const event of running) if (event.kind === "epoch" && ++epochs === 4) stop.abort();
        await running;
      })();
      await expect(aborted).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
      const resumed = await regimen.fit({ ...options, resume: true });
      const weights = resumed.model.getWeights().flatMap((weight) => [...weight.dataSync()]);
      expect(weights).toEqual(whole.weights);
      expect({ ...resumed.cost, seconds: 0 }).toEqual({ ...whole.cost, seconds: 0 });
      resumed.model.dispose();
      model.dispose();
      await regimen.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  );
});
