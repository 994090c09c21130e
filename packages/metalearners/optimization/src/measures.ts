import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Batch, Json, Measure, Optimizer } from "@regimen/core";
import { noiseScale } from "./choose.ts";
import { loopOf, lossOf, update } from "./loop.ts";

type Probe = Parameters<Measure>[0];
const optimizerOf = (run: Probe): Optimizer => run.optimizer(run.plan.optimizer.use, run.plan.optimizer.with);

export type ThroughputArgs = { readonly sizes: readonly number[]; readonly steps: number };
export type ThroughputAnswer = { readonly imagesPerSecond: readonly number[] };
/** Steps that compile and warm up. */
export const WARM = 2;

/** How fast batches of each size train; the best of the steps, since a machine has other things to do. */
export const throughput: Measure = async (run, args) => {
  const { sizes, steps } = args as unknown as ThroughputArgs;
  const optimizer = optimizerOf(run);
  const imagesPerSecond: number[] = [];
  for (const size of sizes) {
    const loop = loopOf(run, size, (batch, step) => update(run, optimizer, batch, step));
    try {
      let best = Number.POSITIVE_INFINITY;
      for (let at = 0; at < WARM + steps; at++) {
        const started = performance.now();
        // At no rate: the time is the same, and what follows starts from the same weights.
        await loop.next(0);
        if (at >= WARM) best = Math.min(best, performance.now() - started);
      }
      imagesPerSecond.push((1000 * size) / best);
    } finally {
      loop.dispose();
    }
  }
  return { imagesPerSecond } satisfies ThroughputAnswer as unknown as Json;
};

export type RangeArgs = { readonly size: number; readonly steps: number; readonly from: number; readonly to: number };
export type RangeAnswer = { readonly rates: readonly number[]; readonly losses: readonly (number | null)[] };

/** A learning rate range test (Smith 2017): the rate rises from step to step, in equal ratios, until the loss explodes. */
export const range: Measure = async (run, args) => {
  const { size, steps, from, to } = args as unknown as RangeArgs;
  const optimizer = optimizerOf(run);
  const loop = loopOf(run, size, (batch, step) => update(run, optimizer, batch, step));
  const [rates, losses]: [number[], (number | null)[]] = [[], []];
  try {
    for (let at = 0; at < steps; at++) {
      const rate = from * (to / from) ** (at / (steps - 1));
      const { loss } = await loop.next(rate);
      rates.push(rate);
      losses.push(Number.isFinite(loss) ? loss! : null);
      if (!(loss! < 4 * losses[0]!)) break;
    }
  } finally {
    loop.dispose();
  }
  return { rates, losses } satisfies RangeAnswer as unknown as Json;
};

export type NoiseArgs = {
  readonly size: number;
  readonly rate: number;
  /** Steps that train a little, then batches that are measured. */ readonly warm: number;
  readonly steps: number;
};
/** Parts of a batch whose gradients are held against that of the whole. */
const PARTS = 4;

/** The gradient noise scale of a model that has trained a little: norms of gradients of whole batches and of their parts. */
export const noise: Measure = async (run, args) => {
  const { size, rate, warm, steps } = args as unknown as NoiseArgs;
  const optimizer = optimizerOf(run);
  const weights = run.model.weights.filter(({ role }) => role !== "statistic");
  const training = loopOf(run, size, (batch, step) => update(run, optimizer, batch, step));
  const whole = PARTS * Math.ceil(size / PARTS);
  const part = whole / PARTS;
  const measuring = loopOf(run, whole, (batch, step) => {
    const gradients = Array.from({ length: PARTS }, (_, at) =>
      step.gradients(() => lossOf(run, partOf(batch, at * part, part), step), weights),
    );
    const norm = (of: (name: string) => tf.Tensor): tf.Tensor =>
      tf.addN(weights.flatMap(({ name }) => (gradients[0]!.by[name] ? [tf.sum(tf.square(of(name)))] : [])));
    const small = tf.mean(tf.stack(gradients.map(({ by }) => norm((name) => by[name]!))));
    const large = norm((name) => tf.div(tf.addN(gradients.map(({ by }) => by[name]!)), PARTS));
    return { small, large };
  });
  let [small, large] = [0, 0];
  try {
    for (let at = 0; at < warm; at++) await training.next(rate);
    for (let at = 0; at < steps; at++) {
      const norms = await measuring.next(0);
      small += norms["small"]! / steps;
      large += norms["large"]! / steps;
    }
  } finally {
    training.dispose();
    measuring.dispose();
  }
  return noiseScale({ part, small, whole, large }) as unknown as Json;
};

/** Some rows of a batch that has neither boxes nor masks. */
function partOf(batch: Batch, from: number, length: number): Batch {
  const rows = <T extends tf.Tensor>(tensor: T): T =>
    tf.slice(tensor, [from, ...tensor.shape.slice(1).map(() => 0)], [length, ...tensor.shape.slice(1)]) as T;
  return {
    shape: { ...batch.shape, n: length },
    images: rows(batch.images) as Tensor4D,
    labels: rows(batch.labels) as Tensor2D,
    weights: rows(batch.weights) as Tensor1D,
    origin: rows(batch.origin) as Tensor1D,
    warp: rows(batch.warp),
    colour: rows(batch.colour),
    also: Object.fromEntries(Object.entries(batch.also).map(([name, tensor]) => [name, rows(tensor)])),
  };
}
