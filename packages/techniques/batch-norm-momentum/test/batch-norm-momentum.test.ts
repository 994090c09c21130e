import { wasm } from "@regimen/backend-wasm";
import { StageState, createRng, createStep, type Shape } from "@regimen/core";
import { modelOf, topologyOf, withoutTraining } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyMomentum, batchNormMomentum, drawMomentum } from "../src/index.ts";

const model = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 2, inputShape: [2], kernelInitializer: "identity", name: "dense" }),
      tfl.layers.batchNormalization({ momentum: 0.99, name: "norm" }),
    ],
  });
const ROWS = [
  [1, 10],
  [3, 30],
];

beforeAll(() => wasm.load());
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe("applyMomentum", () => {
  it.each([0.5, 0.9])("moves the statistics by 1 − %s of what they lack, once warmed up", async (momentum) => {
    const own = model();
    const built = await modelOf(applyMomentum(topologyOf(own)));
    built.setWeights(own.getWeights());
    const state = new StageState();
    let [mean, variance] = [
      [0, 0],
      [1, 1],
    ];
    for (const index of [0, 5, 5000]) {
      tf.tidy(() => {
        const draws = { [batchNormMomentum.name]: drawMomentum(momentum) };
        const step = createStep({ index, progress: 0, rates: { default: 1 }, seed: createRng(1).seed(), draws }, state);
        built.apply(tf.tensor2d(ROWS), { training: true, step } as object);
      });
      const m = Math.min(momentum, (1 + index) / (10 + index));
      mean = mean.map((value, i) => m * value + (1 - m) * [2, 20][i]!);
      variance = variance.map((value, i) => m * value + (1 - m) * [1, 100][i]!);
    }
    const found = built
      .getWeights()
      .slice(-2)
      .map((weight) => [...weight.dataSync()]);
    [mean, variance].forEach((want, at) => want.forEach((value, i) => expect(found[at]![i]).toBeCloseTo(value, 3)));
    state.dispose();
    own.dispose();
    built.dispose();
  });

  it("leaves the weights' names, what inference computes, and the model that is handed back", async () => {
    const own = model();
    const topology = topologyOf(own);
    const rewritten = applyMomentum(topology);
    const built = await modelOf(rewritten);
    expect(built.weights.map((weight) => weight.originalName)).toEqual(
      own.weights.map((weight) => weight.originalName),
    );
    const answers = [own, built].map((one) =>
      tf.tidy(() => [...(one.predict(tf.tensor2d(ROWS)) as tf.Tensor).dataSync()]),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(withoutTraining(rewritten, topology).layers).toEqual(topology.layers);
    own.dispose();
    built.dispose();
  });

  it("refuses a model without batch normalization", () => {
    const bare = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [3] })] });
    expect(() => applyMomentum(topologyOf(bare))).toThrow(/REG_MODEL_UNSUPPORTED.*no batch normalization/);
    bare.dispose();
  });
});

describe("the technique", () => {
  it("is registered, and feeds the momentum", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-batch-norm-momentum"]);
    const hooks = batchNormMomentum.create({ momentum: 0.8 });
    expect(hooks.draw!(createRng(1), {} as Shape)).toEqual({ momentum: Float32Array.of(0.8) });
  });
});
