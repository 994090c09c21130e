import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { StageState, createRng, createStep, type Shape, type Topology } from "@regimen/core";
import { modelOf, topologyOf } from "@regimen/topology";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyDropout, drawDropout, dropout } from "../src/index.ts";

const FEATURES = 50;
const ROWS = 40;

/** The head copies its input, so that the output shows what the head sees. */
function headCopies(): tfl.LayersModel {
  return tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [5, 5, 2], name: "flat" }),
      tfl.layers.dense({ units: FEATURES, useBias: false, kernelInitializer: "identity", name: "head" }),
      tfl.layers.activation({ activation: "linear", name: "out" }),
    ],
  });
}
async function outputs(rate: number, seed: number, training = true): Promise<number[]> {
  const model = headCopies();
  const rewritten = await modelOf(applyDropout(topologyOf(model)));
  rewritten.setWeights(model.getWeights());
  const stage = new StageState();
  const found = tf.tidy(() => {
    const draws = { [dropout.name]: drawDropout(rate) };
    const step = createStep(
      { index: 0, progress: 0, rates: { default: 1 }, seed: createRng(seed).seed(), draws },
      stage,
    );
    const ones = tf.ones([ROWS, 5, 5, 2]);
    // tfjs passes further keys on to every layer, and types none of them.
    return (rewritten.apply(ones, { training, step } as object) as tf.Tensor).dataSync();
  });
  stage.dispose();
  model.dispose();
  rewritten.dispose();
  return [...found];
}

beforeAll(() => wasm.load());

describe("applyDropout", () => {
  it("stands between the features and the head, and renames nothing", () => {
    const model = headCopies();
    const before = topologyOf(model);
    const after = applyDropout(before);
    expect(after.layers.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ["flat_input"],
      ["flat", "flat_input"],
      ["flat/dropout", "flat"],
      ["head", "flat/dropout"],
      ["out", "head"],
    ]);
    expect(after.outputs).toEqual(before.outputs);
    expect(before.layers).toHaveLength(4);
    model.dispose();
  });

  const places = (model: tfl.LayersModel, where: string): string[] => {
    const after = applyDropout(topologyOf(model), where).layers;
    const found = after.filter(({ className }) => className === "Regimen>Dropout");
    const readers = ({ name }: { readonly name: string }) => after.filter(({ inputs }) => inputs.includes(name));
    return found.map((layer) => `${layer.inputs} > ${layer.name} > ${readers(layer).map(({ name }) => name)}`);
  };

  it("stands at the end of residual branches, and leaves the skips alone", () => {
    const image = tfl.input({ shape: [4, 4, 2], name: "image" });
    const conv = (name: string, x: tfl.SymbolicTensor) =>
      tfl.layers.conv2d({ name, filters: 2, kernelSize: 3, padding: "same" }).apply(x) as tfl.SymbolicTensor;
    const add = (name: string, x: tfl.SymbolicTensor[]) => tfl.layers.add({ name }).apply(x) as tfl.SymbolicTensor;
    const one = add("one", [image, conv("a", image)]);
    const two = add("two", [conv("c", conv("b", one)), one]);
    const flat = tfl.layers.flatten({ name: "flat" }).apply(two) as tfl.SymbolicTensor;
    const head = tfl.layers.dense({ name: "head", units: 2 }).apply(flat) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: image, outputs: head });
    const blocks = ["a > one/dropout > one", "c > two/dropout > two"];
    expect(places(model, "blocks")).toEqual(blocks);
    expect(places(model, "both")).toEqual([...blocks, "flat > flat/dropout > head"]);
    model.dispose();
  });

  it("stands behind each pooling where there is no residual block, and says so where there is neither", () => {
    const plain = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ name: "a", filters: 2, kernelSize: 3, inputShape: [12, 12, 2] }),
        tfl.layers.maxPooling2d({ name: "pool", poolSize: 2 }),
        tfl.layers.conv2d({ name: "b", filters: 2, kernelSize: 3 }),
        tfl.layers.globalAveragePooling2d({ name: "features" }),
        tfl.layers.dense({ name: "head", units: 2 }),
      ],
    });
    expect(places(plain, "blocks")).toEqual(["pool > pool/dropout > b"]);
    const model = headCopies();
    expect(() => applyDropout(topologyOf(model), "blocks")).toThrow(/REG_MODEL_UNSUPPORTED.*no blocks/);
    model.dispose();
    plain.dispose();
  });

  it("refuses a model without a head", () => {
    const topology = { features: "mean", outputs: ["mean"], layers: [] } as unknown as Topology;
    expect(() => applyDropout(topology)).toThrow(/REG_MODEL_UNSUPPORTED.*"mean"/);
  });
});

describe("what the head sees", () => {
  let before = 0;
  beforeEach(() => void (before = tf.memory().numTensors));
  afterEach(() => expect(tf.memory().numTensors).toBe(before));

  it.each([0.3, 0.7])("is 0 with probability %s, the rest divided by the probability to stay", async (rate) => {
    const seen = await outputs(rate, 1);
    const dropped = seen.filter((value) => value === 0).length / seen.length;
    expect(Math.abs(dropped - rate)).toBeLessThan(0.045); // 4 standard deviations of 2,000 draws
    for (const value of seen.filter((v) => v !== 0)) expect(value).toBeCloseTo(1 / (1 - rate), 5);
  });

  it("has a mask of its own in each example and each step", async () => {
    const [one, again, other] = [await outputs(0.5, 1), await outputs(0.5, 1), await outputs(0.5, 2)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(one.slice(0, FEATURES)).not.toEqual(one.slice(FEATURES, 2 * FEATURES));
  });

  it("is left as it is at rate 0 and in inference, to the bit", async () => {
    const ones = Array.from({ length: ROWS * FEATURES }, () => 1);
    expect(await outputs(0, 1)).toEqual(ones);
    expect(await outputs(0.7, 1, false)).toEqual(ones);
  });
});

describe("the technique", () => {
  it("is registered, and feeds the rate", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-dropout"]);
    const hooks = dropout.create({ rate: 0.4, where: "head" });
    expect(hooks.draw!(createRng(1), {} as Shape)).toEqual({ rate: Float32Array.of(0.4) });
  });
});
