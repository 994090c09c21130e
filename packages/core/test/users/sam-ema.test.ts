// Hooks around the optimizer and after it: SAM asks for gradients twice, EMA keeps what is validated.
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { StageState, createStep, optimizerOf, type Hooks, type Technique, type Weight } from "@regimen/core";
import {
  PLAIN,
  ask,
  epochs,
  fit,
  job,
  look,
  regimenWith,
  spy,
  technique,
  trial,
  uses,
  type Seen,
} from "../support/jobs.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Foret 2021: the gradient at w + ρ g / ‖g‖, applied at w. */
const sam = technique<{ rho: number }>({
  name: "test-sam",
  group: "optimization",
  order: { slot: "gradient" },
  space: { rho: { kind: "m", range: [0, 100], default: 0.5, off: 0 } },
  cost: () => 2,
  create: ({ rho }) => ({
    optimizer: (inner) => (evaluate, weights, step) =>
      inner(
        () => {
          const { by } = evaluate();
          const norm = tf.sqrt(tf.addN(Object.values(by).map((g) => tf.sum(tf.square(g)))));
          const away = weights.map(
            ({ name, variable }) => [variable, tf.clone(variable), tf.mul(by[name]!, tf.div(rho, norm))] as const,
          );
          for (const [variable, , e] of away) variable.assign(tf.add(variable, e));
          const second = evaluate();
          for (const [variable, home] of away) variable.assign(home);
          return second;
        },
        weights,
        step,
      ),
  }),
});
const ema = technique<{ decay: number }>({
  name: "test-ema",
  order: { slot: "average", after: ["test-recorder"] },
  space: { decay: { kind: "m", range: [0, 1], default: 0.8, off: 0 } },
  create: ({ decay }) => ({
    average: (weights, step) =>
      Object.fromEntries(
        weights.map(({ name, variable }) => {
          const state = step.state(name, () => variable.clone());
          state.assign(tf.add(tf.mul(state, decay), tf.mul(variable, 1 - decay)) as Tensor);
          return [name, state];
        }),
      ),
  }),
});
/** Replaces `decay` hooks: adds λ w to every kernel's direction. */
const decay = technique<{ lambda: number }>({
  name: "test-decay",
  order: { slot: "update" },
  space: { lambda: { kind: "m", range: [0, 1], default: 0.1, off: 0 } },
  create: ({ lambda }) => ({
    optimizer: (inner) => (evaluate, weights, step) => {
      const direction = inner(evaluate, weights, step);
      const by = weights.flatMap(({ name, variable, role }) => {
        const move = direction.by[name];
        return move ? [[name, role === "kernel" ? tf.add(move, tf.mul(lambda, variable)) : move] as const] : [];
      });
      return { ...direction, by: Object.fromEntries(by) };
    },
  }),
});

describe("SAM", () => {
  it("in one step on ½‖w‖² moves by the gradient at w (1 + ρ / ‖w‖)", () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([3, -4]))) as Variable;
    const weight: Weight = { name: "w", variable, part: "default", role: "kernel" };
    const state = new StageState();
    const member = { name: "test-sam", slot: "gradient", params: {}, rr: undefined, oneOf: undefined } as const;
    const hooks: Hooks = sam.create({ rho: 0.5 });
    const optimizer = optimizerOf([{ ...member, hooks }], (evaluate) => evaluate());
    const loss = tf.tidy(() => {
      const step = createStep(
        { index: 0, progress: 0, rates: { default: 0.1 }, seed: Int32Array.of(1, 2), draws: {} },
        state,
      );
      return step
        .minimize(() => tf.mul(0.5, tf.sum(tf.square(variable))) as Scalar, [weight], optimizer)
        .dataSync()[0]!;
    });
    // ‖w‖ is 5, so e is w / 10: the gradient there is 1.1 w, and the loss 1.21 · 12.5.
    const moved = [3 - 0.1 * 3.3, -4 + 0.1 * 4.4];
    [...variable.dataSync()].forEach((value, at) => expect(value).toBeCloseTo(moved[at]!, 6));
    expect(loss).toBeCloseTo(1.21 * 12.5, 4);
    variable.dispose();
    state.dispose();
  });

  it("costs two passes an image, so that it sees half as many, and at ρ = 0 is off", async () => {
    const seen: Seen[] = [];
    const regimen = await regimenWith(sam, spy(seen));
    const plain = await fit(regimen, { policy: uses("test-spy") });
    const sharp = await fit(regimen, { policy: uses("test-sam", "test-spy") });
    const off = await fit(regimen, { policy: uses(["test-sam", { rho: 0 }], "test-spy") });
    expect(seen.map(({ steps }) => steps)).toEqual([20, 10, 20]);
    expect(sharp.cost.trained).toBe(PLAIN);
    expect(off.weights).toEqual(plain.weights);
    expect(sharp.weights).not.toEqual(plain.weights);
  });

  it("continues from a checkpoint as if it had never stopped: positions are counted in what images cost", async () => {
    const seen: Seen[] = [];
    const regimen = await regimenWith(sam, spy(seen));
    const policy = uses("test-sam", "test-spy");
    const { answers } = await ask(regimen, [
      trial("whole", { policy, keep: "whole" }),
      trial("half", { policy, until: PLAIN / 2, keep: "half" }),
      trial("rest", { policy, from: "half", keep: "rest" }),
      look("whole weights", "whole"),
      look("rest weights", "rest"),
    ]);
    expect(seen.map(({ steps }) => steps)).toEqual([10, 5, 5]);
    expect(answers["rest weights"]!.value).toEqual(answers["whole weights"]!.value);
    expect(answers["half"]!.cost.trained + answers["rest"]!.cost.trained).toBe(answers["whole"]!.cost.trained);
    expect(answers["whole"]!.cost.trained).toBe(PLAIN);
  });
});

/** The average of raw weights, slowly. */
function slowAverage(raw: readonly Record<string, number[]>[], factor: number): Record<string, number[]> {
  const mean: Record<string, number[]> = {};
  for (const weights of raw)
    for (const [name, values] of Object.entries(weights))
      mean[name] = mean[name] ? mean[name].map((m, at) => factor * m + (1 - factor) * values[at]!) : values;
  return mean;
}
/** Writes down the raw weights after each step. */
const recorder = (raw: Record<string, number[]>[]): Technique =>
  technique({
    name: "test-recorder",
    order: { slot: "average" },
    create: () => ({
      average: (weights) => {
        raw.push(Object.fromEntries(weights.map(({ name, variable }) => [name, [...variable.dataSync()]])));
        return {};
      },
    }),
  });

describe("EMA", () => {
  it("is what is validated and handed on, while training goes on with the raw weights", async () => {
    const [raw, plain]: Record<string, number[]>[][] = [[], []];
    const policy = uses("test-ema", "test-recorder");
    const regimen = await regimenWith(ema, recorder(raw!));
    const result = await fit(regimen, { policy });
    await fit(await regimenWith(recorder(plain!)), { policy: uses("test-recorder") });
    expect(raw).toEqual(plain);
    const expected = Object.values(slowAverage(raw!, 0.8));
    result.weights.forEach((values, at) =>
      values.forEach((value, i) => expect(value).toBeCloseTo(expected[at]![i]!, 5)),
    );
    expect(result.weights).not.toEqual(Object.values(raw!.at(-1)!));
    // So is what each epoch is validated with.
    expect(epochs(result.events).at(-1)!.logs["val_loss"]).toBe(result.validation!.loss);
    const again = await regimen.fit({ ...job(), policy });
    const evaluation = await regimen.evaluate({ model: (await again).model, data: job().data.validation });
    expect(evaluation.loss).toBeCloseTo(result.validation!.loss, 5);
    (await again).model.dispose();
  });

  it("leaves raw weights in the checkpoints that trials keep, and goes on from them as if it had never stopped", async () => {
    const raw: Record<string, number[]>[] = [];
    const regimen = await regimenWith(ema, recorder(raw));
    const policy = uses("test-ema", "test-recorder");
    const { answers } = await ask(regimen, [
      trial("whole", { policy, keep: "whole" }),
      trial("half", { policy, until: PLAIN / 2, keep: "half" }),
      trial("rest", { policy, from: "half", keep: "rest" }),
      look("whole weights", "whole"),
      look("half weights", "half"),
      look("rest weights", "rest"),
    ]);
    expect(raw).toHaveLength(40);
    expect(answers["whole weights"]!.value).toEqual(raw[19]);
    expect(answers["half weights"]!.value).toEqual(raw[29]);
    expect(answers["rest weights"]!.value).toEqual(raw[19]);
    // The average went on too: the same score to the bit, though it was saved between.
    expect(answers["rest"]!.score).toEqual(answers["whole"]!.score);
    const { answers: bare } = await ask(regimen, [trial("raw", { policy: uses("test-recorder") })]);
    expect(bare["raw"]!.score!.loss).not.toBe(answers["whole"]!.score!.loss);
  });
});

describe("hooks around the optimizer", () => {
  it("wrap in slot order: decay sees the sharpened gradient, and their listing does not matter", async () => {
    const regimen = await regimenWith(sam, decay);
    const one = await fit(regimen, { policy: uses("test-sam", "test-decay") });
    const other = await fit(regimen, { policy: uses("test-decay", "test-sam") });
    expect(other.weights).toEqual(one.weights);
    expect(one.weights).not.toEqual((await fit(regimen, { policy: uses("test-sam") })).weights);
  });
});
