import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { fromDataset, fromGenerator, type DatasetLike } from "../src/index.ts";
import { expectCode } from "./helpers.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

/** As `tf.data` hands elements out: an object with `iterator()`. */
function dataset(elements: () => Iterable<unknown>): DatasetLike {
  return {
    async iterator() {
      const items = elements()[Symbol.iterator]();
      return { next: async () => items.next() };
    },
  };
}

describe("fromGenerator", () => {
  it("copies tensors and disposes of them, names what has an id, sorts names of classes", async () => {
    async function* examples() {
      yield { image: tf.tensor3d([1, 2], [1, 2, 1], "int32"), label: "dog", id: "first" };
      yield { image: tf.tensor3d([3, 4], [1, 2, 1], "int32"), label: "cat" };
      yield { image: { data: Uint8Array.of(5, 6), h: 1, w: 2, c: 1 } };
    }
    const seen: number[] = [];
    const samples = await fromGenerator(examples(), { name: "mine", onProgress: (done) => seen.push(done) });
    expect((await samples.read([2, 0])).images).toEqual(Uint8Array.of(5, 6, 1, 2));
    expect(samples.classes).toEqual(["cat", "dog"]);
    expect([...samples.labels()!]).toEqual([0, 1, 1, 0, NaN, NaN]);
    expect([samples.id(0), samples.id(1)]).toEqual(["first", "mine#1"]);
    expect(seen).toEqual([1, 2, 3]);
    samples.dispose();
  });

  it("stops an endless one at the limit, and lets it clean up", async () => {
    let cleaned = false;
    function* endless() {
      try {
        for (let i = 0; ; i++) yield { image: { data: Float32Array.of(i / 10), h: 1, w: 1, c: 1 }, label: i % 2 };
      } finally {
        cleaned = true;
      }
    }
    const samples = await fromGenerator(endless, { limit: 4 });
    expect([samples.length, cleaned]).toEqual([4, true]);
    samples.dispose();
  });

  it("fails with codes, and frees the tensor at hand", async () => {
    function* uneven() {
      yield { image: tf.zeros([2, 2, 1]) as tf.Tensor3D, label: 0 };
      yield { image: tf.zeros([2, 3, 1]) as tf.Tensor3D, label: 1 };
    }
    await expectCode(fromGenerator(uneven), "REG_DATA_MISMATCH", "image 1", "[2, 3, 1]", "[2, 2, 1]");
    function* mixed() {
      yield { image: { data: Uint8Array.of(1), h: 1, w: 1, c: 1 } };
      yield { image: { data: Float32Array.of(1), h: 1, w: 1, c: 1 } };
    }
    await expectCode(fromGenerator(mixed), "REG_DATA_MISMATCH", "floats", "whole numbers");
    await expectCode(fromGenerator([]), "REG_DATA_EMPTY", "no image");
    await expectCode(
      fromGenerator([{ image: { data: Uint8Array.of(1, 2), h: 1, w: 1, c: 1 } }]),
      "REG_DATA_MISMATCH",
      "2 values",
      "expected 1",
    );
  });
});

describe("fromDataset", () => {
  it("takes single elements", async () => {
    const samples = await fromDataset(
      dataset(function* () {
        yield { xs: tf.tensor3d([0, 1], [1, 2, 1]), ys: tf.tensor1d([0, 1]) };
        yield { xs: tf.tensor3d([1, 0], [1, 2, 1]), ys: tf.tensor1d([1, 0]) };
      }),
    );
    expect([...samples.labels()!]).toEqual([0, 1, 1, 0]);
    expect((await samples.read([1])).images).toEqual(Float32Array.of(1, 0));
    samples.dispose();
  });

  it("takes batches, pairs, plain numbers and an async iterable; a limit cuts inside a batch", async () => {
    async function* batches() {
      yield [tf.tensor4d([1, 2, 3], [3, 1, 1, 1], "int32"), tf.tensor1d([0, 1, 1], "int32")];
      yield [tf.tensor4d([4, 5], [2, 1, 1, 1], "int32"), tf.tensor2d([[0], [1]], [2, 1], "int32")];
    }
    const samples = await fromDataset(batches(), { limit: 4 });
    expect((await samples.read([0, 1, 2, 3])).images).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect([...samples.labels()!]).toEqual([1, 0, 0, 1, 0, 1, 1, 0]);
    samples.dispose();
    const plain = await fromDataset(
      dataset(function* () {
        yield { xs: tf.zeros([1, 1, 3]), ys: 1 };
        yield { xs: tf.zeros([1, 1, 3]), ys: 0 };
        yield { xs: tf.zeros([1, 1, 3]) };
      }),
    );
    expect([...plain.labels()!]).toEqual([0, 1, 1, 0, NaN, NaN]);
    plain.dispose();
  });

  it("fails with codes, and frees what it holds", async () => {
    await expectCode(fromDataset(dataset(() => [{ images: 1 }])), "REG_DATA_MISMATCH", "element 0", "fitDataset");
    await expectCode(
      fromDataset(
        dataset(function* () {
          yield { xs: tf.zeros([3, 1, 1, 1]), ys: tf.tensor1d([0, 1]) };
        }),
      ),
      "REG_DATA_MISMATCH",
      "3 images and 2 labels",
    );
    await expectCode(fromDataset(dataset(() => [])), "REG_DATA_EMPTY");
  });
});
