import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegimen, loadModel, type Regimen, type RegimenEvent, type Technique } from "@regimen/core";
import { list, model, noise, plugin, samples } from "./support/world.ts";

let folder: string;
let regimen: Regimen;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "regimen-core-"));
  await tf.setBackend("cpu");
  regimen = await createRegimen({ plugins: [plugin()], backend: "current" });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const data = () => ({ train: samples(200), validation: samples(80, 2), test: samples(100, 3) });
const training = { epochs: 4, batchSize: 20, learningRate: 0.02, optimizer: "adam" } as const;
const policies = [
  { steps: [{ use: "test-noise", with: { m: 0.05, rr: 0.5 } }] },
  { steps: [{ use: "test-liar", with: { rr: 0.9 } }] },
];
const job = () => ({ model: model(), data: data(), training, seed: 5 });

describe("fit", () => {
  it("trains, and gives back a plain model that answers as the evaluation says", async () => {
    const before = tf.memory().numTensors;
    const own = model();
    const result = await regimen.fit({ model: own, data: data(), training, seed: 5, policy: "none" });
    own.dispose();
    expect(result.validation!.error).toBeLessThan(0.25);
    expect(result.test!.error).toBeLessThan(0.25);
    expect(result.imagesSeen).toBeCloseTo(800 + (5 * 80) / 3);
    const again = await regimen.evaluate({ model: result.model, data: samples(100, 3) });
    expect(again.error).toBe(result.test!.error);
    result.model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is the same to the bit with the same seed, and another with another", async () => {
    const weights = async (seed: number) => {
      const { model: trained } = await regimen.fit({ ...job(), seed, policy: policies[0]! });
      return (trained.getWeights()[0]!.dataSync() as Float32Array).slice();
    };
    const first = await weights(5);
    expect(await weights(5)).toEqual(first);
    expect(await weights(6)).not.toEqual(first);
  });
});

describe("train", () => {
  it("leaves a complete run folder, tells events, and refuses what hurts", async () => {
    const out = join(folder, "run");
    const running = regimen.train({ ...job(), metalearner: list(policies), search: { budget: 1 }, out });
    const events: RegimenEvent[] = [];
    for await (const event of running) events.push(event);
    const { report, policy, test } = await running;
    for (const file of [
      "run.json",
      "journal.jsonl",
      "splits.csv",
      "policy.json",
      "predictions.csv",
      "report.json",
      "model/model.json",
      "model/weights.bin",
      "model/metadata.json",
    ])
      expect(existsSync(join(out, file)), file).toBe(true);
    expect(events.filter(({ kind }) => kind === "trial")).toHaveLength(2);
    expect(new Set(events.filter((e) => e.kind === "stage").map((e) => e.stage))).toEqual(
      new Set(["baseline", "search", "attribution", "final", "test"]),
    );
    expect(report.search.trials.map(({ status }) => status)).toEqual(["optimal", "rejected"]);
    expect(report.error).toMatchObject({ split: "test", images: 100, regimen: test!.error });
    expect(policy.train.epochs).toBeGreaterThan(4);
    expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).toEqual(JSON.parse(JSON.stringify(report)));
    // All together, search and final training cost no more than was promised: 1 + budget plain runs, and their validations.
    expect(report.search.cost.totalOverBaseline!).toBeLessThan(2.4);
    const errorOf = async (saved: string) =>
      (await regimen.evaluate({ model: await loadModel(join(out, saved)), data: samples(100, 3) })).error;
    expect(await errorOf("model")).toBe(test!.error);
    // What it is compared with can be kept instead.
    expect(await errorOf("baseline")).toBe(report.error.baseline);
  });

  it("is reproduced by fit with its policy", async () => {
    const { model: trained, policy } = await regimen.train({ ...job(), metalearner: list(policies) });
    const { model: again } = await regimen.fit({ model: model(), data: data(), policy });
    expect(again.getWeights()[0]!.dataSync()).toEqual(trained.getWeights()[0]!.dataSync());
  });

  it("goes on when a technique breaks in a trial, and says which", async () => {
    const broken: Technique<{ m: number }> = {
      ...noise,
      name: "test-broken",
      space: { m: { kind: "m", range: [0, 1], default: 0.1, off: 0 } },
      create: () => ({
        batch: () => {
          throw new TypeError("x is not a function");
        },
      }),
    };
    const own = await createRegimen({
      plugins: [plugin((registry) => registry.technique(broken))],
      backend: "current",
    });
    const tried = [{ steps: [{ use: "test-broken", with: { m: 0.5 } }] }, ...policies];
    const { report, model: trained } = await own.train({ ...job(), metalearner: list(tried) });
    trained.dispose();
    expect(report.search.trials[0]).toMatchObject({ status: "failed", why: "x is not a function", score: null });
    expect(report.search.trials[1]!.status).toBe("optimal");
  });
});
