import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { wasm } from "@regimen/backend-wasm";
import {
  StageState,
  batchOf,
  createRng,
  createStep,
  type Batch,
  type Optimizer,
  type Shape,
  type Step,
  type Weight,
} from "@regimen/core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  LATENT,
  allowedTransforms,
  diffAugment,
  generate,
  judge,
  layoutOf,
  powerIteration,
  spectralNorm,
} from "../src/index.ts";
import { adversarialStep, fromNetwork, normals, toNetwork } from "../src/adversarial.ts";
import { byName, discriminatorWeights, generatorWeights, isKernel } from "../src/networks.ts";
import { matrixOf } from "../src/spectral-norm.ts";

const shape: Shape = { n: 4, h: 8, w: 8, c: 1, range: [0, 255], classes: 3 };
const chosen = [0, 2];
const layout = layoutOf(shape, chosen.length);
const plain: Optimizer = (evaluate) => evaluate();

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => {
  tf.engine().endScope();
  tf.disposeVariables();
});

function pair(refused: readonly string[] = []) {
  const rng = createRng(3);
  const [g, d] = [generatorWeights(layout, rng), discriminatorWeights(layout, rng)];
  const averaged = g.map((weight): Weight => ({ ...weight, variable: tf.variable(weight.variable.clone(), false) }));
  const run = { optimizer: () => plain, refused, rng: createRng(5) };
  return { g, d, averaged, step: adversarialStep(run, { g, d, averaged, layout, chosen, steps: 1000 }) };
}
const LABELS = [1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0];
const batch = (): Batch =>
  batchOf(
    {
      images: Float32Array.from({ length: 4 * 64 }, (_, i) => (i * 37) % 256),
      labels: Float32Array.from(LABELS),
      weights: new Float32Array(4).fill(1),
      origin: new Float32Array(4).fill(1),
    },
    shape,
  );
const stepAt = (index: number, state: StageState, rates: Readonly<Record<string, number>>): Step =>
  createStep({ index, progress: 0, rates: { default: 0, ...rates }, seed: Int32Array.of(index, 9), draws: {} }, state);
const values = (weights: readonly Weight[]): number[][] => weights.map(({ variable }) => [...variable.dataSync()]);
const REFUSED = ["brightness", "saturation", "contrast", "crop", "cutout"].map((part) => `any/${part}`);

describe("a step of both networks", () => {
  it.each([
    ["without augmentation, where all is refused", REFUSED],
    ["real and generated images augmented by the same numbers", []],
  ])("has the hinge losses of %s", (_, refused) => {
    const { g, d, step } = pair(refused);
    const state = new StageState();
    const view = stepAt(0, state, {});
    const images = batch();
    const { discriminator, generator } = step(images, view);

    const labels = tf.tensor2d([1, 0, 0, 1, 0, 1, 1, 0], [4, 2]);
    const start = (name: string, size: number) => normals(createRng(5).fork("singular vectors").fork(name), size);
    const kernels = Object.entries(byName(d)).map(([name, weight]) => {
      if (!isKernel(name)) return [name, weight] as const;
      const found = powerIteration(matrixOf(weight), tf.tensor1d(start(name, weight.shape.at(-1)!)));
      return [name, tf.div(weight, spectralNorm(matrixOf(weight), found))] as const;
    });
    const scores = (pictures: Tensor4D) => {
      const chances = (name: string) => view.uniform(name, [4]) as Tensor1D;
      const seen = diffAugment(pictures, chances, allowedTransforms(refused));
      return [...judge(Object.fromEntries(kernels), seen, labels, layout).dataSync()];
    };
    const made = (name: string) =>
      generate(byName(g), view.normal(name, [4, LATENT]) as Tensor2D, labels, layout) as Tensor4D;
    const real = scores(tf.sub(tf.div(images.images, 127.5), 1) as Tensor4D);
    const fake = scores(made("latent of the discriminator's step"));
    const mean = (x: readonly number[]) => x.reduce((sum, one) => sum + one, 0) / x.length;
    const hinge = mean(real.map((x) => Math.max(0, 1 - x))) + mean(fake.map((x) => Math.max(0, 1 + x)));
    expect(discriminator!.dataSync()[0]).toBeCloseTo(hinge, 4);
    expect(generator!.dataSync()[0]).toBeCloseTo(-mean(scores(made("latent of the generator's step"))), 4);
    state.dispose();
  });

  it.each([
    ["generator", "g", "d"],
    ["discriminator", "d", "g"],
  ] as const)("moves the %s at its own rate, and the other not", (part, moved, still) => {
    const networks = pair();
    const before = { g: values(networks.g), d: values(networks.d) };
    const state = new StageState();
    networks.step(batch(), stepAt(0, state, { [part]: 0.1 }));
    expect(values(networks[still])).toEqual(before[still]);
    // Every weight but the scores' offset, which real and generated images share where no hinge is reached.
    const changed = values(networks[moved]).filter((one, at) => one.some((x, i) => x !== before[moved][at]![i]));
    expect(changed.length).toBeGreaterThanOrEqual(networks[moved].length - 1);
    state.dispose();
  });

  it("averages the generator, with less memory at the beginning", () => {
    const { g, averaged, step } = pair();
    const state = new StageState();
    let expected = values(g);
    for (let index = 0; index < 3; index++) {
      step(batch(), stepAt(index, state, { generator: 0.01, discriminator: 0.01 }));
      const decay = Math.min(0.5 ** (1 / 50), (1 + index) / (10 + index));
      expected = values(g).map((one, at) => one.map((x, i) => decay * expected[at]![i]! + (1 - decay) * x));
    }
    const far = values(averaged).flatMap((one, at) =>
      one.map((x, i) => Math.abs(x - expected[at]![i]!) / (1 + Math.abs(x))),
    );
    expect(far.reduce((most, one) => Math.max(most, one))).toBeLessThan(1e-5);
    state.dispose();
  });

  it("comes nearer to the largest singular value from step to step", () => {
    const { d, step } = pair();
    const state = new StageState();
    const kernel = matrixOf(byName(d)["down1/kernel"]!);
    const norms = Array.from({ length: 10 }, (_, index) => {
      step(batch(), stepAt(index, state, {}));
      const right = tf.clone(state.states.get("singular/down1/kernel")!) as tf.Tensor as Tensor1D;
      return spectralNorm(kernel, powerIteration(kernel, right)).dataSync()[0]!;
    });
    norms.slice(1).forEach((norm, at) => expect(norm).toBeGreaterThanOrEqual(norms[at]! - 1e-6));
    expect(norms[9]! - norms[8]!).toBeLessThan(0.5 * (norms[1]! - norms[0]!));
    state.dispose();
  });
});

describe("pixels", () => {
  it.each([
    [8, 12, [0, 255]],
    [8, 8, [-1, 1]],
  ] as const)("of %s × %s in %j come back as they were", (h, w, range) => {
    const format = { h, w, c: 1, range };
    const images = tf.reshape(tf.linspace(range[0], range[1], h * w), [1, h, w, 1]) as Tensor4D;
    const inside = toNetwork(images, format, layoutOf(format, 2));
    expect([tf.min(inside).dataSync()[0], tf.max(inside).dataSync()[0]]).toEqual([
      expect.closeTo(-1, 4),
      expect.closeTo(1, 4),
    ]);
    fromNetwork(inside, format)
      .dataSync()
      .forEach((x, i) => expect(x).toBeCloseTo(images.dataSync()[i]!, 3));
  });
  it("are made smaller above 64 a side, and larger again", () => {
    const format = { h: 100, w: 128, c: 1, range: [0, 255] as const };
    const inside = toNetwork(tf.fill([1, 100, 128, 1], 51), format, layoutOf(format, 2));
    expect(inside.shape).toEqual([1, 50, 64, 1]);
    const back = fromNetwork(inside, format);
    expect(back.shape).toEqual([1, 100, 128, 1]);
    expect(tf.mean(back).dataSync()[0]).toBeCloseTo(51, 3);
  });
});
