import "@tensorflow/tfjs-backend-cpu";
import { createRng } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { copyWeights, initialise, modelOf, topologyOf, uninitialised, weightsOf } from "../src/index.ts";
import { functionalModel, nestedModel, sequentialModel } from "./models.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

const images = (): tf.Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: 2 * 128 }, (_, i) => Math.sin(i)),
    [2, 8, 8, 2],
  );
const answer = (model: tfl.LayersModel, x: tf.Tensor = images()): number[] => [
  ...(model.predict(x) as tf.Tensor).dataSync(),
];

describe("topologyOf and modelOf", () => {
  test.each([
    ["sequential", sequentialModel],
    ["functional", functionalModel],
    ["nested", nestedModel],
  ])("rebuild a %s model that predicts the same to the bit", async (_, make) => {
    const model = make();
    const rebuilt = await modelOf(topologyOf(model));
    copyWeights(model, rebuilt);
    expect(answer(rebuilt)).toEqual(answer(model));
    expect(rebuilt.weights.map((weight) => weight.originalName).sort()).toEqual(
      model.weights.map((weight) => weight.originalName).sort(),
    );
  });

  test("a sequential model comes back as one, with the same JSON", async () => {
    const model = sequentialModel();
    const rebuilt = await modelOf(topologyOf(model));
    expect(rebuilt).toBeInstanceOf(tfl.Sequential);
    expect(rebuilt.toJSON(null, false)).toEqual(model.toJSON(null, false));
  });

  test("an explicit input layer of a sequential model stays one", async () => {
    const model = tfl.sequential({
      layers: [tfl.layers.inputLayer({ inputShape: [4], name: "in" }), tfl.layers.dense({ units: 2, name: "d" })],
    });
    const topology = topologyOf(model);
    expect(topology.layers.map((layer) => layer.name)).toEqual(["in", "d"]);
    expect((await modelOf(topology)).toJSON(null, false)).toEqual(model.toJSON(null, false));
  });

  test("nested models are laid flat, names kept, in execution order", () => {
    const { layers, outputs, features } = topologyOf(nestedModel());
    expect(layers.map((layer) => [layer.name, ...layer.inputs])).toEqual([
      ["image"],
      ["base_conv", "image"],
      ["base_bn", "base_conv"],
      ["middle_conv", "base_bn"],
      ["middle_pool", "middle_conv"],
      ["out", "middle_pool"],
    ]);
    expect(outputs).toEqual(["out"]);
    expect(features).toBe("middle_pool");
  });

  test("a sequential model that begins with a nested one keeps the inner input", async () => {
    const model = tfl.sequential({ name: "s" });
    model.add(functionalModel());
    model.add(tfl.layers.softmax({ name: "soft" }));
    const topology = topologyOf(model);
    expect(topology.layers[0]).toMatchObject({ className: "InputLayer", name: "image" });
    expect(topology.features).toBe("pool");
    const rebuilt = await modelOf(topology);
    copyWeights(model, rebuilt);
    expect(answer(rebuilt)).toEqual(answer(model));
  });

  test("outputs of any layers", async () => {
    const model = await modelOf(topologyOf(sequentialModel()), { outputs: ["flat", "out"] });
    const [flat, out] = model.predict(images()) as tf.Tensor[];
    expect([flat!.shape, out!.shape]).toEqual([
      [2, 144],
      [2, 3],
    ]);
  });

  test("the features: what the last layer with a kernel reads", () => {
    expect(topologyOf(sequentialModel()).features).toBe("flat");
    const convolutional = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, name: "body" }),
        tfl.layers.conv2d({ filters: 3, kernelSize: 1, name: "head" }),
        tfl.layers.globalAveragePooling2d({ name: "pool" }),
        tfl.layers.activation({ activation: "softmax", name: "soft" }),
      ],
    });
    expect(topologyOf(convolutional).features).toBe("body");
  });

  test.each([
    [
      "several inputs",
      () => {
        const [a, b] = [tfl.input({ shape: [2], name: "a" }), tfl.input({ shape: [2], name: "b" })];
        return tfl.model({ inputs: [a, b], outputs: tfl.layers.add().apply([a, b]) as tfl.SymbolicTensor });
      },
      /2 inputs and 1 outputs/,
    ],
    [
      "several outputs",
      () => {
        const a = tfl.input({ shape: [2] });
        const outputs = ["x", "y"].map((name) => tfl.layers.dense({ units: 1, name }).apply(a) as tfl.SymbolicTensor);
        return tfl.model({ inputs: a, outputs });
      },
      /1 inputs and 2 outputs/,
    ],
    [
      "a layer used twice",
      () => {
        const a = tfl.input({ shape: [2] });
        const dense = tfl.layers.dense({ units: 2, name: "twin" });
        return tfl.model({ inputs: a, outputs: dense.apply(dense.apply(a)) as tfl.SymbolicTensor });
      },
      /"twin" is used 2 times/,
    ],
    [
      "a nested model used twice",
      () => {
        const inner = tfl.sequential({ name: "inner", layers: [tfl.layers.dense({ units: 2, inputShape: [2] })] });
        const a = tfl.input({ shape: [2] });
        return tfl.model({ inputs: a, outputs: inner.apply(inner.apply(a)) as tfl.SymbolicTensor });
      },
      /"inner" is used 2 times/,
    ],
    [
      "names that clash between nested models",
      () => {
        const part = (name: string): tfl.Sequential =>
          tfl.sequential({ name, layers: [tfl.layers.dense({ units: 2, inputShape: [2], name: "same" })] });
        const a = tfl.input({ shape: [2] });
        return tfl.model({ inputs: a, outputs: part("p").apply(part("q").apply(a)) as tfl.SymbolicTensor });
      },
      /share a name: same/,
    ],
  ])("%s are REG_MODEL_UNSUPPORTED", (_, make, message) => {
    expect(() => topologyOf(make())).toThrow(/^REG_MODEL_UNSUPPORTED/);
    expect(() => topologyOf(make())).toThrow(message);
  });
});

describe("insert and replace", () => {
  const noise = { className: "Regimen>Dropout", config: { name: "noise", rate: 0.5 } };

  test("leave the topology as it was", () => {
    const topology = topologyOf(functionalModel());
    const before = JSON.stringify(topology.layers);
    topology.insert({ from: "a" }, noise);
    topology.replace("a", { className: "Conv2D", config: { filters: 9, kernel_size: 1 } });
    expect(JSON.stringify(topology.layers)).toBe(before);
  });

  test("insert before all consumers, or before one", () => {
    const topology = topologyOf(functionalModel());
    const inputsOf = (name: string, from = topology): readonly string[] =>
      from.layers.find((layer) => layer.name === name)!.inputs;
    const all = topology.insert({ from: "a" }, noise);
    expect([inputsOf("b", all), inputsOf("sum", all), inputsOf("noise", all)]).toEqual([
      ["noise"],
      ["b", "noise"],
      ["a"],
    ]);
    const one = topology.insert({ from: "a", to: "b" }, noise);
    expect([inputsOf("b", one), inputsOf("sum", one)]).toEqual([["noise"], ["b", "a"]]);
    expect(one.layers.map((layer) => layer.name)).toEqual(["image", "a", "noise", "b", "sum", "pool", "out"]);
  });

  test("the features follow an insertion before the head, and the output one behind it", () => {
    const topology = topologyOf(functionalModel());
    expect(topology.insert({ from: topology.features }, noise).features).toBe("noise");
    expect(topology.insert({ from: "out" }, noise).outputs).toEqual(["noise"]);
  });

  test("a replaced layer keeps its name and inputs", () => {
    const replaced = topologyOf(functionalModel()).replace("sum", { className: "Average", config: { name: "other" } });
    expect(replaced.layers.find((layer) => layer.name === "sum")).toEqual({
      className: "Average",
      config: { name: "sum" },
      name: "sum",
      inputs: ["b", "a"],
    });
  });

  test("what cannot be done is a REG_HOOK that says why", () => {
    const topology = topologyOf(functionalModel());
    expect(() => topology.insert({ from: "z" }, noise)).toThrow(/REG_HOOK: the model has no layer "z"/);
    expect(() => topology.insert({ from: "b", to: "a" }, noise)).toThrow(/"a" reads "image"/);
    expect(() => topology.insert({ from: "a" }, { className: "Dropout", config: { name: "b" } })).toThrow(
      /REG_HOOK.*"b"/,
    );
  });
});

describe("initialise", () => {
  const build = async (seed: number, change = (topology: ReturnType<typeof topologyOf>) => topology) => {
    const model = await modelOf(initialise(change(topologyOf(functionalModel())), createRng(seed)));
    return new Map(model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]]));
  };

  test("the same seed gives the same weights, another seed others", async () => {
    const [one, again, other] = [await build(1), await build(1), await build(2)];
    expect(again).toEqual(one);
    expect(other.get("a/kernel")).not.toEqual(one.get("a/kernel"));
    expect(one.get("a/kernel")!.slice(0, 9)).not.toEqual(one.get("b/kernel")!.slice(0, 9));
  });

  test("a layer more does not move the others, and is seeded without naming an initializer", async () => {
    const more = (topology: ReturnType<typeof topologyOf>) =>
      topology.insert({ from: "pool" }, { className: "Dense", config: { name: "more", units: 4 } });
    const [one, wider, again] = [await build(1), await build(1, more), await build(1, more)];
    expect(wider.get("out/kernel")).toEqual(one.get("out/kernel"));
    expect(wider.get("more/kernel")).toEqual(again.get("more/kernel"));
  });

  test("initializers named by a text, and those inside wrappers", async () => {
    const seeds = (config: object): unknown => {
      const topology = topologyOf(functionalModel()).insert(
        { from: "pool" },
        { className: "Dense", config: { name: "n", ...config } },
      );
      return initialise(topology, createRng(1)).layers.find((layer) => layer.name === "n")!.config;
    };
    expect(seeds({ units: 4, kernel_initializer: "he_normal" })).toMatchObject({
      kernel_initializer: { class_name: "HeNormal", config: { seed: expect.any(Number) } },
    });
    expect(seeds({ units: 4, kernel_initializer: "zeros" })).toMatchObject({ kernel_initializer: "zeros" });
    expect(seeds({ layer: { config: { kernel_initializer: "he_normal" } } })).toMatchObject({
      layer: { config: { kernel_initializer: { config: { seed: expect.any(Number) } } } },
    });
  });

  test("uninitialised layers are zero, others are not", async () => {
    const model = await modelOf(uninitialised(topologyOf(functionalModel()), new Set(["a"])));
    const of = (name: string): Float32Array =>
      model.weights
        .find((weight) => weight.originalName === name)!
        .read()
        .dataSync() as Float32Array;
    expect(of("a/kernel").every((value) => value === 0)).toBe(true);
    expect(of("b/kernel").every((value) => value === 0)).toBe(false);
  });
});

describe("weights", () => {
  test("a second wrapping, whose tfjs names differ, is known by originalName", async () => {
    const model = sequentialModel();
    const [first, second] = [await modelOf(topologyOf(model)), await modelOf(topologyOf(model))];
    expect(second.weights[0]!.name).not.toBe(first.weights[0]!.name);
    copyWeights(model, first);
    copyWeights(first, second);
    expect(answer(second)).toEqual(answer(model));
  });

  test("copies share no buffer", async () => {
    const model = sequentialModel();
    const copy = await modelOf(topologyOf(model));
    copyWeights(model, copy);
    expect(copy.weights[0]!.read().dataId).not.toBe(model.weights[0]!.read().dataId);
  });

  test("what is missing is named, on the side that is asked for", async () => {
    const model = functionalModel();
    const more = await modelOf(
      topologyOf(model).insert({ from: "pool" }, { className: "Dense", config: { name: "more", units: 4 } }),
    );
    expect(() => copyWeights(model, more)).toThrow(/REG_MODEL_UNSUPPORTED.*more\/kernel, more\/bias/);
    expect(() => copyWeights(model, more, { every: "source" })).not.toThrow();
    expect(() => copyWeights(more, model, { every: "source" })).toThrow(/more\/kernel/);
    const wider = await modelOf(
      topologyOf(model).replace("a", { className: "Conv2D", config: { filters: 4, kernel_size: [1, 1] } }),
    );
    expect(() => copyWeights(model, wider)).toThrow(/a\/kernel got \[3, 3, 2, 4\], expected \[1, 1, 2, 4\]/);
  });

  test("parts and roles", () => {
    const model = sequentialModel();
    const weights = weightsOf(model, { headFrom: topologyOf(model).features });
    expect(weights.map(({ name, part, role }) => [name, part, role])).toEqual([
      ["conv/kernel", "backbone", "kernel"],
      ["conv/bias", "backbone", "bias"],
      ["bn/gamma", "backbone", "norm"],
      ["bn/beta", "backbone", "norm"],
      ["bn/moving_mean", "backbone", "statistic"],
      ["bn/moving_variance", "backbone", "statistic"],
      ["out/kernel", "head", "kernel"],
      ["out/bias", "head", "bias"],
    ]);
    expect(weights[0]!.variable).toBeInstanceOf(tf.Variable);
  });

  test("frozen layers, also those of a frozen nested model, are statistics", async () => {
    const model = nestedModel();
    (model.getLayer("middle") as tfl.LayersModel).trainable = false;
    const topology = topologyOf(model);
    expect(topology.layers.filter((layer) => layer.config["trainable"] === false).map((layer) => layer.name)).toEqual([
      "middle_conv",
    ]);
    const weights = weightsOf(await modelOf(topology), { headFrom: topology.features });
    expect(weights.filter(({ role }) => role === "kernel").map(({ name }) => name)).toEqual([
      "base_conv/kernel",
      "out/kernel",
    ]);
  });
});
