import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import {
  breathe,
  type Batch,
  type Cost,
  type Forward,
  type ImageFormat,
  type Metered,
  type Predictor,
  type Program,
  type Rng,
  type Scaffold,
  type Shape,
  type Source,
  type Table,
  type Task,
} from "@regimen/contracts";
import { batchFrom, feedTensors, Repeated, rowTensors, stepFrom, StageState, type Repeating } from "@regimen/steps";
import { chunks } from "@regimen/sources";
import { applyBatch, drawFor, type Composition } from "./compose.ts";

/** Forward passes need no gradients, so their batches may be larger: so many images, of large ones about a megapixel. */
const batchFor = ({ h, w }: ImageFormat): number => Math.max(1, Math.min(250, Math.floor(2 ** 20 / (h * w))));
/** Recording costs about a pass: below so many full batches it does not pay. */
const WORTH_RECORDING = 4;

/** Runs `program` ({ images } ⇒ whatever) over a source, in order, and shows each answer beside its batch. Returns the number of batches. */
export async function forEachBatch(
  on: Source,
  program: Program,
  visit: (answer: NamedTensorMap, batch: Batch) => void,
  { record, refused }: Repeating,
): Promise<number> {
  const size = batchFor(on.format);
  const groups = chunks(on.length, size);
  const full = new Repeated(program, { refused, ...(record && on.length >= WORTH_RECORDING * size && { record }) });
  const rest = new Repeated(program, { refused });
  let next = groups[0] && on.read(groups[0]);
  try {
    for (const [at, rows] of groups.entries()) {
      await breathe();
      const read = await next!;
      next = groups[at + 1] && on.read(groups[at + 1]!);
      const shape: Shape = { ...on.format, n: rows.length, classes: on.classes.length };
      const passes = rows.length === size ? full : rest;
      // What the recording assigned is wanted by whoever runs next: the last, smaller batch, or the caller.
      if (passes === rest) full.sync();
      tf.tidy(() => {
        const batch = batchFrom(rowTensors(read, shape), shape);
        visit(passes.run({ images: batch.images }), batch);
      });
    }
    if (groups.at(-1)?.length === size) full.sync();
  } finally {
    full.dispose();
  }
  return groups.length;
}

/** Looks at a model's answers: `forward` recorded. */
const forEachForward = (
  model: Predictor,
  on: Source,
  visit: (seen: Forward, batch: Batch) => void,
  repeating: Repeating,
): Promise<number> =>
  forEachBatch(
    on,
    ({ images }) => {
      const { features, outputs, maps } = model.forward(images as Tensor4D, { training: false });
      return { features, outputs, ...Object.fromEntries(maps.map((map, at) => [`map ${at}`, map])) };
    },
    ({ features, outputs, ...maps }, batch) => {
      const seen = { features: features as Tensor2D, outputs: outputs!, maps: Object.values(maps) as Tensor4D[] };
      visit(seen, batch);
    },
    repeating,
  );

/** Scores a model on a source, in order; one host read at the end. */
export async function scoreModel(
  model: Predictor,
  on: Source,
  { scaffold, task, ...repeating }: Repeating & { readonly scaffold: Scaffold; readonly task: Task },
): Promise<Metered> {
  const meter = scaffold.meter({ ...on.format, n: batchFor(on.format), classes: on.classes.length }, task);
  await forEachForward(model, on, (seen, batch) => meter.add(seen, batch), repeating);
  return meter.read();
}

/** Inference over a source, in order; `pick` names the columns ([n, …] each). */
export async function tableOf(
  model: Predictor,
  on: Source,
  pick: (seen: Forward) => NamedTensorMap,
  repeating: Repeating,
): Promise<Table> {
  const found = new Columns();
  await forEachForward(model, on, (seen) => found.add(pick(seen)), repeating);
  return found.read(on.length);
}

/** As `tableOf`, for each composition of the same techniques, whose `batch` hooks act first. Draws are the same for each. */
export async function tablesThrough(
  model: Predictor,
  compositions: readonly Composition[],
  on: Source,
  pick: (seen: Forward) => NamedTensorMap,
  { rng, record, refused }: Repeating & { readonly rng: Rng },
): Promise<readonly Table[]> {
  const found = compositions.map(() => new Columns());
  const groups = chunks(on.length, batchFor(on.format));
  const state = new StageState();
  const programs = new Map<number, Repeated>();
  const programFor = (shape: Shape): Repeated => {
    const known = programs.get(shape.n);
    if (known) return known;
    const runs = compositions.length * groups.filter(({ length }) => length === shape.n).length;
    const program: Program = (inputs, own) => {
      const step = stepFrom(inputs, { state, own });
      const { images } = applyBatch(compositions[0]!.members, batchFrom(inputs, shape), step);
      return pick(model.forward(images, { training: false }));
    };
    const made = new Repeated(program, { refused, ...(record && runs >= WORTH_RECORDING && { record }) });
    programs.set(shape.n, made);
    return made;
  };
  try {
    for (const [at, rows] of groups.entries()) {
      const read = await on.read(rows);
      const shape: Shape = { ...on.format, n: rows.length, classes: on.classes.length };
      const stream = rng.fork("through").fork(at);
      for (const [which, { members }] of compositions.entries()) {
        await breathe();
        const draws = drawFor(members, stream, shape);
        tf.tidy(() => {
          const feed = { index: at, progress: 0, rates: { default: 0 }, seed: stream.fork("device").seed(), draws };
          found[which]!.add(programFor(shape).run({ ...feedTensors(feed), ...rowTensors(read, shape) }));
        });
      }
    }
  } finally {
    for (const program of programs.values()) program.dispose();
    state.dispose();
  }
  return Promise.all(found.map((columns) => columns.read(on.length)));
}

/** Columns that grow on the device, batch by batch. */
class Columns {
  readonly #parts: Record<string, Tensor[]> = {};

  add(answer: NamedTensorMap): void {
    for (const [name, tensor] of Object.entries(answer)) (this.#parts[name] ??= []).push(tf.keep(tensor.clone()));
  }

  /** Reads what was added, and disposes of it. */
  async read(rows: number): Promise<Table> {
    const columns: Record<string, { width: number; values: Float32Array }> = {};
    for (const [name, parts] of Object.entries(this.#parts)) {
      const width = parts[0]!.size / parts[0]!.shape[0]!;
      const values = new Float32Array(rows * width);
      let at = 0;
      for (const part of parts) {
        values.set(await part.data(), at);
        at += part.size;
        part.dispose();
      }
      columns[name] = { width, values };
    }
    return { rows, columns };
  }
}

/** Forward passes over so many images. */
export async function timed<T>(images: number, work: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
  const started = performance.now();
  const result = await work();
  return { result, cost: { trained: 0, inferred: images, seconds: (performance.now() - started) / 1000 } };
}
