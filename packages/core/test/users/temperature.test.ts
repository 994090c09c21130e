// A predictor around a predictor: what is validated, saved and told is the wrapped one. And a sampler.
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { source, type Predictor, type Samples, type Technique } from "@regimen/core";
import { ask, epochs, fit, job, regimenWith, technique, trial, uses } from "../support/jobs.ts";
import { samples } from "../support/world.ts";

/** `hot`: a temperature that is surely no optimum, so that nobody takes the model inside for the one outside. */
const temperature = (hot: number): Technique =>
  technique({
    name: "test-temperature",
    order: { slot: "calibrate" },
    create: () => ({
      async train(run, next) {
        const inner = await next({ name: "fit" });
        const table = await run.table("logits", inner.model, run.data.validation, ({ outputs }) => ({
          logits: outputs,
        }));
        if (table.columns["logits"]!.values.length !== 2 * run.data.validation.length)
          throw new Error("a table of another length");
        const model: Predictor = {
          ...inner.model,
          forward: (images, mode) => {
            const seen = inner.model.forward(images, mode);
            return { ...seen, outputs: tf.div(seen.outputs, hot) };
          },
          plain: async () => {
            const plain = await inner.model.plain();
            const weights = plain.getWeights();
            // The softmax is the last layer's own: its kernel and bias take the division.
            tf.tidy(() =>
              plain.setWeights(weights.map((weight, at) => (at < weights.length - 2 ? weight : tf.div(weight, hot)))),
            );
            return plain;
          },
        };
        return { ...inner, model, score: await run.score(model, run.data.validation) };
      },
    }),
  });

describe("temperature scaling", () => {
  it("is what is validated, told and saved", async () => {
    const before = tf.memory().numTensors;
    const regimen = await regimenWith(temperature(5));
    const plain = await fit(regimen, {});
    const running = await regimen.fit({ ...job(), policy: uses("test-temperature") });
    const evaluation = await regimen.evaluate({ model: running.model, data: job().data.validation });
    running.model.dispose();
    expect(running.validation!.error).toBe(plain.validation!.error);
    expect(evaluation.loss).toBeCloseTo(running.validation!.loss, 5);
    expect(running.validation!.loss).toBeGreaterThan(plain.validation!.loss + 0.05);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is what a trial tells the metalearner", async () => {
    const { answers } = await ask(await regimenWith(temperature(5)), [
      trial("plain"),
      trial("hot", { policy: uses("test-temperature") }),
    ]);
    expect(answers["hot"]!.score!.loss).toBeGreaterThan(answers["plain"]!.score!.loss + 0.05);
    expect(answers["hot"]!.score!.error).toBe(answers["plain"]!.score!.error);
  });
});

describe("balanced sampling", () => {
  it("draws rare classes as often as others, through whatever else selects", async () => {
    // One in ten is of the right half.
    const all = samples(1000);
    const labels = all.labels()!;
    const rows = Array.from({ length: 1000 }, (_, row) => row).filter((row) => labels[2 * row] === 1 || row % 10 === 0);
    const train = source(all).subset(rows);
    const counts = [0, 1].map((k) => rows.filter((row) => labels[2 * row + k] === 1).length);
    expect(counts[1]! / rows.length).toBeLessThan(0.15);
    const balanced = technique({
      name: "test-balanced",
      order: { slot: "sample" },
      create: () => ({
        sample: (inner, run) => {
          expect(Object.keys(run.data).sort()).toEqual(["train", "validation"]);
          const known = inner.labels()!;
          return inner.weighted(
            Float32Array.from({ length: inner.length }, (_, row) => 1 / counts[known[2 * row] === 1 ? 0 : 1]!),
          );
        },
      }),
    });
    const share = technique({
      name: "test-share",
      order: { slot: "label" },
      create: () => ({
        batch: (batch, step) => {
          step.log("right", tf.mean(tf.slice(batch.labels as Tensor2D, [0, 1], [-1, 1])) as Scalar);
          return batch;
        },
      }),
    });
    const regimen = await regimenWith(balanced, share);
    const data = { train, validation: samples(60, 2), test: samples(20, 3) satisfies Samples };
    const shares = async (...names: string[]): Promise<number[]> =>
      epochs((await fit(regimen, { data, policy: uses(...names) })).events).map(
        ({ logs }) => logs["test-share/right"]!,
      );
    for (const right of await shares("test-share")) expect(right).toBeLessThan(0.2);
    for (const right of await shares("test-share", "test-balanced")) {
      expect(right).toBeGreaterThan(0.4);
      expect(right).toBeLessThan(0.6);
    }
  });
});
