import { wasm } from "@regimen/backend-wasm";
import {
  createRegimen,
  createRng,
  imagesSeen,
  type Change,
  type FitResult,
  type Fragment,
  type Plugin,
  type Run,
  type ScaffoldModel,
  type Technique,
} from "@regimen/core";
import { classifier } from "@regimen/scaffold-classifier";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { PRETRAIN_SPACE, RECIPES, pretrainThenTrain, type Method, type PretrainParams } from "../src/index.ts";
import { CHANNELS, SIDE, noise } from "./images.ts";

beforeAll(() => wasm.load());

const method: Method = {
  name: "alike",
  views: RECIPES.simclr,
  projector: [6, 4],
  loss: (a, b) => tf.mean(tf.squaredDifference(a, b)),
};
const [LABELLED, UNLABELLED, EPOCHS, BATCH] = [24, 12, 4, 6];
const CLASSES = ["a", "b", "c"];

type Seen = {
  readonly run: Run;
  /** What its stage draws. */ readonly drawn: readonly string[];
  readonly change: Change;
  readonly trained: ScaffoldModel;
  readonly restored: ScaffoldModel;
};

/** A training with pre-training; `look` sees what it asked for, before its model goes on. */
async function fit(
  with_: Partial<PretrainParams>,
  look: (seen: Seen) => void = () => undefined,
  refused: Fragment["refused"] = [],
): Promise<FitResult> {
  const technique: Technique<PretrainParams> = {
    name: "test",
    version: "1.0.0",
    group: "ssl",
    paper: "none",
    space: PRETRAIN_SPACE,
    order: { slot: "pretrain" },
    create: (params) => ({
      train: (run, next) => {
        let drawn: readonly string[] = [];
        const fit: Run["fit"] = (stage) => {
          const shape = { ...stage.data.format, n: 2, classes: CLASSES.length };
          drawn = Object.keys(stage.draw!(createRng(1), shape));
          return run.fit(stage);
        };
        return pretrainThenTrain(
          { ...run, fit },
          async (change) => {
            const done = await next(change);
            const built = await run.blueprint.build(run.rng.fork("another"));
            const restored = await run.scaffold(built);
            built.dispose();
            await run.restore(change.from!, restored.weights);
            look({ run, drawn, change, restored, trained: done.model as ScaffoldModel });
            restored.dispose();
            return done;
          },
          params,
          method,
        );
      },
    }),
  };
  const plugin: Plugin = {
    name: "test",
    version: "1.0.0",
    register: (into) => {
      into.scaffold(classifier);
      into.technique(technique);
    },
  };
  const regimen = await createRegimen({ plugins: [plugin], backend: "current" });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [SIDE, SIDE, CHANNELS], name: "conv", filters: 5, kernelSize: 3, strides: 2 }),
      tfl.layers.batchNormalization({ name: "norm" }),
      tfl.layers.globalAveragePooling2d({ name: "pool" }),
      tfl.layers.dense({ name: "head", units: 3, activation: "softmax" }),
    ],
  });
  try {
    const result = await regimen.fit({
      model: { model, weights: "fresh" },
      data: {
        train: noise(LABELLED, CLASSES),
        validation: noise(9, CLASSES),
        unlabeled: noise(UNLABELLED, CLASSES, false),
      },
      training: { epochs: EPOCHS, batchSize: BATCH, learningRate: 0.1, optimizer: "sgd", schedule: "constant" },
      policy: { steps: [{ use: "test", with: with_ }], refused },
      seed: 3,
    });
    result.model.dispose();
    return result;
  } finally {
    model.dispose();
  }
}

describe("pretrainThenTrain", () => {
  it("shares the plan's images: each view counts, and both together never exceed it", async () => {
    const plan = LABELLED * EPOCHS;
    let change: Change | undefined;
    const { cost } = await fit({ share: 0.5 }, (seen) => void (change = seen.change));
    // All 36 images would not fit into half of 96 twice: a step has 24, and takes 48.
    expect(change!.plan!.images).toBe(plan - 48);
    expect(cost.trained).toBe(plan);
    // Steps of 2 · 32 do not go into 0.8 · 96 evenly: what is left over is trained on.
    let rest = 0;
    const more = await fit({ share: 0.8, batch: 32 }, (seen) => void (rest = seen.change.plan!.images!));
    expect(rest).toBe(plan - 64);
    expect(more.cost.trained).toBeLessThanOrEqual(plan + BATCH / 2);
    expect(imagesSeen(cost)).toBeGreaterThan(plan);
  });

  it("hands the backbone on, not the head, and gives each its rate", async () => {
    let compared = 0;
    await fit({ backbone: 0.03 }, ({ change, trained, restored }) => {
      expect(change.plan!.rates).toEqual({ default: 0.1, backbone: 0.03 * 0.1 });
      const far = (name: string): number => {
        const [a, b] = [trained, restored].map(
          ({ weights }) => weights.find((weight) => weight.name === name)!.variable,
        );
        return tf.tidy(() => tf.max(tf.abs(tf.sub(a!, b!))).dataSync()[0]!);
      };
      // 8 steps at 0.003 do not go far; another random kernel would be.
      expect(far("conv/kernel")).toBeLessThan(0.05);
      expect(far("head/kernel")).toBeGreaterThan(0.2);
      compared++;
    });
    expect(compared).toBe(1);
  });

  it("leaves out of the views what the policy refuses", async () => {
    const drawn = async (...uses: string[]): Promise<readonly string[]> => {
      let found: readonly string[] = [];
      const refused = uses.map((use) => ({ use, because: "left and right matter", evidence: null }));
      await fit({}, (seen) => void (found = seen.drawn), refused);
      return found;
    };
    const all = await drawn();
    expect(all).toContain("first/mirror");
    const some = await drawn("@regimen/technique-augment/mirror", "@regimen/technique-augment/hue");
    const gone = all.filter((key) => !some.includes(key)).map((key) => key.split("/")[1]);
    expect([...new Set(gone)].sort()).toEqual(["grayscale", "hue", "mirror"]);
  });
});
