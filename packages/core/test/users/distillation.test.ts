// Another loss around the task's own: a teacher that is asked at every step.
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { Objective, Technique } from "@regimen/core";
import { PLAIN, epochs, fit, regimenWith, spy, technique, uses, type Seen } from "../support/jobs.ts";

type Notes = {
  seen: Seen[];
  teacher: { before?: number[]; after?: number[] };
  first?: { got: number; expected: number };
};

/** KL(teacher ‖ student) at temperature T, per example. */
const divergence = (t: Tensor2D, s: Tensor2D, T: number): Tensor1D =>
  tf.sum(tf.mul(tf.softmax(tf.div(t, T)), tf.sub(tf.logSoftmax(tf.div(t, T)), tf.logSoftmax(tf.div(s, T)))), 1);
/** The same in a loop. */
function byHand(t: readonly number[][], s: readonly number[][], T: number): number[] {
  const soft = (row: readonly number[]): number[] => {
    const powers = row.map((value) => Math.exp(value / T));
    return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
  };
  return t.map((row, i) => {
    const [p, q] = [soft(row), soft(s[i]!)];
    return p.reduce((sum, value, k) => sum + value * Math.log(value / q[k]!), 0);
  });
}

const distillation = (notes: Notes): Technique =>
  technique<{ alpha: number; temperature: number }>({
    name: "test-distillation",
    group: "ssl",
    order: { slot: "teach" },
    space: {
      alpha: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
      temperature: { kind: "value", range: [1, 10], default: 4 },
    },
    create: ({ alpha, temperature: T }) => ({
      async train(run, next) {
        const images = run.plan.images / 2;
        const teacher = await next({ name: "teacher", plan: { images } });
        const weights = async (): Promise<number[]> => {
          const plain = await teacher.model.plain();
          const values = plain.getWeights().flatMap((weight) => [...weight.dataSync()]);
          plain.dispose();
          return values;
        };
        notes.teacher.before = await weights();
        const loss =
          (inner: Objective): Objective =>
          (seen, batch, step) => {
            const t = teacher.model.forward(batch.images).outputs as Tensor2D;
            const own = inner(seen, batch, step);
            const both = tf.add(
              tf.mul(1 - alpha, own),
              tf.mul(alpha * T * T, divergence(t, seen.outputs as Tensor2D, T)),
            );
            if (!notes.first) {
              const [a, b, c] = [t.arraySync(), (seen.outputs as Tensor2D).arraySync(), (own as Tensor1D).arraySync()];
              const expected = byHand(a, b, T).map((kl, i) => (1 - alpha) * c[i]! + alpha * T * T * kl);
              notes.first = {
                got: tf.mean(both).dataSync()[0]!,
                expected: expected.reduce((sum, value) => sum + value, 0) / expected.length,
              };
            }
            return both as Tensor1D;
          };
        const student = await next({
          name: "student",
          plan: { images },
          hooks: { loss },
          cost: 4 / 3,
          stream: "student",
        });
        notes.teacher.after = await weights();
        teacher.model.dispose();
        return student;
      },
    }),
  });

/** Labels that say nothing, for whoever trains on labels. */
const noLabels = technique({
  name: "test-no-labels",
  order: { slot: "label" },
  create: () => ({ batch: (batch) => ({ ...batch, labels: tf.fill(batch.labels.shape, 0.5) as Tensor2D }) }),
});
const notes = (): Notes => ({ seen: [], teacher: {} });

describe("distillation", () => {
  it("asks the teacher at every step, moves the student alone, and pays for the teacher's forward passes", async () => {
    const into = notes();
    const before = tf.memory().numTensors;
    const result = await fit(await regimenWith(distillation(into), spy(into.seen)), {
      policy: uses("test-distillation", "test-spy"),
    });
    expect(into.first!.got).toBeCloseTo(into.first!.expected, 4);
    expect(into.teacher.after).toEqual(into.teacher.before);
    // 200 images of teaching, and 150 of learning that cost a third more each.
    expect(into.seen.map(({ steps }) => steps)).toEqual([10, 8]);
    expect(result.cost.trained).toBeCloseTo(PLAIN / 2 + (160 * 4) / 3, 6);
    expect(epochs(result.events)).toHaveLength(2);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("hands on what the teacher knows where labels say nothing", async () => {
    const into = notes();
    const silent = technique({
      name: "test-silence",
      order: { slot: "synthesize" },
      create: () => ({ train: (_run, next) => next({ name: "whole", without: ["test-no-labels"] }) }),
    });
    const half = (name: string): Technique =>
      technique({
        name,
        order: { slot: "pseudo" },
        create: () => ({
          async train(run, next) {
            const images = run.plan.images / 2;
            const teacher = await next({ name: "teacher", plan: { images }, without: ["test-no-labels"] });
            const loss = (): Objective => (seen, batch) =>
              divergence(teacher.model.forward(batch.images).outputs as Tensor2D, seen.outputs as Tensor2D, 1);
            const student = await next({ name: "student", plan: { images }, hooks: { loss }, stream: 1 });
            teacher.model.dispose();
            return student;
          },
        }),
      });
    const inner = technique({
      name: "test-inner",
      order: { slot: "teach" },
      create: () => ({ train: (_run, next) => next({ name: "inner", cost: 2 }) }),
    });
    const outer = technique({
      name: "test-outer",
      order: { slot: "ensemble" },
      create: () => ({ train: (_run, next) => next({ name: "outer", cost: 3 }) }),
    });
    const regimen = await regimenWith(half("test-half"), noLabels, silent, inner, outer, spy(into.seen));
    const training = { epochs: 8, batchSize: 20, learningRate: 0.05, optimizer: "sgd" } as const;
    const blind = await fit(regimen, { policy: uses("test-no-labels"), training });
    const taught = await fit(regimen, { policy: uses("test-no-labels", "test-half"), training });
    expect(blind.validation!.loss).toBeGreaterThan(0.65);
    expect(taught.validation!.loss).toBeLessThan(0.5);
    // `without` reaches through: the middleware outside switches it off for all that is inside.
    const plain = await fit(regimen, { training });
    const unsilenced = await fit(regimen, { policy: uses("test-no-labels", "test-silence"), training });
    expect(unsilenced.weights).toEqual(plain.weights);
    // Joined changes add up: what the outer leaves out stays out, and costs multiply.
    const deep = uses("test-no-labels", "test-silence", "test-inner", "test-outer");
    const paid = await fit(regimen, { policy: deep, training: { ...training, epochs: 6 } });
    const short = await fit(regimen, { training: { ...training, epochs: 1 } });
    expect(paid.weights).toEqual(short.weights);
    expect(paid.cost.trained).toBe(6 * short.cost.trained);
  });
});
