import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@regimen/backend-wasm";
import {
  createRegimen,
  type Change,
  type Params,
  type Plugin,
  type Predictor,
  type Run,
  type RegimenEvent,
  type Technique,
  type Trained,
} from "@regimen/core";
import classifier from "@regimen/scaffold-classifier";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { madeUpColours, madeUpNetwork } from "@regimen/testkit";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { averageLogits, averageOf, ensembling } from "../src/index.ts";

beforeAll(() => wasm.load());

const LOGITS = [
  [
    [1, 2, 3],
    [40, -40, 0],
  ],
  [
    [-1, 0, 4],
    [-40, 40, 0],
  ],
  [
    [0, 0, 0],
    [500, 0, -500],
  ],
];
/** Mean of the softmaxes, in float64. */
const byHand = (members: readonly number[][][]): number[] => {
  const each = members.map((rows) =>
    rows.flatMap((row) => {
      const powers = row.map((value) => Math.exp(value - Math.max(...row)));
      return powers.map((power) => power / powers.reduce((a, b) => a + b));
    }),
  );
  return each[0]!.map((_, i) => each.reduce((sum, values) => sum + values[i]!, 0) / each.length);
};

function fixed(logits: number[][]): Predictor & { disposed: number } {
  return {
    disposed: 0,
    forward: () => ({ features: tf.ones([logits.length, 2]), outputs: tf.tensor2d(logits), maps: [] }),
    plain: () => Promise.reject(new Error("not here")),
    dispose() {
      this.disposed++;
    },
  };
}

describe("the average", () => {
  it("is that of the probabilities, whose logarithm it gives, finite where members are certain", () => {
    tf.tidy(() => {
      const average = averageLogits(LOGITS.map((logits) => tf.tensor2d(logits)));
      const want = byHand(LOGITS);
      const got = [...tf.softmax(average).dataSync()];
      got.forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 6));
      average.dataSync().forEach((value, i) => expect(value).toBeCloseTo(Math.max(-1000, Math.log(want[i]!)), 3));
    });
  });

  it("answers for all its members, with their features side by side, and disposes of them", () => {
    const members = LOGITS.map((logits) => fixed(logits));
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { features, outputs } = averageOf(members).forward(tf.zeros([2, 1, 1, 1]) as Tensor4D);
      expect(features.shape).toEqual([2, 6]);
      const want = byHand(LOGITS);
      tf.softmax(outputs as Tensor2D)
        .dataSync()
        .forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 6));
    });
    expect(tf.memory().numTensors).toBe(before);
    averageOf(members).dispose();
    expect(members.map(({ disposed }) => disposed)).toEqual([1, 1, 1]);
  });
});

/** Runs the train hook with trainings that only note what was asked of them. */
async function rehearse(params: Params, fails?: string) {
  const changes: Change[] = [];
  const models = LOGITS.map((logits) => fixed(logits));
  const plan = { images: 1000, batch: 64 } as Run["plan"];
  const run = { plan, data: {}, score: async () => ({ error: 0, loss: 0.1, ece: 0 }) } as unknown as Run;
  const running = ensembling.create(params as never).train!(run, async (change): Promise<Trained> => {
    changes.push(change);
    if (change.name === fails) throw new Error("it failed");
    return {
      model: models[changes.length - 1]!,
      snapshot: { id: change.name },
      score: { error: 1, loss: 1, ece: 1 },
      cost: { trained: change.plan!.images!, inferred: 1, seconds: 1 },
    };
  });
  return { changes, models, running };
}

describe("what is trained", () => {
  it("by seeds: members of one plan, each from random numbers of its own, the first from the plain training's", async () => {
    const { changes, running } = await rehearse({ members: 3, by: "seeds" });
    const { cost, score } = await running;
    expect(changes).toEqual([
      { name: "member-1", plan: { images: 320 } },
      { name: "member-2", plan: { images: 320 }, stream: 2 },
      { name: "member-3", plan: { images: 360 }, stream: 3 },
    ]);
    expect(cost).toEqual({ trained: 1000, inferred: 3, seconds: 3 });
    expect(score.loss).toBe(0.1);
  });

  it("by snapshots: cycles along a cosine, each from where the last one ended", async () => {
    const { changes, running } = await rehearse({ members: 2, by: "snapshots" });
    await running;
    const schedule = { use: "cosine", with: {} };
    expect(changes).toEqual([
      { name: "member-1", plan: { images: 512, schedule } },
      { name: "member-2", plan: { images: 488, schedule }, stream: 2, from: { id: "member-1" } },
    ]);
  });

  it("leaves no member behind where one fails", async () => {
    const { models, running } = await rehearse({ members: 3, by: "seeds" }, "member-3");
    await expect(running).rejects.toThrow("it failed");
    expect(models.map(({ disposed }) => disposed)).toEqual([1, 1, 0]);
  });
});

/** Notes the first weight that each training starts from, in order. */
const spy = (stages: Float32Array[]): Technique => ({
  name: "spy",
  version: "1.0.0",
  group: "test",
  paper: "none",
  space: {},
  order: { slot: "average" },
  create: () => ({
    sample: (inner) => (stages.push(new Float32Array()), inner),
    optimizer: (inner) => (evaluate, weights, step) => {
      if (!stages.at(-1)!.length) stages[stages.length - 1] = weights[0]!.variable.dataSync().slice() as Float32Array;
      return inner(evaluate, weights, step);
    },
  }),
});

describe("an ensemble in a training", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-ensembling-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function fit(params: Params | undefined, out?: string) {
    const stages: Float32Array[] = [];
    const events: RegimenEvent[] = [];
    const watching: Plugin = { name: "spy", version: "1", register: (into) => into.technique(spy(stages)) };
    const regimen = await createRegimen({ plugins: [classifier, plugin, watching], backend: "current" });
    const model = madeUpNetwork(2);
    const data = {
      train: madeUpColours("train", 60),
      validation: madeUpColours("validation", 30),
      test: madeUpColours("test", 30),
    };
    try {
      const running = regimen.fit({
        model: { model, weights: "fresh" },
        data,
        training: { epochs: 6, batchSize: 10, learningRate: 0.1, optimizer: "sgd" },
        policy: {
          steps: [
            { use: "spy", with: {} },
            ...(params ? [{ use: "@regimen/technique-ensembling", with: params }] : []),
          ],
        },
        seed: 3,
        ...(out && { out }),
      });
      for await (const event of running) events.push(event);
      return { result: await running, stages, events };
    } finally {
      model.dispose();
      await regimen.dispose();
    }
  }

  it("of three is saved as one model, which tfjs alone loads, and which answers as the test said", async () => {
    const before = tf.memory().numTensors;
    const out = join(folder, "run");
    const { result, stages } = await fit({ members: 3 }, out);
    expect(stages).toHaveLength(3);
    expect(new Set(stages.map(String)).size).toBe(3);
    expect(result.cost.trained).toBe(360);
    const json = JSON.parse(readFileSync(join(out, "model", "model.json"), "utf8")) as tf.io.ModelJSON;
    expect(JSON.stringify(json.modelTopology)).not.toContain("Regimen");
    expect(readdirSync(join(out, "model")).sort()).toEqual(["metadata.json", "model.json", "weights.bin"]);
    const metadata = JSON.parse(readFileSync(join(out, "model", "metadata.json"), "utf8")) as { output: string };
    expect(metadata.output).toBe("probabilities");
    // As a browser would: JSON and bytes, no reader of Regimen's.
    const loaded = await tfl.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
        weightData: new Uint8Array(readFileSync(join(out, "model", "weights.bin"))).buffer,
      }),
    );
    expect(loaded.inputs.map(({ shape }) => shape)).toEqual([[null, 8, 8, 3]]);
    const test = madeUpColours("test", 30);
    const { images } = await test.read(Array.from({ length: 30 }, (_, row) => row));
    const said = tf.tidy(() => (loaded.predict(tf.tensor4d(images, [30, 8, 8, 3])) as Tensor2D).dataSync());
    result.test!.predictions.forEach(({ probabilities }, row) =>
      probabilities.forEach((p, k) => expect(said[3 * row + k]!).toBeCloseTo(p, 6)),
    );
    loaded.dispose();
    result.model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("of snapshots starts each cycle where the last one ended, and has members that differ", async () => {
    const { result, stages } = await fit({ members: 2, by: "snapshots" });
    const kernel = (member: number): Float32Array =>
      result.model.weights
        .find(({ originalName }) => originalName === `member${member}/conv/kernel`)!
        .read()
        .dataSync() as Float32Array;
    expect([...stages[1]!]).toEqual([...kernel(1)]);
    expect([...kernel(2)]).not.toEqual([...kernel(1)]);
    result.model.dispose();
  });
});
