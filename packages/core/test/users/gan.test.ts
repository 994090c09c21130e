// Models and optimizers of a technique's own: a generator and a discriminator, two updates in one step.
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D, Variable } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { describe, expect, it } from "vitest";
import { source, type Run, type Samples, type Source, type Technique, type Weight } from "@regimen/core";
import { PLAIN, fit, regimenWith, spy, technique, uses, type Seen } from "../support/jobs.ts";
import { H } from "../support/world.ts";

const dense = (units: number, name: string, inputDim: number, activation: "tanh" | "linear" = "linear") =>
  tfl.layers.dense({
    units,
    name,
    inputShape: [inputDim],
    activation,
    kernelInitializer: tfl.initializers.glorotNormal({ seed: 3 }),
  });
const generator = (): LayersModel => tfl.sequential({ layers: [dense(8, "g1", 6, "tanh"), dense(H * H, "g2", 8)] });
const discriminator = (): LayersModel =>
  tfl.sequential({ layers: [dense(8, "d1", H * H + 2, "tanh"), dense(1, "d2", 8)] });
const weightsOf = (model: LayersModel, part: string): Weight[] =>
  model.weights.map((weight) => ({
    name: weight.originalName,
    variable: (weight as unknown as { val: Variable }).val,
    part,
    role: weight.originalName.endsWith("kernel") ? "kernel" : "bias",
  }));

type Notes = {
  seen: Seen[];
  curves?: Readonly<Record<string, readonly number[]>>;
  /** By step: sums of absolute weights of both, and the generator's average against a slow one. */ norms: {
    g: number;
    d: number;
    ema: number;
    slow: number;
  }[];
  added: number;
};
const total = (weights: readonly Weight[]): number =>
  weights.reduce(
    (sum, { variable }) => sum + (variable.dataSync() as Float32Array).reduce((s, x) => s + Math.abs(x), 0),
    0,
  );

const gan = (notes: Notes, rates = { generator: 0.02, discriminator: 0.01 }): Technique =>
  technique<{ r: number }>({
    name: "test-gan",
    group: "ssl",
    order: { slot: "synthesize" },
    space: { r: { kind: "r", range: [0, 1], default: 0.5, off: 0 } },
    create: ({ r }) => ({
      async train(run: Run, next) {
        const images = run.plan.images / 2;
        const [G, D] = [generator(), discriminator()];
        const [g, d] = [weightsOf(G, "generator"), weightsOf(D, "discriminator")];
        const [adam, sgd] = [run.optimizer("adam", { beta1: 0 }), run.optimizer("sgd", { momentum: 0 })];
        let slow = 0;
        const { curves } = await run.fit({
          name: "gan",
          data: run.data.train,
          plan: { images, rates: { default: 0, ...rates }, schedule: { use: "constant", with: {} } },
          weights: [...g, ...d],
          step: (batch, step) => {
            const { n } = batch.shape;
            const real = tf.sub(tf.div(tf.reshape(batch.images, [n, H * H]), 127.5), 1) as Tensor2D;
            const fake = (): Tensor2D =>
              G.apply(tf.concat([step.normal("z", [n, 4]), batch.labels], 1), { training: true }) as Tensor2D;
            const judge = (x: Tensor2D): Tensor2D =>
              D.apply(tf.concat([x, batch.labels], 1), { training: true }) as Tensor2D;
            const dl = step.minimize(
              () => tf.mean(tf.add(tf.relu(tf.sub(1, judge(real))), tf.relu(tf.add(1, judge(fake()))))) as Scalar,
              d,
              sgd,
            );
            const gl = step.minimize(() => tf.neg(tf.mean(judge(fake()))) as Scalar, g, adam);
            const kernel = g[0]!.variable;
            const average = step.state("ema/g1", () => kernel.clone());
            average.assign(tf.add(tf.mul(average, 0.9), tf.mul(kernel, 0.1)));
            const own = kernel.dataSync()[0]!;
            slow = notes.norms.length ? 0.9 * slow + 0.1 * own : own;
            notes.norms.push({ g: total(g), d: total(d), ema: average.dataSync()[0]!, slow });
            return { dl, gl };
          },
        });
        notes.curves = curves;
        const synthetic = await generated(run, G, Math.round(r * run.data.train.length));
        G.dispose();
        D.dispose();
        notes.added = synthetic.length;
        return next({
          name: "with-synthetic",
          plan: { images: run.plan.images - images },
          extra: [{ source: synthetic, ratio: r, of: "set" }],
        });
      },
    }),
  });

/** Images from fixed noise, as a source like any other. */
async function generated(run: Run, G: LayersModel, count: number): Promise<Source> {
  const rng = run.rng.fork("synthetic");
  const labels = Float32Array.from({ length: 2 * count }, (_, i) => Number(i % 2 === (i >> 1) % 2));
  const pixels = tf.tidy(() => {
    const z = tf.tensor2d(
      Float32Array.from({ length: 4 * count }, () => rng.normal()),
      [count, 4],
    );
    const made = G.predict(tf.concat([z, tf.tensor2d(labels, [count, 2])], 1)) as Tensor2D;
    return tf.clipByValue(tf.mul(tf.add(made, 1), 127.5), 0, 255).dataSync() as Float32Array;
  });
  const { format, classes } = run.data.train;
  const samples: Samples = {
    name: "synthetic",
    length: count,
    format,
    classes,
    skipped: [],
    labels: () => labels,
    id: (row) => `synthetic/${row}`,
    read: async (rows) => ({
      images: Float32Array.from(
        Array.from(rows).flatMap((row) => [...pixels.subarray(row * H * H, (row + 1) * H * H)]),
      ),
    }),
    dispose: () => undefined,
  };
  return source(samples);
}

const notes = (): Notes => ({ seen: [], norms: [], added: 0 });
const policy = uses("test-gan", "test-spy");

describe("a GAN", () => {
  it("trains its two models by two optimizers in one step, and hands on images like any others", async () => {
    const into = notes();
    const before = tf.memory().numTensors;
    const result = await fit(await regimenWith(gan(into), spy(into.seen)), { policy });
    expect(into.norms).toHaveLength(10);
    expect(new Set(into.norms.map(({ g }) => g)).size).toBe(10);
    expect(new Set(into.norms.map(({ d }) => d)).size).toBe(10);
    for (const { ema, slow } of into.norms) expect(ema).toBeCloseTo(slow, 5);
    expect(Object.keys(into.curves!)).toEqual(["dl", "gl"]);
    expect(into.curves!["dl"]!.every(Number.isFinite)).toBe(true);
    expect(into.added).toBe(100);
    expect(into.seen).toMatchObject([{ images: PLAIN / 2, rows: 200, steps: 10 }]);
    expect(result.cost.trained).toBe(PLAIN);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(["generator", "discriminator"] as const)(
    "at a rate of 0 leaves the %s alone, and moves the other",
    async (still) => {
      const into = notes();
      await fit(await regimenWith(gan(into, { generator: 0.02, discriminator: 0.01, [still]: 0 }), spy(into.seen)), {
        policy,
      });
      const key = { generator: "g", discriminator: "d" } as const;
      const moved = still === "generator" ? "discriminator" : "generator";
      expect(new Set(into.norms.map((norm) => norm[key[still]])).size).toBe(1);
      expect(new Set(into.norms.map((norm) => norm[key[moved]])).size).toBe(10);
    },
  );

  it("draws the same noise for the same seed, and other noise at each step", async () => {
    const runs = await Promise.all(
      [5, 5, 6].map(async (seed) => {
        const into = notes();
        await fit(await regimenWith(gan(into), spy(into.seen)), { policy, seed });
        return into.norms;
      }),
    );
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[0]);
  });
});
