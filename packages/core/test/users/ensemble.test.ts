// n trainings and one predictor, which becomes one plain model.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addCost, loadModel, zeroCost, type Predictor, type Technique, type Trained } from "@regimen/core";
import { PLAIN, fit, job, regimenWith, spy, technique, uses, weightsOf, type Seen } from "../support/jobs.ts";
import { samples } from "../support/world.ts";

/** One model of several: every layer renamed, else loading fails on a weight name that is there twice. */
async function averageOf(members: readonly LayersModel[]): Promise<LayersModel> {
  const input = tfl.input({ shape: members[0]!.inputs[0]!.shape.slice(1) as number[], name: "image" });
  const outputs: SymbolicTensor[] = [];
  for (const [at, member] of members.entries()) {
    let x = input;
    for (const layer of member.layers) {
      const { constructor: Of } = layer as unknown as {
        constructor: { fromConfig(of: unknown, config: object): tfl.layers.Layer };
      };
      const renamed = Of.fromConfig(Of, { ...layer.getConfig(), name: `m${at}/${layer.name}` });
      x = renamed.apply(x) as SymbolicTensor;
      renamed.setWeights(layer.getWeights());
    }
    outputs.push(x);
    member.dispose();
  }
  const mean = tfl.layers.average({ name: "mean" }).apply(outputs) as SymbolicTensor;
  return tfl.model({ inputs: input, outputs: mean });
}

/** `alike`: all members from one stream of random numbers. */
const ensemble = (plans: readonly number[] | undefined, alike = false, score = true): Technique =>
  technique<{ n: number }>({
    name: "test-ensemble",
    order: { slot: "ensemble" },
    space: { n: { kind: "value", range: [1, 5], scale: "integer", default: 3, off: 1 } },
    create: ({ n }) => ({
      async train(run, next) {
        const members: Trained[] = [];
        for (let k = 0; k < n; k++) {
          const images = plans?.[k] ?? run.plan.images / n;
          members.push(await next({ name: `member-${k}`, plan: { images }, ...(!alike && { stream: k }) }));
        }
        const model: Predictor = {
          forward: (images, mode) => {
            const seen = members.map((member) => member.model.forward(images, mode));
            const each = tf.stack(seen.map(({ outputs }) => tf.softmax(outputs as Tensor2D)));
            return { ...seen[0]!, outputs: tf.log(tf.maximum(tf.mean(each, 0), 1e-9)) };
          },
          plain: async () => averageOf(await Promise.all(members.map((member) => member.model.plain()))),
          dispose: () => members.forEach((member) => member.model.dispose()),
        };
        const cost = members.map((member) => member.cost).reduce(addCost, zeroCost);
        return { model, cost, score: score ? await run.score(model, run.data.validation) : members[0]!.score };
      },
    }),
  });

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-ensemble-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const policy = uses("test-ensemble", "test-spy");

describe("an ensemble", () => {
  it("is trained within one plan, answers as one, and is saved as one model", async () => {
    const seen: Seen[] = [];
    const out = join(folder, "run");
    const before = tf.memory().numTensors;
    const data = { ...job().data, test: samples(70, 3) };
    const regimen = await regimenWith(ensemble(undefined), spy(seen));
    const result = await fit(regimen, { policy, out, data, training: { ...job().training, epochs: 3 } });
    expect(seen.map(({ images, steps }) => [images, steps])).toEqual([
      [200, 10],
      [200, 10],
      [200, 10],
    ]);
    expect(result.cost.trained).toBe(600);
    const loaded = await loadModel(join(out, "model"));
    expect(loaded.layers.map(({ name }) => name).filter((name) => name.includes("head"))).toEqual([
      "m0/head",
      "m1/head",
      "m2/head",
    ]);
    expect(weightsOf(loaded)).toEqual(result.weights);
    const evaluation = await regimen.evaluate({ model: loaded, data: data.test });
    expect(evaluation.error).toBe(result.test!.error);
    // What was validated is the average itself, not one of its members.
    const validated = await regimen.evaluate({ model: loaded, data: data.validation });
    expect(validated.loss).toBeCloseTo(result.validation!.loss, 5);
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has members that differ, from the first weight on, where they ask for streams of their own", async () => {
    const own: Seen[] = [];
    await fit(await regimenWith(ensemble(undefined), spy(own)), { policy });
    expect(new Set(own.map(({ first }) => JSON.stringify(first))).size).toBe(3);
    const alike: Seen[] = [];
    await fit(await regimenWith(ensemble(undefined, true), spy(alike)), { policy });
    expect(alike[1]).toEqual(alike[0]);
    expect(alike[2]).toEqual(alike[0]);
  });

  it("does not train a finished member again", async () => {
    const seen: Seen[] = [];
    const out = join(folder, "run");
    const stop = new AbortController();
    const abortAfter = spy(seen, "test-stop");
    const stopping = technique({
      name: "test-stop",
      order: { slot: "average" },
      create: () => {
        const hooks = abortAfter.create({});
        return {
          ...hooks,
          sample: (inner, run) => {
            if (seen.length === 2) stop.abort();
            return hooks.sample!(inner, run);
          },
        };
      },
    });
    const both = uses("test-ensemble", "test-stop");
    const whole = await fit(await regimenWith(ensemble(undefined), spy([], "test-stop")), { policy: both });
    await expect(
      fit(await regimenWith(ensemble(undefined), stopping), { policy: both, out, signal: stop.signal }),
    ).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    const again: Seen[] = [];
    const result = await fit(await regimenWith(ensemble(undefined), spy(again, "test-stop")), {
      policy: both,
      out,
      resume: true,
    });
    expect(again).toHaveLength(1);
    expect(result.weights).toEqual(whole.weights);
    expect({ ...result.cost, seconds: 0 }).toEqual({ ...whole.cost, seconds: 0 });
  });

  it("may not train more than its plan", async () => {
    const seen: Seen[] = [];
    const greedy = await regimenWith(ensemble([PLAIN, PLAIN, PLAIN]), spy(seen));
    await expect(fit(greedy, { policy })).rejects.toThrow(/REG_PLAN_EXCEEDED.*member-1.*800 images.*400/);
    expect(seen.map(({ steps }) => steps)).toEqual([20]);
  });
});
