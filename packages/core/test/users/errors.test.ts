// Techniques that do what none may do, and trainings that break.
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { Change, Hooks, Params, Run, Technique } from "@regimen/core";
import { PLAIN, ask, fit, regimenWith, technique, trial, uses } from "../support/jobs.ts";

const doing = (name: string, hooks: Hooks, slot: Technique["order"]["slot"] = "objective"): Technique =>
  technique({ name, order: { slot }, create: () => hooks });
/** In a fit it is an error; in a search one failed trial, after which the next goes on. */
async function broken(bad: Technique, message: RegExp, leaks = false): Promise<void> {
  const regimen = await regimenWith(bad);
  const policy = uses(bad.name);
  const before = tf.memory().numTensors;
  await expect(fit(regimen, { policy })).rejects.toThrow(message);
  const { answers } = await ask(regimen, [trial("bad", { policy }), trial("good")]);
  expect(answers["bad"]).toMatchObject({ status: "failed", why: expect.stringMatching(message) });
  expect(answers["good"]!.status).toBe("ok");
  if (!leaks) expect(tf.memory().numTensors).toBe(before);
}

describe("hooks", () => {
  it("may not edit the warp after it was applied", () =>
    broken(
      doing("test-late", { batch: (batch) => ({ ...batch, warp: tf.add(batch.warp, 0.1) as Tensor2D }) }, "mix"),
      /REG_HOOK.*batch\.warp/,
    ));

  it("may not give a direction of another shape", () =>
    broken(
      doing("test-shape", {
        optimizer: (inner) => (evaluate, weights, step) => {
          const { loss, by } = inner(evaluate, weights, step);
          return { loss, by: Object.fromEntries(Object.entries(by).map(([name, move]) => [name, tf.sum(move)])) };
        },
      }),
      /REG_HOOK.*shape \[\] for hidden\/kernel, which has \[16,4\]/,
    ));

  it("may not give a loss with more than one number an example", () =>
    broken(
      doing("test-rank", {
        loss: (inner) => (seen, batch, step) => tf.expandDims(inner(seen, batch, step), 1) as unknown as Tensor1D,
      }),
      /REG_HOOK.*loss.*\[20,1\].*\[20\]/,
      true, // tfjs keeps what a gradient saved when its function throws
    ));

  it("may give one number for the batch, or leave weights without a direction", async () => {
    const regimen = await regimenWith(
      doing("test-scalar", { loss: (inner) => (seen, batch, step) => tf.mean(inner(seen, batch, step)) as Scalar }),
      doing("test-frozen", {
        optimizer: (inner) => (evaluate, weights, step) => {
          const { loss, by } = inner(evaluate, weights, step);
          return { loss, by: Object.fromEntries(Object.entries(by).filter(([name]) => name.startsWith("head"))) };
        },
      }),
    );
    const plain = await fit(regimen, {});
    const scalar = await fit(regimen, { policy: uses("test-scalar") });
    scalar.weights.flat().forEach((value, at) => expect(value).toBeCloseTo(plain.weights.flat()[at]!, 4));
    const frozen = await fit(regimen, { policy: uses("test-frozen") });
    expect(frozen.weights.slice(2)).not.toEqual(plain.weights.slice(2));
    expect(frozen.weights[0]).not.toEqual(plain.weights[0]);
  });
});

describe("train hooks", () => {
  const training = (
    train: (
      run: Run,
      next: (change: Change) => ReturnType<NonNullable<Hooks["train"]>>,
    ) => ReturnType<NonNullable<Hooks["train"]>>,
  ): Technique => doing("test-train", { train }, "teach");

  it("may not ask for more than their plan, of next and run.fit together", () =>
    broken(
      training(async (run, next) => {
        const images = 0.75 * run.plan.images;
        await run.fit({
          name: "own",
          data: run.data.train,
          plan: { images },
          weights: [],
          step: () => ({ loss: tf.scalar(0) }),
        });
        return next({ name: "inner", plan: { images } });
      }),
      /REG_PLAN_EXCEEDED.*600 images.*400/,
    ));

  it("may not name two trainings alike: the second would be the first again", () =>
    broken(
      training(async (run, next) => {
        const first = await next({ name: "inner", plan: { images: run.plan.images / 2 } });
        first.model.dispose();
        return next({ name: "inner", plan: { images: run.plan.images / 2 } });
      }),
      /REG_HOOK.*inner/,
    ));

  it("may round: a batch more than the plan is no offence", async () => {
    const regimen = await regimenWith(
      training(async (run, next) => {
        for (const name of ["a", "b"])
          (await next({ name, plan: { images: Math.ceil(run.plan.images / 3) } })).model.dispose();
        return next({ name: "c", plan: { images: Math.ceil(run.plan.images / 3) } });
      }),
    );
    expect((await fit(regimen, { policy: uses("test-train") })).cost.trained).toBe(PLAIN + 20);
  });

  it("may ask for no optimizer that is not there", () =>
    broken(
      training((run, next) => {
        run.optimizer("sdg");
        return next({ name: "inner" });
      }),
      /REG_OPTIMIZER_UNKNOWN.*"sdg".*"sgd"/,
    ));

  it("may restore no snapshot that is not there", () =>
    broken(
      training(async (_run, next) => next({ name: "inner", from: { id: "nowhere" } })),
      /REG_RUN_MISMATCH.*"nowhere"/,
    ));
});

describe("a loss that is no number", () => {
  const nan = doing("test-nan", {
    loss: (inner) => (seen, batch, step) => tf.div(tf.mul(inner(seen, batch, step), 0), 0) as Tensor1D,
  });

  it("is REG_LOSS_NAN in a fit, and a failed trial in a search", () =>
    broken(nan, /REG_LOSS_NAN.*loss became NaN.*smaller learning rate/));

  it("was paid for: what failed has seen its images too", async () => {
    const { answers, result } = await ask(await regimenWith(nan), [trial("bad", { policy: uses("test-nan") })]);
    // NaN shows at the end of the first epoch, after 200 images.
    expect(answers["bad"]!.cost.trained).toBe(200);
    expect(result.trials[0]).toMatchObject({ status: "failed", score: null, cost: { trained: 200 } });
  });

  it("is noticed where only the very last step breaks the weights", () =>
    broken(
      doing("test-end", {
        optimizer: (inner) => (evaluate, weights, step) => {
          const { loss, by } = inner(evaluate, weights, step);
          const last = tf.greaterEqual(step.progress, 0.94);
          return {
            loss,
            by: Object.fromEntries(
              Object.entries(by).map(([name, move]) => [name, tf.where(last, tf.fill(move.shape, Number.NaN), move)]),
            ),
          };
        },
      }),
      /REG_LOSS_NAN.*validation/,
    ));
});

describe("settings", () => {
  it.each([
    [{ schedule: "cosin" }, /REG_SCHEDULE_UNKNOWN.*"cosine"/],
    [{ optimizer: "adan" }, /REG_OPTIMIZER_UNKNOWN.*"adam"/],
    [{ optimizer: "sgd:momentun=0.9" }, /REG_PARAM_UNKNOWN: sgd .*"momentum"/],
    [{ optimizer: "adam:beta1=1.5" }, /REG_PARAM: adam: beta1 is 1.5; expected a number from 0 to/],
    [{ schedule: "cosine:warmUp" }, /REG_PARAM: .*key=value/],
    [{ schedule: "step:at=1/2" }, /REG_PARAM: step: at is "1\/2"/],
  ] satisfies [Params, RegExp][])("that nobody knows are a coded error: %j", async (train, message) => {
    const regimen = await regimenWith();
    await expect(fit(regimen, { policy: { steps: [], train } })).rejects.toThrow(message);
    const { answers } = await ask(regimen, [trial("bad", { policy: { steps: [], train } })]);
    expect(answers["bad"]).toMatchObject({ status: "failed", why: expect.stringMatching(message) });
  });
});
