// A model of another size in a training: wider than the user's, and never started from the user's checkpoint.
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { createRegimen, type Regimen, type Technique } from "@regimen/core";
import { PLAIN, ask, fit, look, regimenWith, spy, technique, trial, uses, type Seen } from "../support/jobs.ts";
import { model, plugin } from "../support/world.ts";

const rates: number[] = [];
/** A teacher of twice the width, then the model itself. */
const larger: Technique = technique({
  name: "test-larger",
  order: { slot: "teach" },
  create: () => ({
    async train(run, next) {
      const images = run.plan.images / 2;
      const teacher = await next({ name: "teacher", model: run.blueprint.grow({ width: 2 }), plan: { images } });
      teacher.model.dispose();
      return next({ name: "student", plan: { images } });
    },
    optimizer: (inner) => (evaluate, weights, step) => {
      rates.push(step.rate().dataSync()[0]!);
      return inner(evaluate, weights, step);
    },
  }),
});
async function growing(seen: Seen[]): Promise<Regimen> {
  await tf.setBackend("cpu");
  const own = plugin((registry) => {
    for (const one of [larger, spy(seen)]) registry.technique(one);
    registry.architecture({
      name: "growing",
      about: "one hidden layer, as wide as asked",
      widens: true,
      build: ({ seeds, with: { width = 1 } }) => model(4 * Number(width), seeds),
    });
  });
  return createRegimen({ plugins: [own], backend: "current" });
}
const policy = uses("test-larger", "test-spy");
const size = (weights: Record<string, number[]> | undefined): number => Object.values(weights!).flat().length;

describe("a model that grows", () => {
  it("has more filters, as often as it is asked, and stays as it was itself", async () => {
    const seen: Seen[] = [];
    const regimen = await growing(seen);
    await fit(regimen, { model: { architecture: "growing" }, policy });
    await fit(regimen, { model: { architecture: "growing", with: { width: 2 } }, policy });
    const [teacher, student, wider, wide] = seen.map(({ first }) => size(first));
    expect(teacher).toBe(wide);
    expect([student! < teacher!, wide! < wider!]).toEqual([true, true]);
  });

  it("is at its own beginning in a fork, where the model itself goes on from the trunk", async () => {
    const seen: Seen[] = [];
    rates.length = 0;
    const { answers } = await ask(
      await growing(seen),
      [
        trial("trunk", { until: PLAIN / 2, keep: "trunk" }),
        look("trunk weights", "trunk"),
        trial("fork", { policy, from: "trunk" }),
      ],
      {
        model: { architecture: "growing" },
        training: { epochs: 2, batchSize: 20, learningRate: 0.05, optimizer: "sgd", schedule: "cosine" },
      },
    );
    expect(answers["fork"]!.status).toBe("ok");
    const [teacher, student] = seen;
    expect(student!.first).toEqual(answers["trunk weights"]!.value);
    expect(size(teacher!.first)).toBeGreaterThan(size(student!.first));
    // Of a cosine from its beginning: the full rate at the first step.
    expect(rates[0]).toBeCloseTo(0.05, 6);
  });

  it("is one that says so: others stay as they are", async () => {
    const seen: Seen[] = [];
    await fit(await regimenWith(larger, spy(seen)), { policy });
    expect(size(seen[0]!.first)).toBe(size(seen[1]!.first));
  });
});
