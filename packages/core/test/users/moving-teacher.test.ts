// A teacher of its own model within the steps: a twin of what is trained, and labels before the policy's own hooks.
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { createRegimen, type Plugin, type Topology } from "@regimen/core";
import { fit, job, regimenWith, spy, technique, uses, valuesOf, type Seen } from "../support/jobs.ts";
import { model, scaffold } from "../support/world.ts";

const halved = technique({
  name: "test-halved",
  order: { slot: "texture" },
  create: () => ({ batch: (batch) => ({ ...batch, images: tf.div(batch.images, 2) }) }),
});

describe("a change's batch hook", () => {
  it.each([
    ["sample", 1],
    [undefined, 0.5],
  ] as const)("in the slot %s sees %s of what was read", async (slot, share) => {
    const brightest: number[] = [];
    const looks = technique({
      name: "test-looks",
      order: { slot: "pseudo" },
      create: () => ({
        train: (_, next) =>
          next({
            name: "looking",
            ...(slot && { slot }),
            hooks: {
              batch: (batch) => {
                brightest.push(tf.max(batch.images).dataSync()[0]!);
                return batch;
              },
            },
          }),
      }),
    });
    await fit(await regimenWith(halved, looks), { policy: uses("test-halved", "test-looks") });
    // Somewhere a pixel is white.
    expect(Math.max(...brightest)).toBe(255 * share);
  });
});

describe("a twin", () => {
  it("has the first weights and the rewrites of the model that is trained, and variables of its own", async () => {
    const wrapped: number[] = [];
    const twins: Record<string, number[]>[] = [];
    const seen: Seen[] = [];
    const twinned = technique({
      name: "test-twinned",
      order: { slot: "pseudo" },
      create: () => ({
        async train(run, next) {
          const twin = await run.twin();
          twins.push(valuesOf(twin.weights));
          const trained = await next({ name: "trained" });
          twins.push(valuesOf(twin.weights));
          twin.dispose();
          return trained;
        },
      }),
    });
    const rewriting = technique({
      name: "test-rewriting",
      order: { slot: "topology" },
      create: () => ({ rewrite: (topology: Topology) => topology }),
    });
    const spied: Plugin = {
      name: "test-spied",
      version: "1.0.0",
      register: (registry) => {
        for (const one of [twinned, rewriting, spy(seen)]) registry.technique(one);
        registry.scaffold({
          ...scaffold,
          wrap: (user, how) => {
            wrapped.push(how.hooks.length);
            return scaffold.wrap(user, how);
          },
        });
      },
    };
    const regimen = await createRegimen({ plugins: [spied], backend: "current" });
    const user = model();
    const before = tf.memory().numTensors;
    await fit(regimen, {
      ...job(),
      model: { model: user, weights: "keep" },
      policy: uses("test-twinned", "test-rewriting", "test-spy"),
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(twins[0]).toEqual(seen[0]!.first);
    expect(twins[1]).toEqual(twins[0]);
    expect(seen[0]!.last).not.toEqual(twins[0]);
    user.dispose();
    // To learn what the model is, without rewrites; the twin; the model that is trained.
    expect(wrapped).toEqual([0, 1, 1]);
  });
});
