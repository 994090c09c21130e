import "@tensorflow/tfjs-backend-cpu";
import { IGNORED } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { segmenter } from "../src/index.ts";
import { blobsOf } from "../src/objects.ts";
import { batchOf, calm, format, MODELS, oneColumn, scene } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Rows of digits as a mask; dots are not known. */
const drawn = (...rows: string[]): Int32Array =>
  Int32Array.from([...rows.join("")], (sign) => (sign === "." ? IGNORED : Number(sign)));

describe("objects of a mask", () => {
  test("touch at corners too, are of one class, and are not the background", () => {
    const truth = drawn("10020", "01020", "00000", "0.022");
    const said = drawn("10000", "00020", "11111", "00020");
    expect(blobsOf(truth, said, 5, 3)).toEqual([
      { pixels: 2, right: 1 },
      { pixels: 2, right: 1 },
      { pixels: 2, right: 1 },
    ]);
  });
  test("do not go around an edge", () => {
    expect(blobsOf(drawn("001", "100"), drawn("000", "000"), 3, 2)).toHaveLength(2);
    expect(blobsOf(drawn("....", "0000"), drawn("1111", "1111"), 4, 2)).toEqual([]);
  });
});

test("exhibits are plain data that agree with the classes; the error of images counted twice is that of the images twice", async () => {
  const model = calm(MODELS["a softmax in its last convolution"]!());
  const classes = ["sky", "road", "tree"];
  const examine = async (rows: readonly number[]) => {
    const { images, masks } = scene(5);
    const index = tf.tensor1d([...rows], "int32");
    const [some, own] = [tf.gather(images, index), tf.gather(masks, index)];
    const examiner = segmenter.examine!({ model, task: "semantic_segmentation", format, classes })!;
    examiner.add([model.predict(some) as tf.Tensor], batchOf(some, own));
    return examiner.read(String);
  };
  const once = await examine([0, 1, 2, 3, 4]);
  const twice = await examine([0, 1, 1, 1, 4]);
  expect(once.errorOf!([1, 1, 1, 1, 1])).toBeCloseTo(once.error, 12);
  expect(once.errorOf!([1, 3, 0, 0, 1])).toBeCloseTo(twice.error, 12);
  const [overlap, sizes] = once.exhibits!;
  expect(overlap).toMatchObject({
    kind: "bars",
    rows: once.classes.map(({ name, support, iou, dice }) => ({ name, count: support, values: [iou, dice] })),
  });
  expect(once.measures!["mean IoU"]).toBeCloseTo(1 - once.error, 12);
  // Bands of 24 pixels of one class: three an image, of which the background's are none.
  expect(sizes!.kind === "bars" && sizes!.rows.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(5);
  expect(JSON.parse(JSON.stringify(once.exhibits))).toEqual(once.exhibits);
  expect(once.terms!.unit).toBe("pixel");
});

test.each([
  ["of three classes", () => calm(MODELS["logits at its end"]!())],
  ["of one value a pixel", () => calm(oneColumn())],
])("a model %s: its masks, and pictures of image, truth and answer with each class's colour", async (_, make) => {
  const [model, { images, masks }] = [make(), scene(2)];
  const answers = [model.predict(images) as tf.Tensor];
  const before = tf.memory().numTensors;
  const rows = {
    images: Float32Array.from(images.dataSync()),
    masks: Int32Array.from(masks.dataSync()),
    labels: new Float32Array(6),
    weights: new Float32Array(2),
    origin: new Float32Array(2),
  };
  const said = await segmenter.answer!({ answers, model, format });
  const pictures = await segmenter.draw!({ rows, answers, model, format });
  expect(tf.memory().numTensors).toBe(before);
  expect(said.map(({ mask }) => mask!.length)).toEqual([64, 64]);
  const { h, w } = pictures.format;
  expect([h, w, pictures.columns]).toEqual([192, 192, 3]);
  const at = (column: number, pixel: number): number[] => {
    const [y, x] = [24 * Math.floor(pixel / 8) + 5, 24 * (pixel % 8) + 5];
    return [...pictures.images.subarray(((column * h + y) * w + x) * 3, ((column * h + y) * w + x) * 3 + 3)];
  };
  for (let pixel = 0; pixel < 64; pixel++) {
    const same = String(at(1, pixel)) === String(at(0, pixel));
    expect(same, `truth of pixel ${pixel}`).toBe(rows.masks[pixel] === 0);
    expect(String(at(2, pixel)) === String(at(0, pixel)), `answer of pixel ${pixel}`).toBe(said[0]!.mask![pixel] === 0);
  }
  expect(pictures.colours![0]).toBeNull();
  expect(pictures.colours).toHaveLength(Math.max(2, answers[0]!.shape[3]!));
});
