import { wasm } from "@regimen/backend-wasm";
import { StageState, createRng, createStep, type Architecture, type Shape } from "@regimen/core";
import { efficientnetb0, resnet18, resnet20v2 } from "@regimen/models";
import { classifier } from "@regimen/scaffold-classifier";
import { modelOf, residuals, topologyOf } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyStochasticDepth, drawStochasticDepth, dropBranch, stochasticDepth } from "../src/index.ts";

type Node = tfl.SymbolicTensor;
const format = { h: 32, w: 32, c: 3, range: [0, 255] } as const;
const build = (architecture: Architecture, width = 0.25): tfl.LayersModel => {
  let seed = 0;
  return architecture.build({ format, classes: 10, seeds: () => ++seed, with: { width } });
};
const shape: Shape = { ...format, n: 4, classes: 10 };

const DEPTH = 4;
/** Block l adds 2^l to the one number of each example's skip: the output tells which branches stayed, and by how much. */
function stairs(): tfl.LayersModel {
  const image = tfl.input({ shape: [1], name: "image" });
  let x: Node = image;
  for (let l = 1; l <= DEPTH; l++) {
    // A projection on every second skip: 1 times what comes.
    const skip =
      l % 2 ? x : (tfl.layers.dense({ name: `skip${l}`, units: 1, kernelInitializer: "ones" }).apply(x) as Node);
    const inner = tfl.layers.dense({ name: `inner${l}`, units: 1, kernelInitializer: "zeros" }).apply(x) as Node;
    const bias = tfl.initializers.constant({ value: 2 ** l });
    const branch = tfl.layers
      .dense({ name: `branch${l}`, units: 1, kernelInitializer: "zeros", biasInitializer: bias })
      .apply(inner) as Node;
    x = tfl.layers.add({ name: `sum${l}` }).apply([skip, branch]) as Node;
  }
  const out = tfl.layers.dense({ name: "head", units: 1, kernelInitializer: "ones" }).apply(x) as Node;
  return tfl.model({ inputs: image, outputs: out });
}

/** The factors [n][L] by which the branches were multiplied. */
async function factors(drop: number, per: string, n: number, seed = 1, training = true): Promise<number[][]> {
  const model = stairs();
  const rewritten = await modelOf(applyStochasticDepth(topologyOf(model), per));
  const state = new StageState();
  const found = tf.tidy(() => {
    const draws = { [stochasticDepth.name]: drawStochasticDepth(drop) };
    const feed = { index: 0, progress: 0, rates: { default: 1 }, seed: createRng(seed).seed(), draws };
    const step = createStep(feed, state);
    // tfjs passes further keys on to every layer, and types none of them.
    const kwargs = { training, step } as object;
    return [...(rewritten.apply(tf.zeros([n, 1]), kwargs) as tf.Tensor).dataSync()];
  });
  state.dispose();
  model.dispose();
  rewritten.dispose();
  const keep = Array.from({ length: DEPTH }, (_, at) => 1 - ((at + 1) / DEPTH) * drop);
  // Every combination of branches gives a sum of its own.
  return found.map((sum) => {
    for (let mask = 0; mask < 2 ** DEPTH; mask++) {
      const own = keep.map((p, at) => ((mask >> at) & 1 ? 1 / p : 0));
      const expected = own.reduce((total, factor, at) => total + factor * 2 ** (at + 1), 0);
      if (Math.abs(expected - sum) < 1e-4) return own;
    }
    throw new Error(`no combination of branches divided by their probabilities gives ${sum}`);
  });
}

beforeAll(() => wasm.load());

describe("dropBranch", () => {
  it("is Keras' formula: kept where the number is at least the rate, then divided by 1 − rate", () => {
    const out = tf.tidy(() => {
      const x = tf.tensor([1, 2, 3, 4, 5, 6], [3, 1, 1, 2]);
      return [...dropBranch(x, tf.tensor1d([0.1, 0.25, 0.9]), tf.tensor1d([0.25])).dataSync()];
    });
    [0, 0, 4, 16 / 3, 20 / 3, 8].forEach((want, i) => expect(out[i]).toBeCloseTo(want, 5));
  });
});

describe("the branches of a model", () => {
  let before = 0;
  beforeEach(() => void (before = tf.memory().numTensors));
  afterEach(() => expect(tf.memory().numTensors).toBe(before));

  it.each([0.3, 0.8])("survive with p_l = 1 − (l / L)(1 − p_L), divided by it, at drop %s", async (drop) => {
    const n = 4000;
    const seen = await factors(drop, "sample", n);
    for (let l = 1; l <= DEPTH; l++) {
      const keep = 1 - (l / DEPTH) * drop;
      const stayed = seen.filter((own) => own[l - 1]! > 0).length / n;
      expect(Math.abs(stayed - keep)).toBeLessThan(4 * Math.sqrt((keep * (1 - keep)) / n));
      const mean = seen.reduce((sum, own) => sum + own[l - 1]!, 0) / n;
      expect(Math.abs(mean - 1)).toBeLessThan((4 * Math.sqrt((keep * (1 - keep)) / n)) / keep);
    }
  });

  it("are dropped independently of each other", async () => {
    const seen = await factors(0.8, "sample", 4000);
    const gone = (own: readonly number[], l: number): number => Number(own[l - 1] === 0);
    const both = seen.filter((own) => gone(own, 3) && gone(own, 4)).length / seen.length;
    expect(Math.abs(both - 0.6 * 0.8)).toBeLessThan(0.032); // 4 standard deviations
  });

  it("stay or go for a whole batch together, per batch", async () => {
    let stayed = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const seen = await factors(0.5, "batch", 3, seed);
      for (const own of seen) expect(own).toEqual(seen[0]);
      stayed += Number(seen[0]![DEPTH - 1]! > 0);
    }
    expect(Math.abs(stayed / 60 - 0.5)).toBeLessThan(0.26);
  });

  it("are whole at drop 0 and in inference, to the bit; one seed gives one mask", async () => {
    const whole = Array.from({ length: 8 }, () => [1, 1, 1, 1]);
    expect(await factors(0, "sample", 8)).toEqual(whole);
    const model = stairs();
    const rewritten = await modelOf(applyStochasticDepth(topologyOf(model), "sample"));
    const inference = tf.tidy(() => [...(rewritten.predict(tf.zeros([2, 1])) as tf.Tensor).dataSync()]);
    expect(inference).toEqual([30, 30]);
    model.dispose();
    rewritten.dispose();
    expect(await factors(0.8, "sample", 50)).toEqual(await factors(0.8, "sample", 50));
    expect(await factors(0.8, "sample", 50, 2)).not.toEqual(await factors(0.8, "sample", 50));
  });
});

describe("applyStochasticDepth", () => {
  it.each([
    ["ResNet-20 v2", resnet20v2, 6],
    ["ResNet-18", resnet18, 8],
    ["EfficientNet-B0", efficientnetb0, 9],
  ] as const)("%s: one layer at the end of each branch, rates rising to the last", (_, architecture, blocks) => {
    const model = build(architecture);
    const before = topologyOf(model);
    const after = applyStochasticDepth(before, "sample");
    const dropping = after.layers.filter((layer) => layer.className === "Regimen>BranchDrop");
    expect(dropping.map((layer) => layer.config["depth"])).toEqual(
      Array.from({ length: blocks }, (_, at) => (at + 1) / blocks),
    );
    residuals(before).forEach(({ add, branch, skip }, at) => {
      expect(dropping[at]!.inputs).toEqual([branch]);
      const inputs = after.layers.find(({ name }) => name === add)!.inputs;
      expect([...inputs].sort()).toEqual([`${add}/drop`, skip].sort());
    });
    model.dispose();
  });

  it("refuses a model without residual blocks", () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [3] })] });
    expect(() => applyStochasticDepth(topologyOf(model), "sample")).toThrow(/REG_MODEL_UNSUPPORTED.*no residual/);
    model.dispose();
  });

  it.each([
    ["ResNet-20 v2", resnet20v2],
    ["ResNet-18", resnet18],
    ["EfficientNet-B0", efficientnetb0],
  ] as const)("%s: a step trains through it, and nothing of it is handed back", async (_, architecture) => {
    const model = build(architecture, 0.125);
    const hooks = stochasticDepth.create({ drop: 0.5, per: "sample" });
    const how = { hooks: [hooks], format, classes: 10, task: "classification" as const, rng: createRng(1) };
    const wrapped = await classifier.wrap(model, how);
    const state = new StageState();
    const read = (seed: number, training: boolean): number[] =>
      tf.tidy(() => {
        const draws = { [stochasticDepth.name]: hooks.draw!(createRng(1), shape) };
        const feed = { index: 0, progress: 0, rates: { default: 1 }, seed: createRng(seed).seed(), draws };
        const images = tf.randomUniform([4, 32, 32, 3], 0, 255, "float32", 5) as tf.Tensor4D;
        const step = createStep(feed, state);
        return [...wrapped.forward(images, { training, statistics: false, step }).outputs.dataSync()];
      });
    expect(read(1, true)).not.toEqual(read(2, true));
    expect(read(1, false)).toEqual(read(2, false));
    const plain = await wrapped.plain();
    expect(plain.layers.map((layer) => layer.name)).toEqual(model.layers.map((layer) => layer.name));
    expect(plain.layers.map((layer) => layer.getClassName())).toEqual(
      model.layers.map((layer) => layer.getClassName()),
    );
    for (const one of [plain, model, wrapped]) one.dispose();
    state.dispose();
  });
});

describe("the technique", () => {
  it("is registered, and feeds the rate", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-stochastic-depth"]);
    const hooks = stochasticDepth.create({ drop: 0.4, per: "sample" });
    expect(hooks.draw!(createRng(1), shape)).toEqual({ drop: Float32Array.of(0.4) });
  });
});
