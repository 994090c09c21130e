import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  createRegimen,
  type Backend,
  type Fragment,
  type Plugin,
  type Samples,
  type Scaffold,
  type Score,
  type Technique,
} from "@regimen/core";
import { replay } from "@regimen/replay";
import { madeUpColours } from "../small.ts";
import { SHAPE, buildModel } from "./world.ts";

const [TRAINING, VALIDATION, BATCH, EPOCHS] = [24, 12, 6, 3];
/** What a training may spend, in images seen: its plan, and a batch for rounding. */
export const ALLOWANCE = EPOCHS * TRAINING + BATCH;

export type Trained = {
  readonly validation: Score;
  readonly predictions: Float32Array;
  /** Images seen, by all sittings. */ readonly seen: number;
  /** Images seen, those of the validation split left out; of a training in one sitting. */ readonly spent: number;
  /** Why steps could not be recorded, where that was asked. */ readonly unrecorded: readonly string[];
};

export type FitHow = {
  readonly steps: Fragment["steps"];
  readonly seed: number;
  readonly others?: readonly Technique[];
  /** Steps are recorded and replayed, instead of run op by op. */ readonly recorded?: boolean;
  readonly out?: string;
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
};

/** Whatever backend tfjs uses, with a recorder. */
const recording: Backend = {
  name: "testkit-recording",
  rank: 99,
  auto: false,
  load: async () => ({ tfjs: tf.getBackend(), version: tf.version_core, device: "as set", record: replay }),
};

/** Whether a technique acts on whole trainings: no single step shows what it does. */
export const actsOnTrainings = (technique: Technique, params: Fragment["steps"][number]["with"]): boolean => {
  const { train, sample } = technique.create(params);
  return Boolean(train ?? sample);
};

/** A whole training of some dozen steps, as `regimen.fit` does it. Throws what it throws. */
export async function fit(
  technique: Technique,
  scaffold: Scaffold,
  { steps, seed, others = [], recorded = false, ...job }: FitHow,
): Promise<Trained> {
  const plugin: Plugin = {
    name: "testkit",
    version: "1.0.0",
    register(into) {
      into.scaffold(scaffold);
      into.backend(recording);
      for (const each of [technique, ...others]) into.technique(each);
    },
  };
  const task = scaffold.tasks.find((known) => technique.tasks?.includes(known)) ?? scaffold.tasks[0]!;
  const regimen = await createRegimen({ plugins: [plugin], backend: recorded ? recording.name : "current" });
  const model = buildModel(task);
  const validation = madeUpColours("validation", VALIDATION);
  let validated = 0;
  const watched: Samples = {
    ...validation,
    read: (rows) => {
      validated += rows.length;
      return validation.read(rows);
    },
  };
  try {
    const running = regimen.fit({
      model: { model, weights: "keep" },
      task,
      data: {
        train: madeUpColours("train", TRAINING),
        validation: watched,
        unlabeled: madeUpColours("unlabeled", TRAINING, "none"),
        ...(technique.order.needs?.includes("synthetic") && { synthetic: madeUpColours("synthetic", TRAINING) }),
      },
      training: { epochs: EPOCHS, batchSize: BATCH, learningRate: 0.02, optimizer: "sgd", schedule: "constant" },
      policy: { steps },
      seed,
      ...job,
    });
    const unrecorded: string[] = [];
    for await (const event of running)
      if (event.kind === "warning" && event.code === "REG_CAPTURE") unrecorded.push(event.message);
    const result = await running;
    const all = Array.from({ length: VALIDATION }, (_, row) => row);
    const { images } = await validation.read(all);
    const predictions = tf.tidy(() => {
      const seen = result.model.predict(tf.tensor4d(images, [VALIDATION, SHAPE.h, SHAPE.w, SHAPE.c]), {
        batchSize: VALIDATION,
      });
      return (seen as Tensor).dataSync().slice() as Float32Array;
    });
    result.model.dispose();
    assert.ok(predictions.every(Number.isFinite), "the trained model predicts numbers that are not finite");
    const { validation: score, imagesSeen: seen } = result;
    return { validation: score!, predictions, seen, spent: seen - validated / 3, unrecorded };
  } finally {
    model.dispose();
    await regimen.dispose();
  }
}

export const sameTraining = (a: Trained, b: Trained): boolean =>
  a.predictions.every((value, at) => value === b.predictions[at]);
