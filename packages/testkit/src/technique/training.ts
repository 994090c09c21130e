import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  createRegimen,
  createRng,
  type Fragment,
  type Plugin,
  type Samples,
  type Scaffold,
  type Score,
  type Technique,
} from "@regimen/core";
import { SHAPE, buildModel, imagesOf } from "./world.ts";

const [TRAINING, VALIDATION, BATCH, EPOCHS] = [24, 12, 6, 3];

export type Trained = { readonly validation: Score; readonly predictions: Float32Array };

/** Whether a technique acts on whole trainings: no single step shows what it does. */
export const actsOnTrainings = (technique: Technique, params: Fragment["steps"][number]["with"]): boolean => {
  const { train, sample } = technique.create(params);
  return Boolean(train ?? sample);
};

/** A whole training of some dozen steps, as `regimen.fit` does it. Throws what it throws. */
export async function fit(
  technique: Technique,
  scaffold: Scaffold,
  how: { steps: Fragment["steps"]; seed: number; others?: readonly Technique[] },
): Promise<Trained> {
  const plugin: Plugin = {
    name: "testkit",
    version: "1.0.0",
    register(into) {
      into.scaffold(scaffold);
      for (const each of [technique, ...(how.others ?? [])]) into.technique(each);
    },
  };
  const task = technique.tasks?.find((known) => scaffold.tasks.includes(known)) ?? scaffold.tasks[0]!;
  const regimen = await createRegimen({ plugins: [plugin], backend: "current" });
  const model = buildModel(task);
  const validation = samples("validation", VALIDATION);
  try {
    const result = await regimen.fit({
      model: { model, weights: "keep" },
      task,
      data: { train: samples("train", TRAINING), validation, unlabeled: samples("unlabeled", TRAINING, false) },
      training: { epochs: EPOCHS, batchSize: BATCH, learningRate: 0.02, optimizer: "sgd", schedule: "constant" },
      policy: { steps: how.steps },
      seed: how.seed,
    });
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
    return { validation: result.validation, predictions };
  } finally {
    model.dispose();
    await regimen.dispose();
  }
}

export const sameTraining = (a: Trained, b: Trained): boolean =>
  a.predictions.every((value, at) => value === b.predictions[at]);

/** Images whose mean colour tells their class, each another. */
function samples(name: string, length: number, labelled = true): Samples {
  const { h, w, c, range, classes } = SHAPE;
  const width = h * w * c;
  const images = imagesOf(length, createRng("testkit").fork(name));
  const labels = new Float32Array(length * classes);
  for (let row = 0; row < length; row++) labels[row * classes + (row % classes)] = 1;
  return {
    name,
    length,
    format: { h, w, c, range },
    classes: Array.from({ length: classes }, (_, at) => `class ${at}`),
    skipped: [],
    labels: () => (labelled ? labels : undefined),
    id: (row) => `${name}/${row}`,
    read: async (rows) => {
      const picked = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++)
        picked.set(images.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
      return { images: picked };
    },
    dispose: () => undefined,
  };
}
