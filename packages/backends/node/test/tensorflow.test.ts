import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { batchNormTrain, identityWarp, normal, relu, uniform, warp, type WarpOptions } from "@regimen/ops";
import { beforeAll, describe, expect, test } from "vitest";
import { cases } from "../../wasm/test/cases/index.ts";
import { check } from "../../wasm/test/check.ts";
import { node } from "../src/index.ts";

// Needs a tfjs-node that shares our tfjs-core: REGIMEN_TFJS_NODE names the folder it is installed in.
const folder = process.env["REGIMEN_TFJS_NODE"];
const title = folder ? "TensorFlow" : "TensorFlow (skipped: REGIMEN_TFJS_NODE names no folder with tfjs-node)";

/** Gradients that tfjs refuses, in words, on every backend but our wasm. */
const refused = /explicit padding|dilation/;

function numbers(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

const random = (shape: number[], seed: number) => tf.tensor(numbers(tf.util.sizeFromShape(shape), seed), shape);

/** The same calculation where primitives are composed and where they are TensorFlow's. */
async function same(calculate: () => tf.Tensor[], tolerance = 2e-5): Promise<void> {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    return tf.tidy(() => calculate().map((tensor) => Float32Array.from(tensor.dataSync())));
  };
  const expected = await run("cpu");
  const got = await run("tensorflow");
  got.forEach((values, k) => {
    expect(values.length).toBe(expected[k]!.length);
    values.forEach((v, i) => expect(Math.abs(v - expected[k]![i]!), `${k}[${i}]`).toBeLessThan(tolerance));
  });
}

describe.skipIf(!folder)(title, () => {
  beforeAll(async () => {
    await node.load();
  });

  for (const shape of [
    [6, 5, 4, 3],
    [30, 7],
    [3, 4, 8],
  ]) {
    test(`batch normalisation of [${shape.join(", ")}] and its gradients`, async () => {
      const c = shape.at(-1)!;
      await same(() => {
        const inputs = [random(shape, 1), random([c], 2), random([c], 3)];
        const run = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
          batchNormTrain(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3);
        const { y, mean, variance } = run(inputs[0]!, inputs[1]!, inputs[2]!);
        const dy = random(shape, 4);
        return [y, mean, variance, ...tf.grads((...xs: tf.Tensor[]) => run(xs[0]!, xs[1]!, xs[2]!).y)(inputs, dy)];
      }, 1e-4);
    });
  }

  test("relu's gradient", () => same(() => [tf.grad((x) => relu(x))(random([20], 5), random([20], 6))]));

  for (const how of [
    { interpolation: "bilinear", fill: "reflect" },
    { interpolation: "bilinear", fill: "constant", value: 0.7 },
    { interpolation: "nearest", fill: "reflect" },
    { interpolation: "nearest", fill: "constant" },
  ] satisfies WarpOptions[]) {
    test(`warp, ${how.interpolation}, ${how.fill}, and its gradient`, () =>
      same(() => {
        const maps = tf.tensor2d([
          [1.1, 0.13, -1.37, -0.12, 0.93, 0.51, 0, 0],
          [0.7, -0.71, 3.2, 0.69, 0.7, -2.3, 0, 0],
          [0.9, 0.1, 0.3, 0.05, 1.2, -0.4, 0.021, -0.013],
        ]);
        const images = random([3, 7, 9, 3], 7) as tf.Tensor4D;
        const f = (x: tf.Tensor) => warp(x as tf.Tensor4D, maps, how);
        return [f(images), tf.grad(f)(images, random(images.shape, 8))];
      }));
  }

  test("an identity warp is a copy", async () => {
    await tf.setBackend("tensorflow");
    tf.tidy(() => {
      const images = random([2, 5, 6, 3], 9) as tf.Tensor4D;
      const got = warp(images, identityWarp(2), { interpolation: "bilinear", fill: "reflect" });
      expect(got.dataSync()).toEqual(images.dataSync());
    });
  });

  test("random numbers are stateless and have the right moments", async () => {
    await tf.setBackend("tensorflow");
    tf.tidy(() => {
      const n = 100_000;
      for (const [draw, mean, variance] of [
        [uniform, 0.5, 1 / 12],
        [normal, 0, 1],
      ] as const) {
        const values = draw(tf.tensor1d([1, 2], "int32"), [n]).dataSync<"float32">();
        expect(draw(tf.tensor1d([1, 2], "int32"), [n]).dataSync()).toEqual(values);
        expect(draw(tf.tensor1d([1, 3], "int32"), [n]).dataSync()).not.toEqual(values);
        const m = values.reduce((a: number, b: number) => a + b, 0) / n;
        expect(Math.abs(m - mean)).toBeLessThan(4.5 * Math.sqrt(variance / n));
        const v = values.reduce((a: number, b: number) => a + (b - mean) ** 2, 0) / n;
        expect(Math.abs(v - variance)).toBeLessThan(4.5 * variance * Math.sqrt(2 / n));
      }
      expect(uniform(tf.tensor1d([1, 2], "int32"), []).shape).toEqual([]);
    });
  });

  test("gather works with and without batch dimensions", () =>
    same(() => {
      const x = random([3, 4, 2], 10);
      return [
        tf.gather(x, tf.tensor1d([2, 0, 0], "int32")),
        tf.gather(
          x,
          tf.tensor2d(
            [
              [1, 0],
              [3, 3],
              [2, 1],
            ],
            [3, 2],
            "int32",
          ),
          1,
          1,
        ),
        tf.grad((y) => tf.gather(y, tf.tensor1d([1, 1], "int32"), 1))(x, random([3, 2, 2], 11)),
      ];
    }));

  for (const one of cases.filter(({ name }) => !refused.test(name))) test(one.name, () => check(one, "tensorflow"));

  test("nothing is left behind", async () => {
    await tf.setBackend("tensorflow");
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const x = random([4, 3, 3, 2], 12);
      tf.grad((y) => tf.add(relu(batchNormTrain(y, null, null, 1e-3).y), uniform(tf.tensor1d([1, 2], "int32"), [2])))(
        x,
      );
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
