import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { wasm } from "../src/index.ts";

// Kernels of ours that only move elements, or compare them: the same elements in the same places as on cpu, whatever the shape.

beforeAll(async () => {
  await wasm.load();
});

type DType = "float32" | "int32" | "bool";
const shape = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
const dtype = fc.constantFrom<DType>("float32", "int32", "bool");

function filled(of: readonly number[], type: DType): tf.Tensor {
  const count = tf.util.sizeFromShape([...of]);
  const values = Array.from({ length: count }, (_, i) => (type === "bool" ? (i * 7) % 3 === 0 : i + 1));
  return tf.tensor(values as number[], [...of], type);
}

/** `calculate` gives the same on cpu and on wasm. */
async function same(calculate: () => tf.Tensor[]): Promise<void> {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    return tf.tidy(() => calculate().map((t) => ({ shape: t.shape, dtype: t.dtype, values: [...t.dataSync()] })));
  };
  const expected = await run("cpu");
  expect(await run("wasm")).toEqual(expected);
}

function property<T>(arbitrary: fc.Arbitrary<T>, calculate: (drawn: T) => tf.Tensor[]): Promise<void> {
  const checked = fc.asyncProperty(arbitrary, (drawn) => same(() => calculate(drawn)));
  return fc.assert(checked, { numRuns: 60, seed: 11 });
}

const axisOf = (of: readonly number[]) => fc.integer({ min: 0, max: of.length - 1 });

test("tile", () =>
  property(
    shape.chain((of) =>
      fc.record({
        of: fc.constant(of),
        type: dtype,
        reps: fc.tuple(...of.map(() => fc.integer({ min: 1, max: 3 }))),
      }),
    ),
    ({ of, type, reps }) => [tf.tile(filled(of, type), reps as number[])],
  ));

test("where with a condition to be broadcast", () =>
  property(shape, (of) => {
    const condition = tf.reshape(filled([of[0]!], "bool"), [of[0]!, ...of.slice(1).map(() => 1)]);
    return [tf.where(condition, filled(of, "float32"), tf.neg(filled(of, "float32")))];
  }));

test("reverse", () =>
  property(
    shape.chain((of) =>
      fc.record({ of: fc.constant(of), type: dtype, axes: fc.uniqueArray(axisOf(of), { minLength: 1 }) }),
    ),
    ({ of, type, axes }) => [tf.reverse(filled(of, type), axes)],
  ));

const range = (size: number) =>
  fc
    .integer({ min: 0, max: size - 1 })
    .chain((begin) => fc.tuple(fc.constant(begin), fc.integer({ min: 1, max: size - begin })));

test("slice", () =>
  property(
    shape.chain((of) => fc.record({ of: fc.constant(of), type: dtype, ranges: fc.tuple(...of.map(range)) })),
    ({ of, type, ranges }) => [
      tf.slice(
        filled(of, type),
        (ranges as [number, number][]).map(([begin]) => begin),
        (ranges as [number, number][]).map(([, size]) => size),
      ),
    ],
  ));

test("stridedSlice, forwards and backwards", () =>
  property(
    shape.chain((of) =>
      fc.record({
        of: fc.constant(of),
        strides: fc.tuple(...of.map(() => fc.constantFrom(-2, -1, 1, 2, 3))),
        mask: fc.integer({ min: 0, max: 15 }),
      }),
    ),
    ({ of, strides, mask }) => {
      const steps = strides as number[];
      const begin = steps.map((step, axis) => (step > 0 ? 0 : of[axis]! - 1));
      // A masked end reaches to the last element on either side; else one element short of it.
      const end = steps.map((step, axis) => (step > 0 ? Math.max(of[axis]! - 1, 1) : 0));
      const all = of.reduce((bits, size, axis) => (size < 2 ? bits | (1 << axis) : bits), mask);
      return [tf.stridedSlice(filled(of, "float32"), begin, end, steps, 0, all)];
    },
  ));

test("split and unstack", () =>
  property(
    shape.chain((of) => fc.record({ of: fc.constant(of), type: dtype, axis: axisOf(of) })),
    ({ of, type, axis }) => {
      const size = of[axis]!;
      const sizes = size > 1 ? [1, size - 1] : [1];
      return [...tf.split(filled(of, type), sizes, axis), ...tf.unstack(filled(of, type), axis)];
    },
  ));

test("concat", () =>
  property(
    shape.chain((of) =>
      fc.record({ of: fc.constant(of), type: dtype, axis: axisOf(of), other: fc.integer({ min: 0, max: 4 }) }),
    ),
    ({ of, type, axis, other }) => {
      const second = of.map((size, k) => (k === axis ? other : size));
      return [tf.concat([filled(of, type), filled(second, type), filled(of, type)], axis)];
    },
  ));

test("gather", () =>
  property(
    shape.chain((of) =>
      axisOf(of).chain((axis) =>
        fc.record({
          of: fc.constant(of),
          type: dtype,
          axis: fc.constant(axis),
          indices: fc.array(fc.integer({ min: 0, max: of[axis]! - 1 }), { minLength: 1, maxLength: 8 }),
        }),
      ),
    ),
    ({ of, type, axis, indices }) => [
      tf.gather(filled(of, type), tf.tensor1d(indices, "int32"), axis),
      tf.gather(filled(of, type), tf.tensor2d(indices, [1, indices.length], "int32"), axis),
    ],
  ));

test("gather with batch dimensions, and with an index that is not there", async () => {
  await same(() => [
    tf.gather(
      filled([3, 4, 2], "float32"),
      tf.tensor2d(
        [
          [1, 0],
          [3, 3],
          [2, 1],
        ],
        [3, 2],
        "int32",
      ),
      1,
      1,
    ),
  ]);
  await tf.setBackend("wasm");
  tf.tidy(() => {
    expect(() => {
      tf.gather(filled([3], "float32"), tf.tensor1d([3], "int32"));
    }).toThrow(/index 3 is not in \[0, 2\]/);
  });
});

test("maximum, minimum and comparisons of tensors and numbers, with NaN and infinities", async () => {
  const a = [1, -2, 3, NaN, Infinity, 0, -0, 5, -Infinity];
  const b = [1, -3, 4, 2, Infinity, -0, 0, NaN, 7];
  for (const length of [1, 3, 4, 7, 9]) {
    await same(() => {
      const x = tf.tensor1d(a.slice(0, length));
      const y = tf.tensor1d(b.slice(0, length));
      const ops = [tf.greater, tf.greaterEqual, tf.less, tf.lessEqual, tf.maximum, tf.minimum];
      return [
        ...ops.flatMap((op) => [op(x, y), op(x, 0.5), op(0.5, x), op(x, tf.reshape(y, [length, 1]))]),
        tf.leakyRelu(x, 0.3),
      ].map(
        // The sign of a zero is nobody's promise.
        (t) => (t.dtype === "float32" ? tf.add(t, 0) : t),
      );
    });
  }
});
