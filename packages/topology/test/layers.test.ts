import "@tensorflow/tfjs-backend-cpu";
import type { LayerSpec, Step, Topology } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { copyWeights, modelOf, topologyOf, trainable, withoutTraining } from "../src/index.ts";
import { gatedModel, sequentialModel } from "./models.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

/** Numbers in [0, 1) and a normal's, the same for a name and shape, and a rate fed to the technique "tech_nique". */
function stepWith(rate = 0): Step {
  const numbers = (name: string, shape: readonly number[], of: (i: number) => number): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => of(i + name.length)),
      [...shape],
    );
  const step = {
    fed: {},
    // Far from the beginning, where moving averages move by the layer's own momentum.
    index: tf.scalar(1e6),
    uniform: (name: string, shape: readonly number[]) => numbers(name, shape, (i) => (i * 0.37) % 1),
    normal: (name: string, shape: readonly number[]) => numbers(name, shape, (i) => Math.sin(i)),
    of: (owner: string) => ({ ...step, fed: owner === "tech_nique" ? { drop_rate: tf.tensor1d([rate]) } : {} }) as Step,
  };
  return step as unknown as Step;
}

/** A model of one layer on [n, ...shape], built from JSON as the scaffold does. */
async function single(spec: LayerSpec, shape: readonly number[] = [5]): Promise<tfl.LayersModel> {
  const topology: Topology = topologyOf(
    tfl.sequential({ layers: [tfl.layers.activation({ activation: "linear", inputShape: [...shape], name: "x" })] }),
  );
  return modelOf(topology.insert({ from: "x" }, spec));
}
const x = tf.tensor2d([1, 2, 3, 4, 5, -6, -7, 8, 9, 10], [2, 5]);
const run = (model: tfl.LayersModel, input: tf.Tensor, kwargs: object): number[] => [
  ...(model.apply(input, { ...kwargs }) as tf.Tensor).dataSync(),
];
const close = (a: tf.Tensor, b: tf.Tensor): void => {
  const expected = b.dataSync();
  expect(a.shape).toEqual(b.shape);
  a.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
};
const f32 = (values: readonly number[]): number[] => [...Float32Array.from(values)];

describe("Regimen>Dropout", () => {
  const own = { className: "Regimen>Dropout", config: { name: "drop", rate: 0.4 } };
  const fed = { className: "Regimen>Dropout", config: { name: "drop", owner: "tech_nique", fed: "drop_rate" } };

  test("keeps where uniform ≥ rate, divided by 1 − rate", async () => {
    const expected = [...x.dataSync()].map((value, i) => (((i + 4) * 0.37) % 1 >= 0.4 ? value / 0.6 : 0));
    const got = run(await single(own), x, { training: true, step: stepWith() });
    got.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect(got.filter((value) => value === 0).length).toBeGreaterThan(0);
  });

  test("a fed rate gives the same mask as a constant one; owners and keys survive with their underscores", async () => {
    const [constant, given] = [await single(own), await single(fed)];
    expect(run(given, x, { training: true, step: stepWith(0.4) })).toEqual(
      run(constant, x, { training: true, step: stepWith() }),
    );
  });

  test("is the identity to the bit at rate 0, at inference, without a step, and where its technique is absent", async () => {
    const odd = tf.tensor2d([1e-38, -0, 3.4e38, 0.1, -0.3, 1, 2, 3, 4, 5], [2, 5]);
    const bits = f32([...odd.dataSync()]);
    expect(run(await single(fed), odd, { training: true, step: stepWith(0) })).toEqual(bits);
    expect(run(await single(own), odd, { training: false, step: stepWith() })).toEqual(bits);
    expect(run(await single(own), odd, { training: true })).toEqual(bits);
    const stranger = { className: "Regimen>Dropout", config: { name: "drop", owner: "other", fed: "drop_rate" } };
    expect(run(await single(stranger), odd, { training: true, step: stepWith(0.4) })).toEqual(bits);
  });

  test("a noise shape shares the mask", async () => {
    const shared = { className: "Regimen>Dropout", config: { name: "drop", rate: 0.4, noise_shape: [null, 1, null] } };
    const model = await single(shared, [3, 4]);
    const out = model.apply(tf.ones([2, 3, 4]), { training: true, step: stepWith() }) as tf.Tensor3D;
    for (const example of out.arraySync()) expect(example).toEqual([example[0], example[0], example[0]]);
  });
});

describe("noise layers", () => {
  const training = { training: true, step: stepWith() };
  const noisy = async (className: string, config: object): Promise<number[]> =>
    run(await single({ className, config: { name: "z", ...config } }), x, training);
  const normal = (i: number): number => Math.sin(i + 1);

  test("GaussianNoise and GaussianDropout", async () => {
    (await noisy("Regimen>GaussianNoise", { stddev: 0.5 })).forEach((value, i) =>
      expect(value).toBeCloseTo(x.dataSync()[i]! + 0.5 * normal(i), 5),
    );
    (await noisy("Regimen>GaussianDropout", { rate: 0.2 })).forEach((value, i) =>
      expect(value).toBeCloseTo(x.dataSync()[i]! * (1 + 0.5 * normal(i)), 5),
    );
  });

  test("AlphaDropout keeps mean 0 and variance 1", async () => {
    const model = await single({ className: "Regimen>AlphaDropout", config: { name: "z", rate: 0.3 } }, [20000]);
    // Standard normal quantiles, in an order unrelated to the mask's.
    const inputs = tf.tensor2d(
      Float32Array.from({ length: 20000 }, (_, i) => {
        const u = (((i * 7919) % 20000) + 0.5) / 20000;
        return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * ((i * 0.618034) % 1));
      }),
      [1, 20000],
    );
    const { mean, variance } = tf.moments(model.apply(inputs, training) as tf.Tensor);
    expect(mean.dataSync()[0]).toBeCloseTo(0, 1);
    expect(variance.dataSync()[0]).toBeCloseTo(1, 1);
  });
});

describe("Regimen>BatchNormalization", () => {
  const config = { name: "bn", momentum: 0.8, epsilon: 0.01 };
  const both = async (
    extra: object,
    shape: readonly number[] = [3, 2],
  ): Promise<[reference: tfl.LayersModel, own: tfl.LayersModel]> => {
    const [reference, own] = [
      await single({ className: "BatchNormalization", config: { ...config, ...extra } }, shape),
      await single({ className: "Regimen>BatchNormalization", config: { ...config, ...extra } }, shape),
    ];
    for (const [i, weight] of reference.weights.entries())
      weight.write(tf.tensor1d(Float32Array.from({ length: weight.shape[0]! }, (_, c) => 0.5 + c + i)));
    copyWeights(reference, own);
    return [reference, own];
  };
  const input = tf.tensor3d(
    Float32Array.from({ length: 24 }, (_, i) => Math.cos(i * i)),
    [4, 3, 2],
  );
  test("equals tfjs' layer at inference and in training", async () => {
    const [reference, own] = await both({});
    for (const training of [false, true])
      close(own.apply(input, { training }) as tf.Tensor, reference.apply(input, { training }) as tf.Tensor);
    // Both have moved by now.
    own.weights.forEach((weight, i) => close(weight.read(), reference.weights[i]!.read()));
  });

  test("any axis but the last is refused; the last may be written as Python's Keras does", async () => {
    const layer = (axis: number | number[]): LayerSpec => ({
      className: "Regimen>BatchNormalization",
      config: { ...config, axis },
    });
    await expect(single(layer(1), [3, 2])).rejects.toThrow(
      /REG_MODEL_UNSUPPORTED: the layer "bn" normalises axis 1 of 3/,
    );
    await expect(single(layer([2]), [3, 2])).resolves.toBeInstanceOf(tfl.LayersModel);
  });

  test("moving statistics by hand, with the biased variance", async () => {
    const [, own] = await both({}, [1]);
    own.apply(tf.tensor2d([1, 2, 3, 6], [4, 1]), { training: true });
    const read = (name: string): number =>
      own.weights
        .find((weight) => weight.originalName === name)!
        .read()
        .dataSync()[0]!;
    // Set to 2.5 and 3.5 above; the batch has mean 3 and variance (4 + 1 + 0 + 9) / 4 = 3.5.
    expect(read("bn/moving_mean")).toBeCloseTo(0.8 * 2.5 + 0.2 * 3, 6);
    expect(read("bn/moving_variance")).toBeCloseTo(0.8 * 3.5 + 0.2 * 3.5, 6);
  });

  test('statistics: "replace" makes them the batch\'s own', async () => {
    const [, own] = await both({}, [1]);
    own.apply(tf.tensor2d([1, 2, 3, 6], [4, 1]), { training: true, statistics: "replace" });
    expect(own.weights.slice(2).map((weight) => [...weight.read().dataSync()])).toEqual([[3], [3.5]]);
  });

  test("statistics: false leaves them, and so does a frozen layer, which infers", async () => {
    const [, own] = await both({});
    const before = own.weights.map((weight) => [...weight.read().dataSync()]);
    const trained = run(own, input, { training: true, statistics: false });
    expect(own.weights.map((weight) => [...weight.read().dataSync()])).toEqual(before);
    expect(trained).not.toEqual(run(own, input, { training: false }));
    const [, frozen] = await both({ trainable: false });
    expect(run(frozen, input, { training: true })).toEqual(run(frozen, input, { training: false }));
  });

  test("without scale or centre", async () => {
    const [, own] = await both({ scale: false, center: false });
    const { mean, variance } = tf.moments(own.apply(input, { training: true }) as tf.Tensor, [0, 1]);
    mean.dataSync().forEach((value) => expect(value).toBeCloseTo(0, 5));
    variance.dataSync().forEach((value) => expect(value).toBeCloseTo(1, 1));
  });
});

describe("trainable and withoutTraining", () => {
  test("swap what is random, batch normalisation and relu, keeping names and weights", async () => {
    const model = sequentialModel();
    const swapped = trainable(topologyOf(model));
    expect(swapped.layers.map(({ name, className }) => [name, className])).toEqual([
      ["conv_input", "InputLayer"],
      ["conv", "Conv2D"],
      ["conv_relu", "Regimen>Relu"],
      ["bn", "Regimen>BatchNormalization"],
      ["drop", "Regimen>Dropout"],
      ["flat", "Flatten"],
      ["out", "Dense"],
    ]);
    const training = await modelOf(swapped);
    copyWeights(model, training);
    const images = tf.tensor4d(
      Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
      [2, 8, 8, 2],
    );
    expect(run(training, images, { training: false })).toEqual(run(model, images, { training: false }));
  });

  test("swish and global pooling give way to Regimen's, inside a dense layer too; values and gradients stay", async () => {
    const model = gatedModel();
    const swapped = trainable(topologyOf(model));
    expect(swapped.layers.map(({ name, className }) => `${name} ${className}`)).toEqual([
      "image InputLayer",
      "depthwise DepthwiseConv2D",
      "depthwise_swish Regimen>Swish",
      "bend Regimen>Swish",
      "squeeze Regimen>GlobalAveragePooling2D",
      "reduce Dense",
      "reduce_swish Regimen>Swish",
      "expand Dense",
      "reshape Reshape",
      "excite Multiply",
      "pool Regimen>GlobalAveragePooling2D",
      "out Dense",
    ]);
    const training = await modelOf(swapped);
    copyWeights(model, training);
    const images = tf.tensor4d(
      Float32Array.from({ length: 3 * 128 }, (_, i) => Math.sin(i)),
      [3, 8, 8, 2],
    );
    close(training.apply(images, { training: false }) as tf.Tensor, model.predict(images) as tf.Tensor);
    const gradients = (of: tfl.LayersModel): tf.Tensor[] => {
      const variables = of.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const loss = (): tf.Scalar => tf.sum(tf.square(of.apply(images, { training: true }) as tf.Tensor));
      const { grads } = tf.variableGrads(loss, variables);
      return variables.map(({ name }) => grads[name]!);
    };
    const [own, plain] = [gradients(training), gradients(model)];
    own.forEach((gradient, at) => close(gradient, plain[at]!));
  });

  test("global pooling of channels that come first is left to tfjs", () => {
    const pool = { className: "GlobalAveragePooling2D", config: { name: "pool", data_format: "channels_first" } };
    const swapped = trainable(topologyOf(sequentialModel()).insert({ from: "bn" }, pool));
    expect(swapped.layers.find(({ name }) => name === "pool")!.className).toBe("GlobalAveragePooling2D");
  });

  test("sizes drawn on the host and dropout inside a layer are REG_MODEL_UNSUPPORTED", () => {
    const topology = topologyOf(sequentialModel());
    const random = { className: "RandomWidth", config: { name: "r", factor: 0.2 } };
    expect(() => trainable(topology.insert({ from: "conv" }, random))).toThrow(/REG_MODEL_UNSUPPORTED: the layer "r"/);
    const recurrent = { className: "LSTM", config: { name: "l", units: 2, dropout: 0.2 } };
    expect(() => trainable(topology.insert({ from: "conv" }, recurrent))).toThrow(/"l".*recurrent_dropout to 0/);
  });

  test("what is handed back has the user's layers, and of inserted ones those that infer", () => {
    const original = topologyOf(sequentialModel());
    const rewritten = original
      .insert({ from: "conv" }, { className: "Regimen>Dropout", config: { name: "noise", rate: 0.1 } })
      .insert({ from: "conv" }, { className: "Dropout", config: { name: "plain_noise", rate: 0.1 } })
      .insert({ from: "flat" }, { className: "Dense", config: { name: "more", units: 7 } })
      .replace("drop", { className: "Other>Dropout", config: { rate: 0.9 } });
    const plain = withoutTraining(rewritten, original);
    expect(plain.layers.map(({ name, className }) => `${name} ${className}`)).toEqual([
      "conv_input InputLayer",
      "conv Conv2D",
      "bn BatchNormalization",
      "drop Dropout",
      "flat Flatten",
      "more Dense",
      "out Dense",
    ]);
    expect(plain.layers.find(({ name }) => name === "drop")!.config["rate"]).toBe(0.5);
    expect(withoutTraining(original, original).layers).toEqual(original.layers);
  });

  test("moving statistics forget where they began within the first steps", async () => {
    const model = await single(
      { className: "Regimen>BatchNormalization", config: { name: "bn", momentum: 0.99 } },
      [4],
    );
    const images = tf.tensor2d(
      Float32Array.from({ length: 32 }, (_, i) => 3 + ((i * 7) % 5)),
      [8, 4],
    );
    for (let index = 0; index < 10; index++)
      tf.dispose(
        model.apply(images, { training: true, step: { ...stepWith(), index: tf.scalar(index) } }) as tf.Tensor,
      );
    const mean = tf.mean(images, 0).dataSync();
    const moving = model.getWeights()[2]!.dataSync();
    // Left as they began (0), they would after ten steps at momentum 0.99 still be at a tenth of the mean.
    moving.forEach((value, at) => expect(Math.abs(value - mean[at]!)).toBeLessThan(0.05));
  });

  test("no layer leaves a tensor behind", async () => {
    const model = await modelOf(trainable(topologyOf(sequentialModel())));
    const images = tf.zeros([2, 8, 8, 2]);
    const step = stepWith();
    const before = tf.memory().numTensors;
    tf.dispose(model.apply(images, { training: true, step }) as tf.Tensor);
    expect(tf.memory().numTensors).toBe(before);
  });
});
