// Against PyTorch, whose values golden.py wrote down.
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { wasm } from "@regimen/backend-wasm";
import { createRng } from "@regimen/core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  LATENT,
  TRANSFORMS,
  allowedTransforms,
  conditionalNorm,
  diffAugment,
  discriminatorLoss,
  featureDistance,
  generate,
  generatorLoss,
  judge,
  layoutOf,
  powerIteration,
  spectralNorm,
} from "../src/index.ts";
import { discriminatorWeights, generatorWeights } from "../src/networks.ts";
import golden from "./golden.json" with { type: "json" };

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** scale · sin(0.37 i + phase), as in golden.py. */
function waves(shape: readonly number[], phase: number, scale = 1): tf.Tensor {
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => scale * Math.sin(0.37 * i + phase)),
    [...shape],
  );
}
function near(got: tf.Tensor | ArrayLike<number>, want: readonly number[], tolerance = 1e-5): void {
  const values = got instanceof tf.Tensor ? got.dataSync() : got;
  expect(values.length).toBe(want.length);
  const worst = want.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
  expect(worst).toBeLessThan(tolerance);
}

describe("the hinge losses", () => {
  const [real, fake] = [
    [1.5, 0.3, -0.7, 2, 0.999],
    [-1.5, -0.2, 0.4],
  ];
  it("are those of Miyato et al. 2018, equations 17 and 18", () => {
    near(discriminatorLoss(tf.tensor1d(real!), tf.tensor1d(fake!)), [golden.hinge.discriminator]);
    near(generatorLoss(tf.tensor1d(fake!)), [golden.hinge.generator]);
  });
  it("have PyTorch's gradient", () => {
    const [byReal, byFake] = tf.grads((r, f) => discriminatorLoss(r as Tensor1D, f as Tensor1D))([
      tf.tensor1d(real!),
      tf.tensor1d(fake!),
    ]);
    near(byReal!, golden.hinge.byReal);
    near(byFake!, golden.hinge.byFake);
  });
});

describe("the spectral norm", () => {
  const matrix = () => waves([18, 5], 0.2) as Tensor2D;
  const after = (rounds: number) => {
    let right = waves([5], 1) as Tensor1D;
    let found = powerIteration(matrix(), right);
    for (let i = 1; i < rounds; i++) [right, found] = [found.right, powerIteration(matrix(), found.right)];
    return found;
  };

  it.each(["1", "3", "100"] as const)("after %s rounds of the power method is PyTorch's", (rounds) => {
    const found = after(Number(rounds));
    near(spectralNorm(matrix(), found), [golden.spectral[rounds].norm]);
    near(found.right, golden.spectral[rounds].right);
  });
  it("becomes the largest singular value", () =>
    near(spectralNorm(matrix(), after(100)), [golden.spectral.exact], 1e-5));
  it("lets the gradient of kernel / norm through, with the vectors held still", () => {
    const found = after(3);
    const weighed = tf.transpose(waves([5, 18], 0.9));
    const gradient = tf.grad((m) => tf.sum(tf.mul(tf.div(m, spectralNorm(m as Tensor2D, found)), weighed)) as Scalar);
    near(gradient(matrix()), golden.spectral.gradient);
  });
});

describe("the networks", () => {
  const layout = { ...layoutOf({ h: 8, w: 8, c: 3, range: [0, 255] }, 2) };
  const labels = () => tf.tensor2d([1, 0, 0, 1], [2, 2]);

  it("normalise by the batch, and shift and scale by the class", () => {
    const y = conditionalNorm(
      waves([3, 2, 2, 4], 0.5, 3) as Tensor4D,
      tf.tensor2d([1, 0, 0, 1, 0.25, 0.75], [3, 2]),
      waves([2, 4], 0.1) as Tensor2D,
      waves([2, 4], 0.7) as Tensor2D,
    );
    near(y, golden.conditionalNorm, 1e-4);
  });
  it("judge as a projection discriminator", () => {
    const weights = {
      "image/kernel": waves([3, 3, 3, 32], 0.1, 0.2),
      "image/bias": waves([32], 0.2, 0.1),
      "down1/kernel": waves([4, 4, 32, 64], 0.3, 0.05),
      "down1/bias": waves([64], 0.4, 0.1),
      "score/kernel": waves([64, 1], 0.5),
      "score/bias": waves([1], 0.6),
      "class/kernel": waves([2, 64], 0.7),
    };
    const scores = judge(weights, waves([2, 8, 8, 3], 0.8) as Tensor4D, labels(), layout);
    near(tf.div(scores, golden.judge), [1, 1], 1e-4);
  });
  it("generate by transposed convolutions, and cut what is too large out of the middle", () => {
    const weights = {
      "seed/kernel": waves([LATENT, 1024], 0.1, 0.1),
      "seed/gain": waves([2, 64], 0.2, 0.5),
      "seed/shift": waves([2, 64], 0.3, 0.5),
      "up1/kernel": waves([4, 4, 32, 64], 0.4, 0.1),
      "up1/gain": waves([2, 32], 0.5, 0.5),
      "up1/shift": waves([2, 32], 0.6, 0.5),
      "image/kernel": waves([3, 3, 32, 3], 0.7, 0.05),
      "image/bias": waves([3], 0.8, 0.1),
    };
    const [h, w] = golden.generate.size as [number, number];
    const made = generate(weights, waves([2, LATENT], 0.9) as Tensor2D, labels(), { ...layout, h, w });
    near(made, golden.generate.images, 1e-3);
  });

  it.each([
    [28, 28, 1],
    [32, 32, 3],
    [48, 48, 1],
    [64, 64, 3],
    [30, 41, 3],
    [200, 150, 1],
    [3, 3, 1],
  ])("fit images of %s × %s × %s", (h, w, c) => {
    const fitting = layoutOf({ h, w, c, range: [0, 1] }, 2);
    expect(Math.max(fitting.h, fitting.w)).toBeLessThanOrEqual(64);
    expect(fitting.w / fitting.h).toBeCloseTo(w / h, 1);
    const rng = createRng(1);
    const weights = (of: ReturnType<typeof generatorWeights>) =>
      Object.fromEntries(of.map(({ name, variable }) => [name.slice(name.indexOf("/") + 1), variable as tf.Tensor]));
    const [g, d] = [generatorWeights(fitting, rng), discriminatorWeights(fitting, rng)];
    const made = generate(weights(g), tf.zeros([2, LATENT]), labels(), fitting);
    expect(made.shape).toEqual([2, fitting.h, fitting.w, c]);
    expect(judge(weights(d), made, labels(), fitting).shape).toEqual([2]);
    for (const { variable } of [...g, ...d]) variable.dispose();
  });
});

describe("DiffAugment", () => {
  const chances = (name: string) =>
    tf.tensor1d(golden.diffAugment.chances[name as keyof typeof golden.diffAugment.chances]);
  const images = () => waves([4, 9, 8, 3], 0.3) as Tensor4D;
  const still = () => tf.fill([4], 0.5) as Tensor1D;

  it("is what a slow transcription gives", () =>
    near(diffAugment(images(), chances, TRANSFORMS), golden.diffAugment.images));
  it("has its gradient", () => {
    const gradient = tf.grad((x) =>
      tf.sum(tf.mul(diffAugment(x as Tensor4D, chances, TRANSFORMS), waves([4, 9, 8, 3], 1.1))),
    );
    near(gradient(images()), golden.diffAugment.gradient);
  });
  it("is the identity in the middle of its ranges, the hole left aside", () =>
    near(
      diffAugment(images(), still, ["brightness", "saturation", "contrast", "shift"]),
      [...images().dataSync()],
      1e-5,
    ));
  it("moves by an eighth at the most, both ways, and brings in grey", () => {
    const ends = (chance: number) =>
      diffAugment(tf.ones([1, 8, 16, 1]), () => tf.fill([1], chance) as Tensor1D, ["shift"]);
    const zeros = (image: tf.Tensor) => tf.sum(tf.cast(tf.equal(image, 0), "float32")).dataSync()[0];
    for (const chance of [0, 0.9999]) expect(zeros(ends(chance))).toBe(8 * 16 - 7 * 14);
    near(tf.slice(ends(0), [0, 0, 0, 0], [1, 7, 14, 1]), new Array(98).fill(1));
    near(tf.slice(ends(0.9999), [0, 1, 2, 0], [1, 7, 14, 1]), new Array(98).fill(1));
  });
  it("cuts half a side out, less at an edge", () => {
    const holes = (chance: number) =>
      tf
        .sum(
          tf.sub(
            1,
            diffAugment(tf.ones([1, 8, 8, 1]), () => tf.fill([1], chance) as Tensor1D, ["cutout"]),
          ),
        )
        .dataSync()[0];
    expect([holes(0.5), holes(0), holes(0.9999)]).toEqual([16, 4, 4]);
  });
  it("leaves out what a policy refuses", () => {
    expect(allowedTransforms([])).toEqual(TRANSFORMS);
    expect(
      allowedTransforms([
        "@regimen/technique-augment/brightness",
        "@regimen/technique-augment/grayscale",
        "@regimen/technique-augment/translate-x",
        "@regimen/technique-augment/mirror",
      ]),
    ).toEqual(["contrast", "cutout"]);
  });
});

describe("the feature distance", () => {
  const column = (shape: readonly [number, number], phase: number) => ({
    width: shape[1],
    values: tf.abs(waves(shape, phase)).dataSync() as Float32Array,
  });
  it("is the unbiased discrepancy with the cubic kernel", () =>
    expect(featureDistance(column([5, 6], 0.1), column([4, 6], 0.6))).toBeCloseTo(golden.featureDistance, 4));
  it("is about 0 for two samples of one set, and grows with their distance", () => {
    const rng = createRng(2);
    const sample = (middle: number) => ({
      width: 8,
      values: Float32Array.from({ length: 8 * 200 }, () => middle + rng.normal()),
    });
    const same = Math.abs(featureDistance(sample(0), sample(0))!);
    const [little, more] = [featureDistance(sample(0), sample(0.3))!, featureDistance(sample(0), sample(0.6))!];
    expect(same).toBeLessThan(0.3 * little);
    expect(little).toBeLessThan(more);
  });
  it("is not told of a single image", () => expect(featureDistance(column([1, 6], 0), column([4, 6], 0))).toBeNull());
});
