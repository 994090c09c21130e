// Another objective on the backbone: pre-training without labels, then fine-tuning from it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cost, Run, Step, Technique, Weight } from "@regimen/core";
import { PLAIN, epochs, fit, job, regimenWith, spy, technique, uses, valuesOf, type Seen } from "../support/jobs.ts";

type Values = Record<string, number[]>;
type Notes = {
  seen: Seen[];
  /** Steps of the pre-training that really ran. */ steps: number;
  fresh?: Values;
  pretrained?: Values;
  curves?: Readonly<Record<string, readonly number[]>>;
  cost?: Cost;
  projector: number[][];
  /** After restoring the backbone alone over zeros. */ restored?: Values;
};

/** NT-Xent (Chen 2020, equation 1) for rows that are paired a[i], b[i]. */
function ntXent(a: Tensor2D, b: Tensor2D, temperature: number): Scalar {
  const n = a.shape[0];
  const z = tf.concat([a, b], 0);
  const unit = tf.div(z, tf.norm(z, 2, 1, true)) as Tensor2D;
  const alike = tf.div(tf.matMul(unit, unit, false, true), temperature);
  const others = tf.sub(alike, tf.mul(tf.eye(2 * n), 1e9));
  const partner = tf.concat([tf.range(n, 2 * n, 1, "int32"), tf.range(0, n, 1, "int32")]);
  const right = tf.oneHot(partner, 2 * n);
  return tf.neg(tf.mean(tf.sum(tf.mul(right, tf.logSoftmax(others)), 1))) as Scalar;
}
/** A linear map of its own, that nobody but the stage knows. */
function projector(step: Step, from: number): { weight: Weight; apply: (x: Tensor2D) => Tensor2D } {
  const variable = step.state("projector/kernel", () => step.normal("projector", [from, 3]));
  const weight = { name: "projector/kernel", variable, part: "projector", role: "kernel" } as const;
  return { weight, apply: (x) => tf.matMul(x, variable as unknown as Tensor2D) };
}

const simclr = (notes: Notes, stop: () => void = () => undefined): Technique =>
  technique<{ share: number }>({
    name: "test-simclr",
    group: "ssl",
    order: { slot: "pretrain" },
    space: { share: { kind: "m", range: [0, 0.9], default: 0.5, off: 0 } },
    create: ({ share }) => ({
      async train(run: Run, next) {
        const built = await run.blueprint.build(run.rng.fork("init"));
        const model = await run.scaffold(built);
        built.dispose();
        notes.fresh = valuesOf(model.weights);
        const backbone = model.weights.filter(({ part }) => part === "backbone");
        const sgd = run.optimizer("sgd", { momentum: 0 });
        const images = share * run.plan.images;
        const { curves, cost } = await run.fit({
          name: "pretrain",
          data: run.data.unlabeled ? run.data.train.concat(run.data.unlabeled) : run.data.train,
          plan: { images, rates: { default: 0.5, backbone: 0.2 }, schedule: { use: "constant", with: {} } },
          weights: model.weights,
          draw: (rng, { n }) => ({ gain: Float32Array.from({ length: n }, () => 0.9 + 0.2 * rng.uniform()) }),
          step: (batch, step) => {
            notes.steps++;
            const view = (which: string): Tensor4D =>
              tf.add(
                tf.mul(batch.images, tf.reshape(step.fed["gain"]!, [-1, 1, 1, 1])),
                tf.mul(step.normal(which, batch.images.shape), 30),
              );
            const head = projector(step, 2);
            const loss = step.minimize(
              () => {
                const z = ["a", "b"].map((which) =>
                  head.apply(model.forward(view(which), { training: true, step }).features),
                );
                return ntXent(z[0]!, z[1]!, 0.5);
              },
              [...backbone, head.weight],
              sgd,
            );
            notes.projector.push([...head.weight.variable.dataSync()]);
            return { "nt-xent": loss };
          },
        });
        [notes.curves, notes.cost, notes.pretrained] = [curves, cost, valuesOf(model.weights)];
        const from = await run.snapshot("pretrained", model.weights);
        tf.tidy(() => model.weights.forEach(({ variable }) => variable.assign(tf.zerosLike(variable))));
        await run.restore(from, model.weights, ["backbone"]);
        notes.restored = valuesOf(model.weights);
        model.dispose();
        stop();
        const { rates } = run.plan;
        return next({
          name: "finetune",
          from,
          plan: { images: run.plan.images - images, rates: { ...rates, backbone: 0.1 * rates.default } },
        });
      },
    }),
  });

const notes = (): Notes => ({ seen: [], steps: 0, projector: [] });
const policy = uses("test-simclr", "test-spy");
const world = (into: Notes, stop?: () => void) => regimenWith(simclr(into, stop), spy(into.seen));
const part = (values: Values, which: "head" | "backbone"): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith("head") === (which === "head")));

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-simclr-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a SimCLR", () => {
  it("moves the backbone and its projector, leaves the head, and fine-tuning begins there", async () => {
    const into = notes();
    const before = tf.memory().numTensors;
    // A plain start, without momentum, so that each part's first move is its rate times its gradient.
    const result = await fit(await world(into), { policy });
    expect(part(into.pretrained!, "backbone")).not.toEqual(part(into.fresh!, "backbone"));
    expect(part(into.pretrained!, "head")).toEqual(part(into.fresh!, "head"));
    expect(into.seen).toHaveLength(1);
    expect(into.seen[0]!.first).toEqual(into.pretrained);
    // The projector is trained along: its state is a weight like any other.
    expect(into.projector).toHaveLength(10);
    expect(into.projector.at(-1)).not.toEqual(into.projector[0]);
    expect(into.curves!["nt-xent"]).toHaveLength(1);
    expect(into.curves!["nt-xent"]![0]).toBeGreaterThan(0);
    // log(2n − 1) is what random embeddings give.
    expect(into.curves!["nt-xent"]![0]).toBeLessThan(Math.log(39) + 0.5);
    expect(into.cost).toMatchObject({ trained: PLAIN / 2, inferred: 0 });
    expect(result.cost.trained).toBe(PLAIN);
    expect(into.seen[0]!.steps).toBe(10);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("restores the parts it asks for, and no others", async () => {
    const into = notes();
    await fit(await world(into), { policy });
    expect(part(into.restored!, "backbone")).toEqual(part(into.pretrained!, "backbone"));
    expect(
      Object.values(part(into.restored!, "head"))
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  it("uses unlabelled images where there are some", async () => {
    const into = notes();
    const { train } = job().data;
    const unlabeled = { ...train, labels: () => undefined };
    await fit(await world(into), { policy, data: { ...job().data, unlabeled } });
    // 200 images of 400: half an epoch of both together is still one curve point.
    expect(into.curves!["nt-xent"]).toHaveLength(1);
    expect(into.seen[0]!.rows).toBe(200);
  });

  it("fine-tunes the backbone at its own rate", async () => {
    const rates = technique({
      name: "test-rates",
      create: () => ({
        batch: (batch, step) => {
          step.log("share", tf.div(step.rate("backbone"), step.rate("head")) as Scalar);
          return batch;
        },
      }),
    });
    const regimen = await regimenWith(simclr(notes()), rates);
    const shares = async (...names: string[]) =>
      epochs((await fit(regimen, { policy: uses(...names) })).events).flatMap(
        ({ logs }) => logs["test-rates/share"] ?? [],
      );
    for (const share of await shares("test-simclr", "test-rates")) expect(share).toBeCloseTo(0.1, 6);
    for (const share of await shares("test-rates")) expect(share).toBeCloseTo(1, 6);
  });

  it("pre-trains once around a training in parts, and a model of another size begins afresh", async () => {
    const into = notes();
    const begun: boolean[] = [];
    const parts = technique({
      name: "test-parts",
      order: { slot: "ensemble" },
      create: () => ({
        async train(run, next) {
          begun.push(run.plan.images === PLAIN / 2);
          const other = await next({ name: "other", model: run.blueprint, span: [0, 0.2] });
          const first = await next({ name: "first", span: [0, 0.4] });
          for (const { model } of [other, first]) model.dispose();
          return next({ name: "second", span: [0.4, 0.8], from: first.snapshot! });
        },
      }),
    });
    const regimen = await regimenWith(simclr(into), parts, spy(into.seen));
    await fit(regimen, { policy: uses("test-parts", "test-simclr", "test-spy") });
    const [other, first, second] = into.seen;
    expect([into.steps, into.seen.length, begun]).toEqual([10, 3, [true]]);
    expect(part(other!.first!, "backbone")).not.toEqual(part(into.pretrained!, "backbone"));
    expect(first!.first).toEqual(into.pretrained);
    expect(second!.first).toEqual(first!.last);
  });

  it("does not pre-train again when it is resumed after that, and counts it once", async () => {
    const whole = await fit(await world(notes()), { policy });
    const stop = new AbortController();
    const [first, second] = [notes(), notes()];
    const out = join(folder, "run");
    await expect(fit(await world(first, () => stop.abort()), { policy, out, signal: stop.signal })).rejects.toThrow(
      expect.objectContaining({ name: "AbortError" }),
    );
    const result = await fit(await world(second), { policy, out, resume: true });
    expect([first.steps, second.steps]).toEqual([10, 0]);
    expect(second.curves).toEqual(first.curves);
    expect(second.pretrained).toEqual(first.pretrained);
    expect(result.weights).toEqual(whole.weights);
    expect({ ...result.cost, seconds: 0 }).toEqual({ ...whole.cost, seconds: 0 });
  });
});
