import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { fromArrays, fromTensors } from "../src/index.ts";
import { expectCode, noise } from "./helpers.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const tensors = async <T extends tf.TensorContainer>(make: () => T, use: (made: T) => Promise<void>) => {
  const before = tf.memory().numTensors;
  const made = tf.tidy(make);
  await use(made);
  tf.dispose(made);
  expect(tf.memory().numTensors).toBe(before);
};

describe("fromTensors", () => {
  it("copies whole numbers as bytes, and leaves the tensors to the caller", () =>
    tensors(
      () => ({
        xs: tf.tensor4d(Array.from(noise(4 * 2 * 3, 1)), [4, 2, 3, 1], "int32"),
        ys: tf.tensor1d([0, 2, 1, 0], "int32"),
      }),
      async ({ xs, ys }) => {
        const samples = await fromTensors(xs, ys);
        expect(samples.format).toEqual({ h: 2, w: 3, c: 1, range: [0, 255] });
        expect((await samples.read([3, 0])).images).toEqual(
          Uint8Array.of(...noise(24, 1).subarray(18), ...noise(24, 1).subarray(0, 6)),
        );
        expect(samples.classes).toEqual(["0", "1", "2"]);
        expect([...samples.labels()!]).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0]);
        expect(samples.id(2)).toBe("tensors#2");
        expect([xs.isDisposed, ys.isDisposed]).toEqual([false, false]);
        samples.dispose();
      },
    ));

  it("lets the caller dispose of them at once", async () => {
    const xs = tf.tensor4d([0.25, 0.5], [2, 1, 1, 1]);
    const ys = tf.tensor2d([
      [0, 1],
      [1, 0],
    ]);
    const promise = fromTensors(xs, ys);
    tf.dispose([xs, ys]);
    const samples = await promise;
    expect((await samples.read([0, 1])).images).toEqual(Float32Array.of(0.25, 0.5));
    samples.dispose();
  });

  it.each([
    { values: [0, 0.5, 1, 0.2], range: [0, 1] },
    { values: [-1, 0.5, 1, 0.2], range: [-1, 1] },
    { values: [0, 200.5, 1, 0.2], range: [0, 255] },
  ])("takes $range for floats such as $values", async ({ values, range }) =>
    tensors(
      () => tf.tensor4d(values, [2, 1, 2, 1]),
      async (xs) => {
        const samples = await fromTensors(xs, undefined, { classes: ["a", "b"] });
        expect([samples.format.range, samples.labels(), samples.classes]).toEqual([range, undefined, ["a", "b"]]);
        samples.dispose();
      },
    ),
  );

  it("keeps soft labels, NaN rows without one, a told range, class names", () =>
    tensors(
      () => ({
        xs: tf.tensor4d([0, 9, 8, 7], [2, 2, 1, 1]),
        ys: tf.tensor2d([
          [0.25, 0.75],
          [NaN, NaN],
        ]),
      }),
      async ({ xs, ys }) => {
        const samples = await fromTensors(xs, ys, { classes: ["ant", "bee"], range: [0, 10], name: "mine" });
        expect([...samples.labels()!]).toEqual([0.25, 0.75, NaN, NaN]);
        expect([samples.classes, samples.format.range, samples.name]).toEqual([["ant", "bee"], [0, 10], "mine"]);
        samples.dispose();
      },
    ));

  it("takes [n, 1] as class numbers, and text as class names", async () => {
    await tensors(
      () => ({
        xs: tf.zeros([3, 1, 1, 3]) as tf.Tensor4D,
        ys: tf.tensor2d([[1], [0], [NaN]]),
        names: tf.tensor1d(["b", "a", "b"], "string"),
      }),
      async ({ xs, ys, names }) => {
        const [numbered, named] = [await fromTensors(xs, ys), await fromTensors(xs, names)];
        expect([...numbered.labels()!]).toEqual([0, 1, 1, 0, NaN, NaN]);
        expect([named.classes, [...named.labels()!]]).toEqual([
          ["a", "b"],
          [0, 1, 1, 0, 0, 1],
        ]);
        numbered.dispose();
        named.dispose();
      },
    );
  });

  it("fails with codes", () =>
    tensors(
      () => ({
        xs: tf.zeros([2, 2, 2, 1]) as tf.Tensor4D,
        flat: tf.zeros([2, 2, 2]),
        none: tf.zeros([0, 2, 2, 1]) as tf.Tensor4D,
        wild: tf.tensor4d([0, 1, 2, 999], [2, 1, 2, 1]),
        whole: tf.tensor4d([0, 1, 2, 256], [2, 1, 2, 1], "int32"),
        lost: tf.tensor4d([0, NaN], [2, 1, 1, 1]),
        three: tf.tensor1d([0, 1, 0]),
        cube: tf.zeros([2, 2, 2]),
        negative: tf.tensor1d([0, -1]),
        half: tf.tensor1d([0, 0.5]),
        same: tf.tensor1d([1, 1]),
        sums: tf.tensor2d([
          [0, 1],
          [2, 0],
        ]),
        wide: tf.tensor2d([
          [0, 1, 0],
          [1, 0, 0],
        ]),
      }),
      async (t) => {
        await expectCode(fromTensors(t.flat as unknown as tf.Tensor4D), "REG_DATA_MISMATCH", "[2, 2, 2]", "n, h, w, c");
        await expectCode(fromTensors(t.none), "REG_DATA_EMPTY", "no image");
        await expectCode(fromTensors(t.wild), "REG_DATA_UNREADABLE", "0 to 999", "range");
        await expectCode(
          fromTensors(t.wild, undefined, { range: [0, 255] }),
          "REG_DATA_UNREADABLE",
          "image 1",
          "2 to 999",
        );
        await expectCode(fromTensors(t.whole), "REG_DATA_UNREADABLE", "2 to 256");
        await expectCode(fromTensors(t.lost), "REG_DATA_UNREADABLE", "image 1", "finite");
        await expectCode(fromTensors(t.xs, t.three), "REG_DATA_MISMATCH", "2 images and 3 labels");
        await expectCode(fromTensors(t.xs, t.cube), "REG_DATA_MISMATCH", "[2, 2, 2]");
        await expectCode(fromTensors(t.xs, t.negative), "REG_DATA_LABEL", "image 1", "label -1");
        await expectCode(fromTensors(t.xs, t.half), "REG_DATA_LABEL", "label 0.5");
        await expectCode(fromTensors(t.xs, t.same), "REG_DATA_ONE_CLASS", '"1"');
        await expectCode(fromTensors(t.xs, t.same, { classes: ["a"] }), "REG_DATA_LABEL", "0 to 0");
        await expectCode(fromTensors(t.xs, t.sums), "REG_DATA_LABEL", "image 1", "2, 0");
        await expectCode(
          fromTensors(t.xs, t.wide, { classes: ["a", "b"] }),
          "REG_DATA_MISMATCH",
          "3 label values",
          "expected 2",
        );
      },
    ));
});

describe("fromArrays", () => {
  const pixels = noise(3 * 4, 2);
  it("takes numbers, names and distributions, with null for none", async () => {
    const numbers = await fromArrays(pixels, Int32Array.of(0, 1, 0), { h: 2, w: 2, c: 1 });
    const names = await fromArrays(pixels, ["b", null, "a"], { h: 2, w: 2, c: 1 });
    const soft = await fromArrays(pixels, [[0.5, 0.5], null, [1, 0]], { h: 2, w: 2, c: 1 });
    expect([...numbers.labels()!]).toEqual([1, 0, 0, 1, 1, 0]);
    expect([...names.labels()!]).toEqual([0, 1, NaN, NaN, 1, 0]);
    expect([...soft.labels()!]).toEqual([0.5, 0.5, NaN, NaN, 1, 0]);
    for (const samples of [numbers, names, soft]) samples.dispose();
  });
  it("copies", async () => {
    const mine = Uint8Array.from(pixels);
    const samples = await fromArrays(mine, undefined, { h: 2, w: 2, c: 1 });
    mine.fill(0);
    expect((await samples.read([1])).images).toEqual(pixels.subarray(4, 8));
    samples.dispose();
  });
  it("fails with codes", async () => {
    const shape = { h: 2, w: 2, c: 1 };
    await expectCode(
      fromArrays(pixels.subarray(1), undefined, shape),
      "REG_DATA_MISMATCH",
      "11 values",
      "multiple of 4",
    );
    await expectCode(fromArrays(pixels, [0, "a", 1], shape), "REG_DATA_MISMATCH", "number, name");
    await expectCode(
      fromArrays(pixels, ["a", "x", "b"], { ...shape, classes: ["a", "b"] }),
      "REG_DATA_LABEL",
      "image 1",
      '"x"',
    );
  });
});
