import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import {
  StageState,
  applyBatch,
  averagesOf,
  batchOf,
  composePolicy,
  createRng,
  createStep,
  drawFor,
  objectiveOf,
  optimizerOf,
  type Batch,
  type Draw,
  type Fragment,
  type Member,
  type Optimizer,
  type Params,
  type Rng,
  type Rows,
  type Scaffold,
  type ScaffoldModel,
  type Shape,
  type Step,
  type Task,
  type Technique,
} from "@regimen/core";
import { SHAPE, buildModel, rowsOf } from "./world.ts";

export type Column = {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
};
export type Columns = Readonly<Record<string, Column>>;

/** What a few steps came to: the last batch as the model saw it, the losses, the weights and averages they ended with. */
export type Outcome = {
  readonly batch: Columns;
  readonly losses: readonly number[];
  readonly weights: Columns;
  readonly averages: Columns;
};

export type StepsOptions = {
  readonly seed?: number;
  readonly steps?: number;
  readonly rate?: number;
  /** Around the step that hooks and layers see. */ readonly view?: (step: Step) => Step;
  /** Around the model's forward pass. */ readonly forward?: <T>(work: () => T) => T;
  /** Where a recording begins: other numbers than 0 stand in everything that is fed. */ readonly index?: number;
};

/** Where one technique, or a few, are put through steps. */
export class Bench {
  readonly task: Task;
  /** What the model is trained for: the technique's task, where the scaffold has it. */ readonly #trained: Task;
  readonly #technique: Technique;
  readonly scaffold: Scaffold;
  readonly #facts: readonly string[];
  readonly #rows: Rows;
  readonly #pictures: Rows;

  constructor(technique: Technique, scaffold: Scaffold, facts: readonly string[]) {
    this.#technique = technique;
    this.scaffold = scaffold;
    this.task =
      scaffold.tasks.find((task) => technique.tasks?.includes(task)) ?? technique.tasks?.[0] ?? scaffold.tasks[0]!;
    this.#trained = scaffold.tasks.includes(this.task) ? this.task : scaffold.tasks[0]!;
    this.#facts = facts;
    this.#rows = rowsOf(this.task, false);
    this.#pictures = rowsOf(this.task, true);
  }

  /** Through the composition, as in a training: a technique that is off is not in it. */
  compose(steps: Fragment["steps"], others: readonly Technique[] = []): readonly Member[] {
    const facts = [...this.#facts, ...(this.#technique.order.needs ?? [])];
    return composePolicy({ steps }, [this.#technique, ...others], { task: this.task, facts }).members;
  }
  /** The technique's own hooks on all examples, whatever its parameters. */
  bare(params: Params): Member {
    const { name, order } = this.#technique;
    return { name, slot: order.slot, params, hooks: this.#technique.create(params), rr: undefined, oneOf: undefined };
  }

  draws(members: readonly Member[], seed: number, shape: Shape = SHAPE): Readonly<Record<string, Draw>> {
    return drawFor(members, createRng(seed).fork("step").fork(0), shape);
  }

  /** The batch hooks alone, on images with boxes and masks. */
  batch(members: readonly Member[], seed: number): Columns {
    let columns: Columns = {};
    const state = new StageState();
    tf.tidy(() => {
      const step = createStep(feed(0, 1, 0, createRng(seed), this.draws(members, seed)), state);
      columns = read(flat(applyBatch(members, batchOf(this.#pictures, SHAPE), step)));
    });
    state.dispose();
    return columns;
  }
  /** The batch as it is before any hook. */
  untouched(): Columns {
    return this.batch([], 0);
  }

  async steps(members: readonly Member[], options: StepsOptions = {}): Promise<Outcome> {
    const { seed = 1, steps = 1, index = 0 } = options;
    const [model, state] = [await this.#wrap(members), new StageState()];
    const step = this.#stepper(members, model, state, options);
    const losses: number[] = [];
    let outcome: Omit<Outcome, "losses"> | undefined;
    try {
      for (let at = index; at < index + steps; at++)
        tf.tidy(() => {
          const { loss, batch, averages } = step(createRng(seed).fork("step").fork(at), at, index + steps);
          losses.push(loss.dataSync()[0]!);
          if (at < index + steps - 1) return;
          const weights = Object.fromEntries(model.weights.map(({ name, variable }) => [name, variable as Tensor]));
          outcome = { batch: read(flat(batch)), weights: read(weights), averages: read(averages) };
        });
      return { ...outcome!, losses };
    } finally {
      state.dispose();
      model.dispose();
    }
  }

  /** The plain loss on the fixed batch, before and after so many steps. */
  async learn(members: readonly Member[], steps: number, rate: number): Promise<{ before: number; after: number }> {
    const [model, state] = [await this.#wrap(members), new StageState()];
    const step = this.#stepper(members, model, state, { rate });
    const judge = (): number =>
      tf.tidy(() => {
        const batch = batchOf(this.#rows, SHAPE);
        const still = createStep(feed(0, 1, 0, createRng("judge"), {}), state);
        const seen = model.forward(batch.images, { training: true, statistics: false });
        return averageLoss(model.loss(seen, batch, still), batch.weights).dataSync()[0]!;
      });
    try {
      const before = judge();
      for (let at = 0; at < steps; at++) tf.tidy(() => void step(createRng(1).fork("step").fork(at), at, steps));
      return { before, after: judge() };
    } finally {
      state.dispose();
      model.dispose();
    }
  }

  /** One update, as a training does it. Call within a tidy. */
  #stepper(members: readonly Member[], model: ScaffoldModel, state: StageState, options: StepsOptions) {
    const { rate = 0.05, view = (step) => step, forward = (work) => work() } = options;
    const objective = objectiveOf(members, model.loss);
    const optimizer = optimizerOf(members, plain);
    return (rng: Rng, at: number, last: number): { loss: Scalar; batch: Batch; averages: NamedTensorMap } => {
      const step = view(createStep(feed(at, last, rate, rng, drawFor(members, rng, SHAPE)), state));
      const batch = applyBatch(members, batchOf(this.#rows, SHAPE), step);
      const loss = step.minimize(
        (how) => {
          const seen = forward(() => model.forward(batch.images, { training: true, step, ...how }));
          return averageLoss(objective(seen, batch, step), batch.weights);
        },
        model.weights,
        optimizer,
      );
      return { loss, batch, averages: averagesOf(members, model.weights, step) };
    };
  }

  async #wrap(members: readonly Member[]): Promise<ScaffoldModel> {
    const hooks = members.filter((member) => member.hooks.rewrite).map((member) => member.hooks);
    const { h, w, c, range, classes } = SHAPE;
    const normalization = { mean: [128, 128, 128], std: [64, 64, 64] };
    const model = buildModel(this.#trained);
    try {
      return await this.scaffold.wrap(model, {
        hooks,
        format: { h, w, c, range },
        classes,
        task: this.#trained,
        rng: createRng("testkit").fork("wrap"),
        normalization,
      });
    } finally {
      model.dispose();
    }
  }
}

const plain: Optimizer = (evaluate) => evaluate();
const averageLoss = (losses: Tensor1D | Scalar, weights: Tensor1D): Scalar =>
  losses.rank === 0 ? (losses as Scalar) : tf.div(tf.sum(tf.mul(losses, weights)), tf.sum(weights));

const feed = (
  index: number,
  last: number,
  rate: number,
  rng: Rng,
  draws: Readonly<Record<string, Draw>>,
): Parameters<typeof createStep>[0] => ({
  index,
  progress: index / last,
  rates: { default: rate },
  seed: rng.fork("device").seed(),
  draws,
});

/** Every tensor of a batch, by name. */
function flat({ boxes, also, ...batch }: Batch): NamedTensorMap {
  const { images, labels, weights, origin, masks, warp, colour } = batch;
  return {
    images,
    labels,
    weights,
    origin,
    warp,
    colour,
    ...(masks && { masks }),
    ...(boxes && { "boxes.at": boxes.at, "boxes.labels": boxes.labels, "boxes.weights": boxes.weights }),
    ...Object.fromEntries(Object.entries(also).map(([name, tensor]) => [`also.${name}`, tensor])),
  };
}

const read = (tensors: NamedTensorMap): Columns =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      { dtype: tensor.dtype, shape: tensor.shape, values: tensor.dataSync().slice() },
    ]),
  );

/** The first place where two sets of columns differ, in words; undefined where they are equal. 0 and −0 are equal. */
export function difference(a: Columns, b: Columns): string | undefined {
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [x, y] = [a[name], b[name]];
    if (!x || !y) return `${name} is there only once`;
    const at = x.values.findIndex(
      (value, i) => value !== y.values[i] && !(Number.isNaN(value) && Number.isNaN(y.values[i]!)),
    );
    if (x.values.length !== y.values.length) return `${name} has ${x.values.length} numbers, and ${y.values.length}`;
    if (at >= 0) return `${name}[${at}] is ${x.values[at]}, and ${y.values[at]}`;
  }
  return undefined;
}
export const differs = (a: Outcome, b: Outcome): string | undefined =>
  difference(a.batch, b.batch) ??
  (a.losses.some((loss, at) => loss !== b.losses[at])
    ? `the losses are ${a.losses.join(", ")}, and ${b.losses.join(", ")}`
    : undefined) ??
  difference(a.weights, b.weights) ??
  difference(a.averages, b.averages);
