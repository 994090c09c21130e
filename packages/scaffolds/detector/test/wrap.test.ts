import "@tensorflow/tfjs-backend-cpu";
import { wasm } from "@regimen/backend-wasm";
import { createRng, type Hooks } from "@regimen/core";
import { smallCnn, smallDetector } from "@regimen/models";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { detect, detector } from "../src/index.ts";
import { batchOf, classifier, CLASSES, format, how } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu").then(() => undefined));

const images = () => tf.randomUniform<tf.Rank.R4>([2, 32, 48, 3], 0, 255, "float32", 5);

describe("wrap", () => {
  it("puts a head on a classifier's last map, keeps its weights and leaves it as it was", async () => {
    const model = classifier();
    const before = model.getLayer("b").getWeights()[0]!.dataSync().slice();
    const wrapped = await detector.wrap(model, how());
    const { outputs, features, maps } = wrapped.forward(images());
    expect(outputs.shape).toEqual([2, 4, 6, CLASSES + 4]);
    expect(features.shape).toEqual([2, 32]);
    expect(maps.map((map) => map.shape)).toEqual([[2, 4, 6, 32]]);
    const kept = wrapped.weights.find(({ name }) => name === "b/kernel")!;
    expect(kept.variable.dataSync()).toEqual(before);
    expect(wrapped.weights.some(({ name }) => name.startsWith("out/"))).toBe(false);
    expect(wrapped.weights.filter(({ part }) => part === "head").map(({ name }) => name)).toEqual([
      "detections/kernel",
      "detections/bias",
    ]);
    expect(wrapped.facts).toEqual(["batch-norm"]);
    wrapped.dispose();
    expect((model.predict(images()) as tf.Tensor).shape).toEqual([2, 5]);
  });

  it("begins with background everywhere, and the same seed gives the same head", async () => {
    const model = classifier();
    const answers = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const wrapped = await detector.wrap(model, how({ rng: createRng(seed) }));
        const values = wrapped.forward(tf.div(images(), 255)).outputs.dataSync();
        wrapped.dispose();
        return values;
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).not.toEqual(answers[2]);
    const probability = 1 / (1 + Math.exp(-answers[0]![0]!));
    expect(probability).toBeGreaterThan(0.003);
    expect(probability).toBeLessThan(0.03);
  });

  it("gives back a plain model that says the same, and takes that model as it is", async () => {
    const wrapped = await detector.wrap(
      classifier(),
      how({ normalization: { mean: [120, 110, 100], std: [60, 50, 40] } }),
    );
    const plain = await wrapped.plain();
    const x = images();
    const [ours, theirs] = [wrapped.forward(x).outputs, plain.predict(x) as tf.Tensor];
    expect(tf.max(tf.abs(tf.sub(ours, theirs))).dataSync()[0]).toBeLessThan(1e-4);
    expect(plain.layers.filter((layer) => layer.getClassName().includes("Regimen"))).toEqual([]);
    const again = await detector.wrap(plain, how());
    expect(again.forward(x).outputs.shape).toEqual(ours.shape);
    expect(again.parameters).toBe(plain.countParams());
    expect(tf.max(tf.abs(tf.sub(again.forward(x).outputs, theirs))).dataSync()[0]).toBeLessThan(1e-4);
    expect(Object.keys(again.decode(again.forward(x)))).toEqual(["boxes", "scores", "classes"]);
  });

  it("hooks see the head: a technique's rewrite reaches the layers before the output", async () => {
    const seen: string[] = [];
    const rewrite: Hooks = {
      rewrite: (topology) => {
        seen.push(...topology.layers.map(({ name }) => name));
        return topology.insert(
          { from: topology.features },
          { className: "Dropout", config: { name: "drop", rate: 0.5 } },
        );
      },
    };
    const wrapped = await detector.wrap(classifier(), how({ hooks: [rewrite] }));
    expect(seen).toContain("detect2_relu");
    expect((await wrapped.plain()).layers.map(({ name }) => name)).not.toContain("drop");
  });

  it("says what does not fit", async () => {
    const flat = tfl.sequential({
      layers: [tfl.layers.flatten({ inputShape: [32, 48, 3] }), tfl.layers.dense({ units: 2 })],
    });
    await expect(detector.wrap(flat, how())).rejects.toThrow(/REG_MODEL_OUTPUT.*no feature map/);
    await expect(detector.wrap(classifier(), how({ format: { ...format, h: 64 } }))).rejects.toThrow("REG_MODEL_INPUT");
    await expect(detector.wrap(classifier(), how({ task: "classification" }))).rejects.toThrow("REG_TASK");
    const examine = { model: classifier(), task: "detection", format, classes: ["a"] } as const;
    expect(() => detector.examine!(examine)).toThrow("REG_MODEL_OUTPUT");
  });
});

describe("on WebAssembly", () => {
  beforeAll(async () => {
    await wasm.load();
    await tf.setBackend("wasm");
  });

  it.each([smallDetector, smallCnn])("$name learns where one square is", async (architecture) => {
    const rng = createRng(2);
    const size = { h: 32, w: 32, c: 1, range: [0, 255] } as const;
    const model = architecture.build({
      format: size,
      classes: 1,
      seeds: () => rng.int(2 ** 31),
      with: { width: 0.25 },
    });
    const normalization = { mean: [40], std: [80] };
    const wrapped = await detector.wrap(model, how({ format: size, classes: 1, rng, normalization }));
    const corners = Array.from({ length: 4 }, () => [rng.int(20), rng.int(20)] as const);
    const batch = batchOf(
      corners.map(([y, x]) => [[y, x, y + 10, x + 12, 0, 1]]),
      size,
      1,
    );
    const pixels = tf.buffer([4, 32, 32, 1]);
    corners.forEach(([y, x], i) => {
      for (let dy = 0; dy < 10; dy++) for (let dx = 0; dx < 12; dx++) pixels.set(220, i, y + dy, x + dx, 0);
    });
    const drawn = pixels.toTensor() as tf.Tensor4D;
    const variables = wrapped.weights.filter(({ role }) => role !== "statistic").map(({ variable }) => variable);
    const step = { fed: {}, index: tf.scalar(0) } as unknown as Parameters<typeof wrapped.loss>[2];
    const adam = tf.train.adam(0.01);
    const losses = Array.from({ length: 30 }, () => {
      const loss = adam.minimize(
        () => tf.mean(wrapped.loss(wrapped.forward(drawn, { training: true, step }), batch, step)) as tf.Scalar,
        true,
        variables,
      )!;
      return loss.dataSync()[0]!;
    });
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const { outputs } = wrapped.forward(drawn, { training: true, statistics: false, step });
    const { boxes } = tf.tidy(() => detect(outputs as tf.Tensor4D, size));
    const found = boxes.arraySync();
    const near = corners.filter(([y, x], i) => Math.hypot(found[i]![0]![0]! - y, found[i]![0]![1]! - x) < 5);
    expect(near.length).toBeGreaterThanOrEqual(3);
  });
});
