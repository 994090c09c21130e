// What only the device can tell: probes of a metalearner, by inference alone or by short trainings.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor4D } from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  imagesSeen,
  zeroCost,
  type Cost,
  type Fragment,
  type Json,
  type Measure,
  type Predictor,
  type Request,
  type Source,
  type Table,
} from "@regimen/core";
import { PLAIN, ask, look, regimenWith, trial, valuesOf } from "../support/jobs.ts";

const crossEntropy = (table: Table, on: Source): number => {
  const labels = on.labels()!;
  const logits = table.columns["logits"]!.values;
  let sum = 0;
  for (let row = 0; row < on.length; row++) {
    const [a, b] = [logits[2 * row]!, logits[2 * row + 1]!];
    sum -= (labels[2 * row] === 1 ? a : b) - Math.log(Math.exp(a) + Math.exp(b));
  }
  return sum / on.length;
};

type Probe = { readonly rises: Record<string, number>; readonly moved: boolean };
/** How much the loss rises when each candidate's `batch` hook acts on what the model sees. */
const probe: Measure = async (run, args) => {
  const before = JSON.stringify(valuesOf(run.model.weights));
  const on = run.data.validation;
  const logits = ({ outputs }: ReturnType<Predictor["forward"]>) => ({ logits: outputs });
  const plain = crossEntropy(await run.table("plain", run.model, on, logits), on);
  const rises: Record<string, number> = {};
  for (const step of (args as unknown as { candidates: Fragment["steps"] }).candidates) {
    const name = `${step.use} ${JSON.stringify(step.with)}`;
    const [seen, again] = await run.through([{ steps: [step] }, { steps: [step] }], on, logits);
    rises[name] = crossEntropy(seen!, on) - plain;
    expect(again).toEqual(seen);
  }
  return { rises, moved: JSON.stringify(valuesOf(run.model.weights)) !== before } satisfies Probe as unknown as Json;
};
/** A short training of the given model, by the measure's own hand. */
const rangeTest: Measure = async (run, args) => {
  const { images } = args as { images: number };
  const sgd = run.optimizer("sgd");
  const { curves, cost } = await run.fit({
    name: "range",
    data: run.data.train,
    plan: { images, rates: { default: 0.1 }, schedule: { use: "constant", with: {} } },
    weights: run.model.weights,
    step: (batch, step) => ({
      loss: step.minimize(
        () => tf.mean(run.model.loss(run.model.forward(batch.images, { training: true, step }), batch, step)) as Scalar,
        run.model.weights,
        sgd,
      ),
    }),
  });
  return { curves: curves as unknown as Json, trained: cost.trained };
};
const measure = (id: string, use: string, more: { with: Json; from?: string; atMost?: Cost }): Request => ({
  kind: "measure",
  id,
  use,
  policy: { steps: [] },
  atMost: { ...zeroCost, trained: PLAIN },
  ...more,
});
const candidates = [0.01, 0.2, 0.8].map((m) => ({ use: "test-noise", with: { m, rr: 1 } }));
const measures = { probe, rangeTest };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-measure-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a probe by inference", () => {
  it("tells candidates apart, is paid at a third, and moves no weight", async () => {
    const before = tf.memory().numTensors;
    const { answers } = await ask(
      await regimenWith(),
      [
        trial("warm", { keep: "warm" }),
        measure("probe", "probe", { with: { candidates }, from: "warm" }),
        look("weights", "warm"),
        trial("on", { from: "warm", until: 2 * PLAIN, horizon: 2 * PLAIN, keep: "on" }),
        look("on weights", "on"),
      ],
      { measures },
    );
    const { rises, moved } = answers["probe"]!.value as unknown as Probe;
    const [mild, some, much] = Object.values(rises);
    expect(Math.abs(mild!)).toBeLessThan(0.05);
    expect(some!).toBeGreaterThan(mild!);
    expect(much!).toBeGreaterThan(some!);
    expect(moved).toBe(false);
    // 60 validation images, plain and by each of three candidates twice.
    expect(answers["probe"]!.cost).toMatchObject({ trained: 0, inferred: 420 });
    expect(imagesSeen(answers["probe"]!.cost)).toBe(140);
    // What follows is what would have been without it.
    const { answers: bare } = await ask(await regimenWith(), [
      trial("warm", { keep: "warm" }),
      trial("on", { from: "warm", until: 2 * PLAIN, horizon: 2 * PLAIN, keep: "on" }),
      look("on weights", "on"),
    ]);
    expect(answers["on weights"]!.value).toEqual(bare["on weights"]!.value);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is not done again when the run is resumed, and says the same", async () => {
    const requests = [
      trial("warm", { keep: "warm" }),
      measure("probe", "probe", { with: { candidates }, from: "warm" }),
      trial("last"),
    ];
    const whole = await ask(await regimenWith(), requests, { measures });
    const [stop, out] = [new AbortController(), join(folder, "run")];
    let probes = 0;
    const counting: Measure = async (run, args) => {
      probes++;
      return probe(run, args).finally(() => stop.abort());
    };
    const first = ask(await regimenWith(), requests, { measures: { probe: counting }, out, signal: stop.signal });
    await expect(first).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    const second = await ask(await regimenWith(), requests, { measures: { probe: counting }, out, resume: true });
    expect(probes).toBe(1);
    expect(second.answers["probe"]!.value).toEqual(whole.answers["probe"]!.value);
    expect(second.answers["last"]!.score).toEqual(whole.answers["last"]!.score);
    expect(second.result.policy).toEqual(whole.result.policy);
  });
});

describe("a measure that trains", () => {
  it("moves its own copy alone, and is counted", async () => {
    const { answers } = await ask(
      await regimenWith(),
      [
        trial("warm", { keep: "warm" }),
        look("before", "warm"),
        measure("range", "rangeTest", { with: { images: 200 }, from: "warm" }),
        look("after", "warm"),
      ],
      { measures },
    );
    expect(answers["range"]!.cost).toMatchObject({ trained: 200, inferred: 0 });
    expect(answers["range"]!.value).toMatchObject({ trained: 200, curves: { loss: [expect.any(Number)] } });
    expect(answers["after"]!.value).toEqual(answers["before"]!.value);
  });

  it("may not train more than it was allowed: it fails, and the search goes on", async () => {
    const { answers } = await ask(
      await regimenWith(),
      [measure("range", "rangeTest", { with: { images: 300 }, atMost: { ...zeroCost, trained: 200 } }), trial("next")],
      { measures },
    );
    expect(answers["range"]).toMatchObject({ status: "failed", why: expect.stringMatching(/REG_PLAN_EXCEEDED.*300/) });
    expect(answers["next"]!.status).toBe("ok");
  });
});

/** The norm of the loss' gradient over a few batches: a program that is repeated. */
const noise: Measure = async (run, args) => {
  const { batches } = args as { batches: number };
  const { train } = run.data;
  const size = 20;
  const kernels = run.model.weights.filter(({ role }) => role === "kernel");
  const repeated = run.repeat(
    ({ images, labels }) => {
      const loss = () =>
        tf.mean(
          tf.losses.softmaxCrossEntropy(labels!, run.model.forward(images as Tensor4D, { training: false }).outputs),
        ) as Scalar;
      const { grads } = tf.variableGrads(
        loss,
        kernels.map(({ variable }) => variable),
      );
      return { norm: tf.addN(Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)))) };
    },
    { trained: size },
  );
  const norms: number[] = [];
  for (let at = 0; at < batches; at++) {
    const { images, labels } = await train.read(Array.from({ length: size }, (_, i) => at * size + i));
    const { h, w, c } = train.format;
    const inputs = {
      images: tf.tensor4d(new Float32Array(images), [size, h, w, c]),
      labels: tf.tensor2d(labels, [size, 2]),
    };
    try {
      const { norm } = repeated.run(inputs);
      norms.push((await norm!.data())[0]!);
      norm!.dispose();
    } finally {
      tf.dispose(inputs);
    }
  }
  repeated.dispose();
  return norms;
};

describe("a measure that repeats a program", () => {
  it("is counted by its runs, within what it was allowed", async () => {
    const before = tf.memory().numTensors;
    const { answers } = await ask(
      await regimenWith(),
      [
        measure("noise", "noise", { with: { batches: 5 } }),
        measure("more", "noise", { with: { batches: 8 }, atMost: { ...zeroCost, trained: 100 } }),
      ],
      { measures: { noise } },
    );
    expect(answers["noise"]!.cost).toMatchObject({ trained: 100, inferred: 0 });
    const norms = answers["noise"]!.value as number[];
    expect(norms).toHaveLength(5);
    expect(norms.every((norm) => norm > 0)).toBe(true);
    expect(answers["more"]).toMatchObject({ status: "failed", why: expect.stringMatching(/REG_PLAN_EXCEEDED/) });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("a measure that cannot be", () => {
  it("is one that the metalearner does not have, or from what nobody kept", async () => {
    const regimen = await regimenWith();
    await expect(ask(regimen, [measure("x", "unknown", { with: null })])).rejects.toThrow(/REG_METALEARNER.*"unknown"/);
    await expect(
      ask(regimen, [measure("x", "probe", { with: { candidates }, from: "never" })], { measures }),
    ).rejects.toThrow(/REG_METALEARNER.*"never"/);
  });
});
