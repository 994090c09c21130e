import * as tf from "@tensorflow/tfjs-core";
import type { Scalar } from "@tensorflow/tfjs-core";
import {
  breathe,
  addCost,
  RegimenError,
  zeroCost,
  type Batch,
  type Cost,
  type Draw,
  type Extra,
  type Json,
  type Plan,
  type Point,
  type Rng,
  type Score,
  type Shape,
  type Source,
  type Step,
  type Weight,
} from "@regimen/contracts";
import { Feeder } from "@regimen/sources";
import {
  batchFrom,
  feedTensors,
  Logs,
  Repeated,
  rowTensors,
  stepFrom,
  StageState,
  type Repeating,
} from "@regimen/steps";
import { capture, decode, encode, restore, type Checkpoint, type Store } from "@regimen/run-folder";

/** Steps between two reads from the device. */
const INTERVAL = 50;
/** Seconds of work that a kill may cost at the most, an epoch's length aside. */
const CHECKPOINT_SECONDS = 15;

/** One training, whatever it trains: `step` is recorded once, everything else feeds it. */
export interface StageSpec {
  /** What it resumes by: unique within the run. */ readonly key: string;
  readonly data: Source;
  readonly extra: readonly Extra[];
  readonly plan: Plan;
  /** The share of the peak rate at a progress in [0, 1]. */ readonly schedule: (progress: number) => number;
  /** What an image costs here; positions count by cost, so that they add up along a chain of policies. */
  readonly cost: number;
  /** Positions at which it ends, and at which its schedule begins and ends. */
  readonly until: number;
  readonly origin: number;
  readonly horizon: number;
  /** Where the course that people follow begins; the origin, unless the schedule is entered in its middle. */ readonly begin?: number;
  readonly weights: readonly Weight[];
  readonly rng: Rng;
  /** Where an earlier stage of the chain stopped. */ readonly from?: Checkpoint;
  draw(rng: Rng, shape: Shape): Readonly<Record<string, Draw>>;
  step(batch: Batch, step: Step): Readonly<Record<string, Scalar>>;
  /** After each epoch, where given. */ readonly validate?: () => Promise<{
    readonly score: Score;
    readonly cost: Cost;
  }>;
}
export interface StageEnv extends Repeating {
  readonly store: Store;
  readonly signal: AbortSignal;
  /** `sitting`: images done in this sitting; `images` of `of`: of the whole course from `begin` to the horizon. */
  progress(sitting: number, images: number, of: number, imagesPerSecond: number): void;
  epoch(point: Point, epochs: number): void;
  /** Work that was done before it failed. */ lost(cost: Cost): void;
}
/** Where a chain of trainings stands, by cost and in images that were fed. */
export type Position = { readonly position: number; readonly fed: number };
export const positionOf = (checkpoint: Checkpoint | undefined): Position => ({
  position: 0,
  fed: 0,
  ...(checkpoint?.meta as Partial<Position> | undefined),
});

export interface StageResult {
  readonly points: readonly Point[];
  readonly cost: Cost;
  /** Steady speed: the first epoch left out where there are more. */ readonly imagesPerSecond: number;
  /** The weights and states at the end; the caller disposes of `state`. */ readonly state: StageState;
  readonly captured: boolean;
  readonly reached: Position;
}
/** How far a stage has come, as it is written down: `logs` are sums over the last `steps`, of an epoch that goes on. */
type Progress = {
  at: number;
  points: Point[];
  cost: Cost;
  steady: { images: number; seconds: number };
  logs: Record<string, number>;
  steps: number;
  seconds: number;
};

/** Errors: REG_LOSS_NAN; an `AbortError` when the signal fires. */
export async function runStage(spec: StageSpec, env: StageEnv): Promise<StageResult> {
  const { plan, weights } = spec;
  const feeder = new Feeder(spec.data, spec.extra, plan.batch, spec.rng);
  const shape: Shape = { ...spec.data.format, n: plan.batch, classes: spec.data.classes.length };
  const state = new StageState();
  const partial = `partial/${spec.key}`;
  const saved = env.store.get(partial);
  const origin = saved ? decode(saved) : spec.from;
  if (origin)
    for (const [name, tensor] of restore(origin, weights)) {
      state.state(name, () => tensor);
      tensor.dispose();
    }
  const begin = positionOf(spec.from);
  const first = Math.round(begin.fed / plan.batch);
  const done: Progress = saved
    ? (origin!.meta as unknown as Progress)
    : { at: first, points: [], cost: zeroCost, steady: { images: 0, seconds: 0 }, logs: {}, steps: 0, seconds: 0 };
  // Epochs end where their last example falls, to the nearest batch: whole epochs make whole trainings.
  const epochAt = (step: number): number => Math.max(1, Math.round((step * plan.batch) / feeder.length));
  const epochEnds = (step: number): boolean => Math.round((epochAt(step) * feeder.length) / plan.batch) === step;
  const perStep = plan.batch * spec.cost;
  const positionAt = (step: number): number => begin.position + (step - first) * perStep;
  // A hair more than half rounds up, so that a chain in several parts ends where it would in one.
  const stepAt = (position: number): number => first + Math.round((position - begin.position) / perStep + 1e-6);
  const last = stepAt(spec.until);
  const { points, steady } = done;
  let { at, cost, logs, steps } = done;
  const sitting = at;
  let [sinceRead, savedAt, startedAt] = [0, performance.now(), performance.now() - 1000 * done.seconds];
  const worked = (seconds: number): Cost => ({ trained: steps * perStep, inferred: 0, seconds });
  const repeated = new Repeated((inputs, own) => {
    const logged: Record<string, Scalar> = {};
    // Kept: hooks log from within gradients, whose own tensors end with them. A clone, since it may be a state.
    const log = (name: string, value: Scalar): void => {
      const before = logged[name];
      logged[name] = tf.keep(before ? tf.add(before, value) : tf.clone(value));
      before?.dispose();
    };
    const values = spec.step(batchFrom(inputs, shape), stepFrom(inputs, { state, own, log }));
    for (const [name, value] of Object.entries(values)) log(name, value);
    return logged;
  }, env);
  const logged = new Logs();
  const read = async (): Promise<void> => {
    for (const [name, sum] of Object.entries(await logged.read())) {
      logs[name] = (logs[name] ?? 0) + sum;
      if (!Number.isFinite(sum))
        throw new RegimenError(
          "REG_LOSS_NAN",
          `${name} became ${sum} after ${at * plan.batch} images of "${spec.key}"; try a smaller learning rate`,
        );
    }
    sinceRead = 0;
  };
  const save = async (): Promise<void> => {
    repeated.sync();
    const seconds = steps && (performance.now() - startedAt) / 1000;
    const meta: Progress = { at, points, cost, steady, logs, steps, seconds };
    env.store.put(partial, encode(await capture(weights, state.states, meta as unknown as Json)));
    savedAt = performance.now();
  };
  try {
    for (; at < last;) {
      if (env.signal.aborted) {
        await read();
        await save();
        env.signal.throwIfAborted();
      }
      const rows = await feeder.batch(at);
      await breathe();
      const progress = Math.min(1, (positionAt(at) - spec.origin) / (spec.horizon - spec.origin));
      const share = spec.schedule(progress);
      const rates = Object.fromEntries(Object.entries(plan.rates).map(([part, rate]) => [part, rate * share]));
      const rng = spec.rng.fork("step").fork(at);
      const draws = spec.draw(rng, shape);
      const feed = { index: at, progress, epoch: feeder.epoch(at), rates, seed: rng.fork("device").seed(), draws };
      const inputs = { ...feedTensors(feed), ...rowTensors(rows, shape) };
      try {
        logged.add(repeated.run(inputs));
      } finally {
        tf.dispose(inputs);
      }
      at++;
      steps++;
      sinceRead++;
      const ends = at === last || epochEnds(at);
      if (!ends && sinceRead < INTERVAL) continue;
      await read();
      const now = performance.now();
      env.progress(
        (at - sitting) * plan.batch,
        positionAt(at) - (spec.begin ?? spec.origin),
        spec.horizon - (spec.begin ?? spec.origin),
        (steps * plan.batch) / ((now - startedAt) / 1000),
      );
      if (!ends) continue;
      const seconds = (now - startedAt) / 1000;
      cost = addCost(cost, worked(seconds));
      if (points.length) {
        steady.images += steps * plan.batch;
        steady.seconds += seconds;
      }
      for (const name of Object.keys(logs)) logs[name] = logs[name]! / steps;
      repeated.sync();
      const validation = await spec.validate?.();
      if (validation) cost = addCost(cost, validation.cost);
      const point: Point = { epoch: epochAt(at), images: at * plan.batch, logs, score: validation?.score ?? null };
      points.push(point);
      env.epoch(point, epochAt(Math.max(last, stepAt(spec.horizon))));
      logs = {};
      steps = 0;
      if (at < last && performance.now() - savedAt > 1000 * CHECKPOINT_SECONDS) await save();
      startedAt = performance.now();
    }
  } catch (error) {
    env.lost(addCost(cost, worked((performance.now() - startedAt) / 1000)));
    state.dispose();
    throw error;
  } finally {
    logged.dispose();
    repeated.dispose();
  }
  const whole = { images: cost.trained / spec.cost, seconds: cost.seconds };
  const { images, seconds } = steady.seconds ? steady : whole;
  const reached = { position: positionAt(at), fed: at * plan.batch };
  return { points, cost, imagesPerSecond: seconds && images / seconds, state, reached, captured: repeated.captured };
}
/** Called once a stage's result is safe. */
export const forgetPartial = (store: Store, key: string): void => store.delete(`partial/${key}`);
