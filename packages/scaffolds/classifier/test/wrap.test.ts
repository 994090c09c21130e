import "@tensorflow/tfjs-backend-cpu";
import type { Hooks } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import plugin, { classifier } from "../src/index.ts";
import { batchOf, calm, how, imagesOf, labelsOf, MODELS, step } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

const normalization = { mean: [120, 130], std: [60, 50] };
const values = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
const predict = (model: tfl.LayersModel, images: tf.Tensor): tf.Tensor => model.predict(images) as tf.Tensor;
const largestDifference = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
const layerNames = (model: tfl.LayersModel): string[] => model.layers.map((layer) => layer.name);

/** As a user has it, who never heard of Regimen: from JSON and weights, with Regimen's classes unknown to tfjs. */
async function reloaded(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
  expect(JSON.stringify(saved!.modelTopology)).not.toContain("Regimen");
  const text = JSON.parse(JSON.stringify(saved!.modelTopology)) as object;
  return tfl.loadLayersModel(tf.io.fromMemory({ ...saved!, modelTopology: text }));
}

test("the plug-in registers the scaffold", () => {
  const registered: unknown[] = [];
  plugin.register({ scaffold: (scaffold: unknown) => registered.push(scaffold) } as never);
  expect(registered).toEqual([classifier]);
  expect(plugin.name).toBe("@regimen/scaffold-classifier");
});

describe.each(Object.entries(MODELS))("%s", (_, make) => {
  test("wrapped, it answers as before, and so does the plain model, reloaded", async () => {
    const [model, images] = [calm(make()), imagesOf(5)];
    const before = predict(model, images);
    const wrapped = await classifier.wrap(model, how());
    const plain = await wrapped.plain();
    const { probabilities } = wrapped.decode(wrapped.forward(images));
    const logits = model.outputs[0]!.sourceLayer.name === "logits";
    expect(largestDifference(logits ? tf.softmax(before) : before, probabilities!)).toBeLessThan(1e-6);
    expect(largestDifference(before, predict(plain, images))).toBeLessThan(1e-6);
    expect(largestDifference(before, predict(await reloaded(plain), images))).toBeLessThan(1e-6);
  });

  test("trained, the plain model answers as the training model does, normalisation included", async () => {
    const [model, images, labels] = [calm(make()), imagesOf(6), labelsOf(6)];
    const untouched = model.weights.map((weight) => values(weight.read()));
    const wrapped = await classifier.wrap(model, how({ normalization }));
    const trained = wrapped.weights.filter(({ role }) => role !== "statistic").map(({ variable }) => variable);
    const optimizer = tf.train.sgd(0.01);
    const losses = Array.from({ length: 8 }, () =>
      tf.tidy(() => {
        const loss = (): tf.Scalar => {
          const seen = wrapped.forward(images, { training: true, step });
          return tf.mean(wrapped.loss(seen, batchOf(images, labels), step));
        };
        const { value, grads } = tf.variableGrads(loss, trained);
        optimizer.applyGradients(grads);
        return value.dataSync()[0]!;
      }),
    );
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);

    const plain = await reloaded(await wrapped.plain());
    const seen = wrapped.forward(images);
    const logits = model.outputs[0]!.sourceLayer.name === "logits";
    const expected = logits ? seen.outputs : wrapped.decode(seen)["probabilities"]!;
    expect(largestDifference(expected, predict(plain, images))).toBeLessThan(1e-6);
    expect(layerNames(plain)).toEqual(expect.arrayContaining(layerNames(model).filter((name) => name !== "base")));
    expect(model.weights.map((weight) => values(weight.read()))).toEqual(untouched);
  });
});

describe("wrap", () => {
  const sequential = MODELS["a sequential model with softmax in its last layer"]!;
  const residual = MODELS["a functional residual model with a Softmax layer"]!;

  test("features [n, d], outputs [n, classes], and no maps", async () => {
    const shapes: { readonly [kind: string]: readonly number[] } = {
      "a sequential model with softmax in its last layer": [4, 144],
      "a functional residual model with a Softmax layer": [4, 4],
      "a convolutional head under pooling, with a softmax activation": [4, 4],
      "an ensemble that averages probabilities": [4, 3],
    };
    for (const [kind, shape] of Object.entries(shapes)) {
      const wrapped = await classifier.wrap(MODELS[kind]!(), how());
      const seen = wrapped.forward(imagesOf(4));
      expect([seen.features.shape, seen.outputs.shape, seen.maps]).toEqual([shape, [4, 3], []]);
    }
  });

  test("normalisation: (pixel − mean) / std per channel, in front of what the user built", async () => {
    const [model, images] = [calm(residual()), imagesOf(4)];
    const byHand = tf.div(tf.sub(images, normalization.mean), normalization.std);
    const wrapped = await classifier.wrap(model, how({ normalization }));
    const { probabilities } = wrapped.decode(wrapped.forward(images));
    expect(largestDifference(probabilities!, predict(model, byHand))).toBeLessThan(1e-6);
    expect(layerNames(await wrapped.plain())).toContain("image_rescaling");
  });

  test("a channel that never varies is centred", async () => {
    const model = calm(residual());
    const wrapped = await classifier.wrap(model, how({ normalization: { mean: [10, 0], std: [0, 1] } }));
    const expected = predict(model, tf.sub(imagesOf(2), [10, 0]));
    expect(largestDifference(wrapped.decode(wrapped.forward(imagesOf(2)))["probabilities"]!, expected)).toBeLessThan(
      1e-6,
    );
  });

  test("normalisation of the model's own is not doubled", async () => {
    const wrapped = await classifier.wrap(MODELS["a model with a Rescaling of its own"]!(), how({ normalization }));
    expect(layerNames(await wrapped.plain())).toEqual(["own_rescaling", "flat", "out"]);
  });

  test("plain keeps a sequential model sequential, with the activations it had", async () => {
    const plain = await (await classifier.wrap(sequential(), how({ normalization }))).plain();
    expect(plain).toBeInstanceOf(tfl.Sequential);
    expect(plain.getLayer("out").getConfig()["activation"]).toBe("softmax");
    expect(layerNames(plain)).toEqual(["conv_input", "conv_input_rescaling", "conv", "bn", "drop", "flat", "out"]);
  });

  test("dropout of the user's own acts in training only, batch normalisation moves in training only", async () => {
    const wrapped = await classifier.wrap(calm(sequential()), how());
    const images = imagesOf(4);
    const logits = (mode?: Parameters<typeof wrapped.forward>[1]): number[] =>
      values(wrapped.forward(images, mode).outputs);
    const statistics = (): number[][] =>
      wrapped.weights.filter(({ role }) => role === "statistic").map(({ variable }) => values(variable));
    const before = statistics();
    expect(logits()).toEqual(logits());
    expect(statistics()).toEqual(before);
    expect(logits({ training: true, statistics: false, step })).not.toEqual(
      logits({ training: true, statistics: false }),
    );
    expect(statistics()).toEqual(before);
    logits({ training: true, step });
    expect(statistics()).not.toEqual(before);
  });

  test("facts, parameters and parts", async () => {
    const one = await classifier.wrap(sequential(), how());
    expect(one.facts).toEqual(["batch-norm"]);
    // 3·3·2·4 + 4, four vectors of 4, 144·3 + 3
    expect(one.parameters).toBe(76 + 16 + 435);
    expect(one.weights.filter(({ part }) => part === "head").map(({ name }) => name)).toEqual([
      "out/kernel",
      "out/bias",
    ]);
    expect((await classifier.wrap(residual(), how())).facts).toEqual(["residual"]);
  });

  test("rewrites apply in order, and what serves training alone leaves with them", async () => {
    const insert = (name: string): Hooks => ({
      rewrite: (topology) =>
        topology.insert({ from: topology.features }, { className: "Regimen>Dropout", config: { name, rate: 0.5 } }),
    });
    const [model, images] = [calm(sequential()), imagesOf(4)];
    const wrapped = await classifier.wrap(model, how({ hooks: [insert("first"), {}, insert("second")] }));
    expect(values(wrapped.forward(images, { training: true, statistics: false, step }).features)).toContain(0);
    const plain = await wrapped.plain();
    expect(layerNames(plain)).toEqual(layerNames(model));
    expect(largestDifference(predict(plain, images), predict(model, images))).toBeLessThan(1e-6);
  });

  test("a rewrite that adds a layer of tfjs' own keeps it, seeded", async () => {
    const more: Hooks = {
      rewrite: (topology) =>
        topology.insert({ from: "flat" }, { className: "Dense", config: { name: "more", units: 144 } }),
    };
    const kernel = async (): Promise<number[]> => {
      const wrapped = await classifier.wrap(calm(sequential()), how({ hooks: [more] }));
      expect(layerNames(await wrapped.plain())).toContain("more");
      return values(wrapped.weights.find(({ name }) => name === "more/kernel")!.variable);
    };
    const [one, again] = [await kernel(), await kernel()];
    expect(one).toEqual(again);
    expect(one.some((value) => value !== 0)).toBe(true);
  });

  test("regularizers of the user's own are part of the loss", async () => {
    const make = (l2: number): tfl.LayersModel =>
      calm(
        tfl.sequential({
          layers: [
            tfl.layers.flatten({ inputShape: [8, 8, 2], name: "flat" }),
            tfl.layers.dense({
              units: 3,
              name: "out",
              ...(l2 ? { kernelRegularizer: tfl.regularizers.l2({ l2 }) } : {}),
            }),
          ],
        }),
      );
    const loss = async (l2: number): Promise<number[]> => {
      const wrapped = await classifier.wrap(make(l2), how());
      const images = imagesOf(2);
      return values(wrapped.loss(wrapped.forward(images), batchOf(images, labelsOf(2)), step));
    };
    const [without, withL2] = [await loss(0), await loss(0.5)];
    const penalty = 0.5 * values(make(0).weights[0]!.read()).reduce((sum, value) => sum + value * value, 0);
    withL2.forEach((value, i) => expect(value).toBeCloseTo(without[i]! + penalty, 5));
  });

  test("a sigmoid is trained through its logits and stays in the plain model", async () => {
    const model = calm(
      tfl.sequential({
        layers: [
          tfl.layers.flatten({ inputShape: [8, 8, 2], name: "flat" }),
          tfl.layers.dense({ units: 3, activation: "sigmoid", name: "out" }),
        ],
      }),
    );
    const [wrapped, images] = [await classifier.wrap(model, how()), imagesOf(3)];
    expect(largestDifference(tf.sigmoid(wrapped.forward(images).outputs), predict(model, images))).toBeLessThan(1e-6);
    expect(largestDifference(predict(await wrapped.plain(), images), predict(model, images))).toBeLessThan(1e-6);
  });

  test("no tensor is left by forward, loss, plain and dispose; the user's model lives on", async () => {
    const [model, images, labels] = [sequential(), imagesOf(3), labelsOf(3)];
    const batch = batchOf(images, labels);
    // tfjs keeps one constant of its own after the first run.
    predict(model, images).dispose();
    const before = tf.memory().numTensors;
    const wrapped = await classifier.wrap(model, how({ normalization }));
    const loaded = tf.memory().numTensors;
    tf.tidy(() => void wrapped.loss(wrapped.forward(images, { training: true, step }), batch, step));
    const { features, outputs } = wrapped.forward(images);
    tf.dispose([features, outputs]);
    expect(tf.memory().numTensors).toBe(loaded);
    (await wrapped.plain()).dispose();
    expect(tf.memory().numTensors).toBe(loaded);
    wrapped.dispose();
    expect(tf.memory().numTensors).toBe(before);
    predict(model, images).dispose();
  });
});

describe("errors", () => {
  const dense = (shape: number[], units: number, activation: "softmax" | "relu" = "softmax"): tfl.LayersModel =>
    tfl.sequential({
      name: "mine",
      layers: [
        tfl.layers.flatten({ inputShape: shape, name: "flat" }),
        tfl.layers.dense({ units, activation, name: "out" }),
      ],
    });

  test("images of another size", async () => {
    await expect(classifier.wrap(dense([28, 28, 1], 3), how())).rejects.toThrow(
      /REG_MODEL_INPUT: the model "mine" takes \[28, 28, 1\] and the images are \[8, 8, 2\].*inputShape \[8, 8, 2\]/,
    );
    const flat = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [128] })] });
    await expect(classifier.wrap(flat, how())).rejects.toThrow(/REG_MODEL_INPUT.*takes \[128\]/);
  });

  test("another number of classes, or an output that is neither probabilities nor logits", async () => {
    await expect(classifier.wrap(dense([8, 8, 2], 4), how())).rejects.toThrow(
      /REG_MODEL_OUTPUT: the model "mine" answers with \[4\] and the data has 3 classes/,
    );
    await expect(classifier.wrap(dense([8, 8, 2], 3, "relu"), how())).rejects.toThrow(
      /REG_MODEL_OUTPUT.*"relu".*"out"/,
    );
  });

  test("another task, and a rewrite that loses weights, which leaves no tensor", async () => {
    await expect(classifier.wrap(dense([8, 8, 2], 3), how({ task: "detection" }))).rejects.toThrow(/REG_TASK/);
    const model = dense([8, 8, 2], 3);
    const loses: Hooks = {
      rewrite: (topology) => topology.replace("out", { className: "Dense", config: { units: 3, use_bias: false } }),
    };
    const before = tf.memory().numTensors;
    await expect(classifier.wrap(model, how({ hooks: [loses] }))).rejects.toThrow(/REG_MODEL_UNSUPPORTED.*out\/bias/);
    expect(tf.memory().numTensors).toBe(before);
  });
});
