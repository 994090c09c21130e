import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { givesProbabilities, join, joinModels, topologyOf } from "../src/index.ts";
import { functionalModel, nestedModel, sequentialModel } from "./models.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

const images = (): tf.Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: 3 * 128 }, (_, i) => Math.sin(i)),
    [3, 8, 8, 2],
  );
const answer = (model: tfl.LayersModel): number[] => [...(model.predict(images()) as tf.Tensor).dataSync()];

/** What the average should be, in float64. */
function byHand(members: readonly tfl.LayersModel[]): number[] {
  const each = members.map((member) => {
    const values = answer(member);
    if (givesProbabilities(topologyOf(member))) return values;
    const powers = values.map(Math.exp);
    return powers.map((power, i) => {
      const row = 3 * Math.floor(i / 3);
      return power / (powers[row]! + powers[row + 1]! + powers[row + 2]!);
    });
  });
  return each[0]!.map((_, i) => each.reduce((sum, values) => sum + values[i]!, 0) / each.length);
}
const near = (got: readonly number[], want: readonly number[]): void =>
  got.forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 6));

describe("joinModels", () => {
  test("answers with the average of the members' probabilities, whatever their make", async () => {
    const members = [sequentialModel(), functionalModel(), nestedModel(), sequentialModel()];
    const before = answer(members[1]!);
    const joined = await joinModels(members);
    near(answer(joined), byHand(members));
    expect(joined.inputs).toHaveLength(1);
    expect(joined.layers.filter((layer) => layer.getClassName() === "InputLayer")).toHaveLength(1);
    // The copies are copies: neither sees the other change.
    const weight = joined.weights.find(({ originalName }) => originalName === "member2/out/kernel")!;
    weight.write(tf.zerosLike(weight.read()));
    expect(answer(members[1]!)).toEqual(before);
  });

  test("is saved and loaded by tfjs alone", async () => {
    const joined = await joinModels([functionalModel(), functionalModel()]);
    const expected = answer(joined);
    let saved: tf.io.ModelArtifacts | undefined;
    await joined.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
      }),
    );
    const classes = new Set(
      [...JSON.stringify(saved!.modelTopology).matchAll(/"class_name":"([^"]+)"/g)].map(([, name]) => name),
    );
    expect([...classes].filter((name) => name!.includes(">"))).toEqual([]);
    joined.dispose();
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
    expect(answer(loaded)).toEqual(expected);
  });

  test("leaves no tensor behind but the model's", async () => {
    const members = [sequentialModel(), nestedModel()];
    const before = tf.memory().numTensors;
    (await joinModels(members)).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses one model, and models of unlike inputs", async () => {
    const flat = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [8], units: 3 })] });
    await expect(joinModels([flat])).rejects.toThrow(/REG_MODEL_UNSUPPORTED: 1 models/);
    expect(() => join([topologyOf(flat), topologyOf(sequentialModel())])).toThrow(
      /REG_MODEL_UNSUPPORTED.*\[null,8\] and/,
    );
  });
});

describe("givesProbabilities", () => {
  const ending = (...layers: tfl.layers.Layer[]): boolean =>
    givesProbabilities(
      topologyOf(tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [4], units: 3 }), ...layers] })),
    );
  test("tells probabilities from logits by the last layers", async () => {
    expect(ending()).toBe(false);
    expect(ending(tfl.layers.activation({ activation: "softmax" }))).toBe(true);
    expect(ending(tfl.layers.softmax())).toBe(true);
    expect(
      ending(tfl.layers.dense({ units: 2, activation: "sigmoid" }), tfl.layers.reshape({ targetShape: [2] })),
    ).toBe(true);
    expect(ending(tfl.layers.softmax(), tfl.layers.dense({ units: 2 }))).toBe(false);
    expect(ending(tfl.layers.softmax(), tfl.layers.activation({ activation: "relu" }))).toBe(false);
    expect(givesProbabilities(topologyOf(await joinModels([functionalModel(), functionalModel()])))).toBe(true);
  });
});
