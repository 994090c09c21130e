import "@tensorflow/tfjs-backend-cpu";
import { IGNORED } from "@regimen/core";
import { resnetUnet, unet } from "@regimen/models";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import plugin, { segmenter } from "../src/index.ts";
import { batchOf, calm, CLASSES, format, how, MODELS, oneColumn, scene } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu"));

const difference = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
const predict = (model: tfl.LayersModel, images: tf.Tensor): tf.Tensor => model.predict(images) as tf.Tensor;
const step = {} as never;

/** As a user has it, who never heard of Regimen. */
async function reloaded(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
  expect(JSON.stringify(saved!.modelTopology)).not.toContain("Regimen");
  const modelTopology = JSON.parse(JSON.stringify(saved!.modelTopology)) as object;
  return tfl.loadLayersModel(tf.io.fromMemory({ ...saved!, modelTopology }));
}

test("the plug-in registers the scaffold", () => {
  const registered: unknown[] = [];
  plugin.register({ scaffold: (scaffold: unknown) => registered.push(scaffold) } as never);
  expect(registered).toEqual([segmenter]);
});

describe.each(Object.entries(MODELS))("%s", (kind, make) => {
  test("trained, the plain model answers as the training model does, reloaded by tfjs alone", async () => {
    const [model, { images, masks }] = [calm(make()), scene(4)];
    const wrapped = await segmenter.wrap(model, how({ normalization: { mean: [100], std: [80] } }));
    const open = wrapped.weights.filter(({ role }) => role !== "statistic").map(({ variable }) => variable);
    const optimizer = tf.train.adam(0.03);
    const losses = Array.from({ length: 30 }, () =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(
          () => tf.mean(wrapped.loss(wrapped.forward(images, { training: true }), batchOf(images, masks), step)),
          open,
        );
        optimizer.applyGradients(grads as never);
        return value.dataSync()[0]!;
      }),
    );
    expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);
    const seen = wrapped.forward(images);
    expect(seen.features.shape).toHaveLength(2);
    expect(seen.outputs.shape).toEqual([4, 8, 8, CLASSES]);
    const { probabilities, classes } = wrapped.decode(seen);
    expect(classes!.shape).toEqual([4, 8, 8]);
    const plain = await reloaded(await wrapped.plain());
    expect(
      difference(predict(plain, images), kind === "logits at its end" ? seen.outputs : probabilities!),
    ).toBeLessThan(1e-5);
    wrapped.dispose();
  });
});

test("one value a pixel: the second of two classes", async () => {
  const [model, { images, masks }] = [calm(oneColumn()), scene(3)];
  const wrapped = await segmenter.wrap(model, how({ classes: 2 }));
  const { probabilities } = wrapped.decode(wrapped.forward(images));
  expect(difference(tf.slice(probabilities!, [0, 0, 0, 1]), predict(model, images))).toBeLessThan(1e-6);
  expect(difference(predict(await wrapped.plain(), images), predict(model, images))).toBeLessThan(1e-6);
  const two = tf.minimum(masks, tf.scalar(1, "int32"));
  const losses = wrapped.loss(wrapped.forward(images), batchOf(images, two as tf.Tensor3D, 2), step);
  expect(losses.shape).toEqual([3]);
});

test.each([unet, resnetUnet])("$name: an answer at each pixel, and filters by its width", ({ build, name }) => {
  const of = { format: { ...format, h: 16, w: 24 }, classes: 4, seeds: () => 1 };
  const [small, whole] = [build({ ...of, with: { width: 0.25 } }), build({ ...of, with: {} })];
  expect(whole.outputs[0]!.shape).toEqual([null, 16, 24, 4]);
  expect(whole.countParams()).toBeGreaterThan(8 * small.countParams());
  expect(() => build({ ...of, format: { ...format, h: 17, w: 24 }, with: {} })).toThrow(
    `REG_MODEL_ARCHITECTURE: ${name}`,
  );
});

test("meter and examiner agree: mean IoU over all pixels, each image's own, ignored pixels in neither", async () => {
  const [model, { images, masks }] = [calm(MODELS["a softmax in its last convolution"]!()), scene(5)];
  const third = tf.cast(tf.equal(tf.range(0, 8, 1, "int32"), 3), "int32");
  const some = tf.add(tf.mul(masks, tf.sub(tf.scalar(1, "int32"), third)), tf.mul(third, tf.scalar(IGNORED, "int32")));
  const blank = tf.concat([tf.slice(some, 0, 4), tf.fill([1, 8, 8], IGNORED, "int32")]) as tf.Tensor3D;
  const wrapped = await segmenter.wrap(model, how());
  const meter = segmenter.meter({ ...format, n: 5, classes: CLASSES }, "semantic_segmentation");
  const classes = ["sky", "road", "tree"];
  const examiner = segmenter.examine!({ model, task: "semantic_segmentation", format, classes })!;
  for (const [from, size] of [
    [0, 2],
    [2, 3],
  ] as const) {
    const [part, own] = [tf.slice(images, from, size), tf.slice(blank, from, size)];
    meter.add(wrapped.forward(part as tf.Tensor4D), batchOf(part as tf.Tensor4D, own as tf.Tensor3D));
    examiner.add([predict(model, part)], batchOf(part as tf.Tensor4D, own as tf.Tensor3D));
  }
  const before = tf.memory().numTensors;
  const { score, losses } = await meter.read();
  const evaluation = await examiner.read((row) => `image ${row}`);
  expect(tf.memory().numTensors).toBeLessThan(before);
  expect(evaluation.images).toBe(4);
  expect(evaluation.error).toBeCloseTo(score.error, 6);
  expect(evaluation.loss).toBeCloseTo(score.loss, 5);
  expect(losses[4]).toBeNaN();
  expect(evaluation.predictions[4]).toMatchObject({ id: "image 4", error: null });
  // Independently, from the answers read back.
  const said = [...tf.argMax(predict(model, images), 3).dataSync()];
  const truth = [...blank.dataSync()];
  const ious = classes.flatMap((_, c) => {
    const both = truth.filter((k, at) => k === c && said[at] === c).length;
    const either = truth.filter((k, at) => k !== IGNORED && (k === c || said[at] === c)).length;
    return either ? [both / either] : [];
  });
  expect(1 - evaluation.error).toBeCloseTo(ious.reduce((a, b) => a + b) / ious.length, 6);
  expect(evaluation.confusion!.flat().reduce((a, b) => a + b)).toBe(truth.filter((k) => k !== IGNORED).length);
  expect(evaluation.calibration!.bins.reduce((sum, bin) => sum + bin.images, 0)).toBe(
    truth.filter((k) => k !== IGNORED).length,
  );
  expect(evaluation.classes.map(({ name }) => name)).toEqual(classes);
});

test("what does not fit is refused with a code", async () => {
  const model = MODELS["logits at its end"]!();
  await expect(segmenter.wrap(model, how({ classes: 5 }))).rejects.toThrow("REG_MODEL_OUTPUT");
  await expect(segmenter.wrap(model, how({ format: { ...format, h: 16 } }))).rejects.toThrow("REG_MODEL_INPUT");
  await expect(segmenter.wrap(model, how({ task: "classification" }))).rejects.toThrow("REG_TASK");
  const wrapped = await segmenter.wrap(model, how());
  const { images, masks } = scene(1);
  const { masks: _, ...bare } = batchOf(images, masks);
  expect(() => wrapped.loss(wrapped.forward(images), bare, step)).toThrow("REG_DATA_MISMATCH");
});
