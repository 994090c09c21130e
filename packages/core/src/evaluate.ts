import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Tensor } from "@tensorflow/tfjs-core";
import {
  breathe,
  type Forward,
  type Metered,
  type Predictor,
  type Scaffold,
  type Shape,
  type Source,
  type Table,
} from "@regimen/contracts";
import { batchOf } from "./pending.ts";
import { chunks } from "@regimen/sources";

/** Forward passes need no gradients, so their batches may be larger. */
const BATCH = 250;

async function forEachBatch(on: Source, visit: (batch: ReturnType<typeof batchOf>) => void): Promise<void> {
  const groups = chunks(on.length, BATCH);
  let next = groups[0] && on.read(groups[0]);
  for (const [at, rows] of groups.entries()) {
    await breathe();
    const read = await next!;
    next = groups[at + 1] && on.read(groups[at + 1]!);
    const shape: Shape = { ...on.format, n: rows.length, classes: on.classes.length };
    tf.tidy(() => visit(batchOf(read, shape)));
  }
}

/** Scores a model on a source, in order; one host read at the end. */
export async function scoreModel(model: Predictor, on: Source, scaffold: Scaffold): Promise<Metered> {
  const meter = scaffold.meter({ ...on.format, n: BATCH, classes: on.classes.length });
  await forEachBatch(on, (batch) => meter.add(model.forward(batch.images, { training: false }), batch));
  return meter.read();
}

/** Inference over a source, in order; `pick` names the columns ([n, …] each). */
export async function tableOf(model: Predictor, on: Source, pick: (seen: Forward) => NamedTensorMap): Promise<Table> {
  const found: Record<string, Tensor[]> = {};
  await forEachBatch(on, (batch) => {
    for (const [name, tensor] of Object.entries(pick(model.forward(batch.images, { training: false }))))
      (found[name] ??= []).push(tf.keep(tensor.clone()));
  });
  const columns: Record<string, { width: number; values: Float32Array }> = {};
  for (const [name, parts] of Object.entries(found)) {
    const width = parts[0]!.size / parts[0]!.shape[0]!;
    const values = new Float32Array(on.length * width);
    let at = 0;
    for (const part of parts) {
      values.set(await part.data(), at);
      at += part.size;
      part.dispose();
    }
    columns[name] = { width, values };
  }
  return { rows: on.length, columns };
}
