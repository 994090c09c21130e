import "@tensorflow/tfjs-backend-cpu";
import { createRng, type Architecture, type Params } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import plugin, {
  classicCnn,
  efficientnetb0,
  resnet18,
  resnet20,
  resnet20v2,
  resnet34,
  smallCnn,
  smallDetector,
} from "../src/index.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

const ALL = [smallCnn, classicCnn, resnet20, resnet20v2, resnet18, resnet34, efficientnetb0];

function build(
  architecture: Architecture,
  { side = 32, c = 3, classes = 10, seed = 1, params = {} as Params } = {},
): tfl.LayersModel {
  const rng = createRng(seed);
  const format = { h: side, w: side, c, range: [0, 255] } as const;
  return architecture.build({ format, classes, seeds: () => rng.int(2 ** 31), with: params });
}
const size = (weights: readonly tfl.LayerVariable[]): number =>
  weights.reduce((sum, weight) => sum + tf.util.sizeFromShape(weight.shape as number[]), 0);
const trainableParameters = (model: tfl.LayersModel): number => size(model.trainableWeights);

test("the plug-in registers all of them", () => {
  const names: string[] = [];
  plugin.register({ architecture: ({ name }: Architecture) => names.push(name) } as never);
  expect(names).toEqual([
    "small-cnn",
    "classic-cnn",
    "resnet20",
    "resnet20v2",
    "resnet18",
    "resnet34",
    "efficientnetb0",
    "unet",
    "resnet-unet",
    "small-detector",
  ]);
});

test("small-detector gives a map of an eighth of the image's sides, of odd sizes too", () => {
  for (const [h, w, rows, columns] of [
    [64, 96, 8, 12],
    [200, 200, 25, 25],
    [50, 70, 7, 9],
  ] as const) {
    const model = smallDetector.build({
      format: { h, w, c: 1, range: [0, 255] },
      classes: 3,
      seeds: () => 1,
      with: {},
    });
    expect(model.outputs[0]!.shape).toEqual([null, rows, columns, 64]);
    model.dispose();
  }
});

describe("trainable parameters", () => {
  const imagenet = { side: 224, classes: 1000 };
  const cifar = { side: 32, classes: 10 };
  test.each([
    // torchvision's documentation of resnet18 and resnet34.
    { architecture: resnet18, how: imagenet, count: 11_689_512 },
    { architecture: resnet34, how: imagenet, count: 21_797_672 },
    // torchvision's documentation of efficientnet_b0. The strides change no count.
    { architecture: efficientnetb0, how: imagenet, count: 5_288_548 },
    { architecture: efficientnetb0, how: { ...imagenet, side: 32 }, count: 5_288_548 },
    // The widely used CIFAR variant of ResNet-18 with a 3×3 stem.
    { architecture: resnet18, how: cifar, count: 11_173_962 },
    // 3·3·(3·16 + 6·16² + 16·32 + 5·32² + 32·64 + 5·64²), projections 16·32 + 32·64, the norms' 2·(7·16 + 7·32 + 7·64), 64·10 + 10.
    { architecture: resnet20, how: cifar, count: 9 * (48 + 1536 + 512 + 5120 + 2048 + 20480) + 2560 + 1568 + 650 },
    // Keras' example of the same network has 570,602, of which 2,192 are biases before or beside normalisation.
    { architecture: resnet20v2, how: cifar, count: 570_602 - 2_192 },
    // 9·(3·16 + 16·32 + 32·64), the norms' 2·(16 + 32 + 64), 4·4·64·10 + 10
    { architecture: smallCnn, how: cifar, count: 9 * (48 + 512 + 2048) + 224 + 10250 },
    // 25·3·32 + 32, 25·32·64 + 64, 4096·384 + 384, 384·192 + 192, 192·10 + 10
    { architecture: classicCnn, how: cifar, count: 2432 + 51264 + 1573248 + 73920 + 1930 },
  ])("$architecture.name at $how.side pixels, $how.classes classes: $count", ({ architecture, how, count }) => {
    expect(trainableParameters(build(architecture, how))).toBe(count);
  });

  test("EfficientNet-B0's other figure, Keras' 5,330,571: with moving averages, and 7 numbers of its normalisation layer", () => {
    const model = build(efficientnetb0, imagenet);
    // Mean and variance of each normalised channel.
    expect(size(model.nonTrainableWeights)).toBe(42_016);
    expect(5_288_548 + 42_016 + 7).toBe(5_330_571);
    expect(model.countParams()).toBe(5_330_571 - 7);
  });

  test("the published sizes: 0.27 M and 0.57 M", () => {
    expect((trainableParameters(build(resnet20)) / 1e6).toFixed(2)).toBe("0.27");
    expect((trainableParameters(build(resnet20v2)) / 1e6).toFixed(2)).toBe("0.57");
  });
});

describe.each(ALL)("$name", (architecture) => {
  const narrow = { params: { width: 0.125 } };

  test("takes [h, w, c], gives probabilities, in names that do not depend on what was built before", () => {
    const [model, again] = [
      build(architecture, narrow),
      build(architecture, { ...narrow, side: 28, c: 1, classes: 4 }),
    ];
    expect([model.inputs[0]!.shape, model.outputs[0]!.shape]).toEqual([
      [null, 32, 32, 3],
      [null, 10],
    ]);
    const out = again.predict(tf.ones([2, 28, 28, 1])) as tf.Tensor2D;
    expect(out.shape).toEqual([2, 4]);
    tf.sum(out, 1)
      .dataSync()
      .forEach((sum) => expect(sum).toBeCloseTo(1, 5));
    expect(again.weights.map((weight) => weight.originalName)).toEqual(
      model.weights.map((weight) => weight.originalName),
    );
    expect(new Set(model.weights.map((weight) => weight.originalName)).size).toBe(model.weights.length);
  });

  test("the same seeds give the same weights, others do not", () => {
    const weights = (seed: number): number[][] =>
      build(architecture, { ...narrow, seed }).trainableWeights.map((weight) => [...weight.read().dataSync()]);
    const [one, again, other] = [weights(1), weights(1), weights(2)];
    expect(again).toEqual(one);
    expect(other[0]).not.toEqual(one[0]);
    expect(other.at(-2)).not.toEqual(one.at(-2));
  });
});

test("a seed of 0 is a seed", () => {
  const kernel = (): number[] => {
    const format = { h: 8, w: 8, c: 1, range: [0, 255] } as const;
    const model = smallCnn.build({ format, classes: 2, seeds: () => 0, with: {} });
    return [...model.weights[0]!.read().dataSync()];
  };
  expect(kernel()).toEqual(kernel());
});

test.each([
  { architecture: resnet20, name: "group3_block3_2_conv/kernel", fan: 9 * 64, which: "fan-in" },
  { architecture: efficientnetb0, name: "group6_block2_expand_conv/kernel", fan: 6 * 192, which: "fan-out" },
  // One filter for each channel: what goes out has seen k² numbers.
  { architecture: efficientnetb0, name: "group6_block2_depthwise_conv/depthwise_kernel", fan: 25, which: "fan-out" },
  { architecture: efficientnetb0, name: "predictions/kernel", fan: 1280, which: "fan-in" },
])("He-normal: the deviation of √(2 / $which), as tfjs truncates it: $name", ({ architecture, name, fan }) => {
  const kernel = build(architecture).weights.find(({ originalName }) => originalName === name)!;
  const { mean, variance } = tf.moments(kernel.read());
  const deviation = Math.sqrt(2 / fan);
  // A normal cut off at two deviations has 0.8796 of the deviation; the fewest draws (12,800) estimate it to 0.6 %.
  expect(Math.sqrt(variance.dataSync()[0]!) / (0.8796 * deviation)).toBeCloseTo(1, 1.7);
  expect(mean.dataSync()[0]! / deviation).toBeCloseTo(0, 1.7);
});

test("batch normalisation as each family's reference has it", () => {
  const norms = (architecture: Architecture): unknown[] =>
    build(architecture, { params: { width: 0.125 } })
      .layers.filter((layer) => layer.getClassName() === "BatchNormalization")
      .map((layer) => `${String(layer.getConfig()["momentum"])} ${String(layer.getConfig()["epsilon"])}`);
  expect(new Set(norms(resnet18))).toEqual(new Set(["0.9 0.00001"]));
  expect(new Set(norms(efficientnetb0))).toEqual(new Set(["0.99 0.001"]));
});

describe("EfficientNet-B0", () => {
  /** Side and channels after the stem, each group, and the last convolution. */
  const shapes = (side: number, params: Params = {}): string[] =>
    build(efficientnetb0, { side, params })
      .layers.filter(({ name }) =>
        /^(stem_swish|top_swish|group(1|7)_block1_project_bn|group\d_block[234]_add)$/.test(name),
      )
      .filter(({ name }, at, all) => name.slice(0, 6) !== all[at + 1]?.name.slice(0, 6))
      .map(({ outputShape }) => (outputShape as number[]).slice(1).join("×"));

  test("the shapes of table 1 at 224×224", () => {
    expect(shapes(224)).toEqual([
      "112×112×32",
      "112×112×16",
      "56×56×24",
      "28×28×40",
      "14×14×80",
      "14×14×112",
      "7×7×192",
      "7×7×320",
      "7×7×1280",
    ]);
  });

  test("small images stay as large in the second and third group: 32×32 ends at 4×4", () => {
    expect(shapes(32)).toEqual([
      "16×16×32",
      "16×16×16",
      "16×16×24",
      "16×16×40",
      "8×8×80",
      "8×8×112",
      "4×4×192",
      "4×4×320",
      "4×4×1280",
    ]);
    const last = (side: number): string | undefined => shapes(side, { width: 0.125 }).at(-1);
    expect([last(64), last(65)]).toEqual(["8×8×160", "3×3×160"]);
  });

  test("width multiplies what is squeezed, too; no layer of it drops anything", () => {
    const model = build(efficientnetb0, { params: { width: 0.5 } });
    const channels = (name: string): number => (model.getLayer(name).outputShape as number[]).at(-1)!;
    expect(["stem_conv", "group3_block1_expand_conv", "group3_block1_se_reduce", "top_conv"].map(channels)).toEqual([
      16, 72, 3, 640,
    ]);
    expect(model.layers.filter((layer) => /Dropout|Noise/.test(layer.getClassName()))).toEqual([]);
  });

  test("trains in plain tfjs: the loss falls, and every weight moves", async () => {
    const model = build(efficientnetb0, { side: 8, classes: 2, params: { width: 0.1 } });
    model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy" });
    // Stripes, fine and coarse.
    const images = tf.tensor4d(
      Float32Array.from({ length: 4 * 192 }, (_, i) => Math.sin(i * (i % 384 < 192 ? 1 : 2))),
      [4, 8, 8, 3],
    );
    const labels = tf.oneHot([0, 1, 0, 1], 2);
    const before = model.trainableWeights.map((weight) => [...weight.read().dataSync()]);
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) losses.push((await model.trainOnBatch(images, labels)) as number);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    model.trainableWeights.forEach((weight, at) =>
      expect([...weight.read().dataSync()], weight.originalName).not.toEqual(before[at]),
    );
  });
});

describe("stems of the larger networks", () => {
  const sizes = (side: number): string[] =>
    build(resnet18, { side, params: { width: 0.125 } })
      .layers.filter(({ name }) => name === "stem_relu" || name === "stem_pool" || name === "group4_block2_relu")
      .map(({ name, outputShape }) => `${name} ${(outputShape as number[])[1]}`);

  test("up to 64 pixels: full size; above: a quarter", () => {
    expect(sizes(32)).toEqual(["stem_relu 32", "group4_block2_relu 4"]);
    expect(sizes(64)).toEqual(["stem_relu 64", "group4_block2_relu 8"]);
    expect(sizes(65)).toEqual(["stem_relu 33", "stem_pool 17", "group4_block2_relu 3"]);
    expect(sizes(224)).toEqual(["stem_relu 112", "stem_pool 56", "group4_block2_relu 7"]);
  });
});

describe("parameters", () => {
  test("width multiplies the filters", () => {
    const filters = build(smallCnn, { params: { width: 2 } }).getLayer("block3_conv").outputShape as number[];
    expect(filters.at(-1)).toBe(128);
  });

  test("others, and what is no width, are errors", () => {
    expect(() => build(smallCnn, { params: { widht: 2 } })).toThrow(/REG_PARAM_UNKNOWN.*"widht".*nearest is "width"/);
    expect(() => build(smallCnn, { params: { width: 0 } })).toThrow(/REG_PARAM: width is 0/);
  });
});
