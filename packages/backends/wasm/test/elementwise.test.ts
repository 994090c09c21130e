import * as tf from "@tensorflow/tfjs-core";
import { swish } from "@regimen/ops";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { wasm } from "../src/index.ts";

beforeAll(async () => {
  await wasm.load();
});

/** How many of a number's own last places (of single precision) lie between. */
function places(got: number, exact: number): number {
  if (Object.is(got, Math.fround(exact)) || got === exact || (Number.isNaN(got) && Number.isNaN(exact))) return 0;
  const place = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(exact))), -126) - 23);
  return Math.abs(got - exact) / place;
}

const sweep = (from: number, to: number, count = 20_011): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-30, -1e-30, 1e30, -1e30, 0.5, -0.5].map(Math.fround);

/** Σ of erf's series, and 1 − erfc by its continued fraction where the series cancels. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 100; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction)));
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test.each([
  ["exp", tf.exp, Math.exp, sweep(-103, 89), 2],
  ["log", tf.log, Math.log, sweep(1e-6, 9), 2],
  ["log of large and small numbers", tf.log, Math.log, sweep(-103, 88).map(Math.exp), 2],
  ["sigmoid", tf.sigmoid, sigmoid, sweep(-87, 30), 3],
  ["tanh", tf.tanh, Math.tanh, sweep(-10, 10), 3],
  ["erf", tf.erf, erf, sweep(-5, 5), 4],
  ["softplus", tf.softplus, (x: number) => Math.log1p(Math.exp(x)), sweep(-80, 80), 3],
  ["swish", swish, (x: number) => x * sigmoid(x), sweep(-80, 80), 4],
  ["rsqrt", tf.rsqrt, (x: number) => 1 / Math.sqrt(x), sweep(0.01, 100), 2],
] as const)("%s is right to the last places", (_, run, exact, x, most) => {
  const got = tf.tidy(() => run(tf.tensor1d(x)).dataSync());
  const off = Array.from(x, (value, i) => places(got[i]!, exact(value)));
  const worst = Math.max(...off);
  expect(worst, `at ${x[off.indexOf(worst)]}`).toBeLessThanOrEqual(most);
});

test.each([
  ["exp", tf.exp, Math.exp],
  ["log", tf.log, Math.log],
  ["sigmoid", tf.sigmoid, sigmoid],
  ["tanh", tf.tanh, Math.tanh],
  ["erf", tf.erf, erf],
  ["relu", tf.relu, (x: number) => (x > 0 || Number.isNaN(x) ? x : 0)],
  ["relu6", tf.relu6, (x: number) => (Number.isNaN(x) ? x : Math.min(Math.max(x, 0), 6))],
] as const)("%s of zeros, infinities and no numbers", (_, run, exact) => {
  const got = tf.tidy(() => [...run(tf.tensor1d(special)).dataSync()]);
  special.forEach((x, i) => {
    const expected = exact(x);
    if (Number.isFinite(expected)) expect(got[i], `of ${x}`).toBeCloseTo(expected, 5);
    else expect(got[i], `of ${x}`).toBe(expected);
  });
});

test("pow, with every pair of special numbers", () => {
  const bases = [...special, 2, -2, 3.5, -8, 1 / 3];
  const exponents = [...special, 2, 3, -2, -3, 2.5, 1 / 3];
  const pairs = bases.flatMap((a) => exponents.map((b) => [Math.fround(a), Math.fround(b)] as const));
  const got = tf.tidy(() =>
    tf.pow(tf.tensor1d(pairs.map(([a]) => a)), tf.tensor1d(pairs.map(([, b]) => b))).dataSync(),
  );
  pairs.forEach(([a, b], i) => {
    // IEEE's pow, unlike JavaScript's, has 1 and −1 raised to infinity 1, and 1 raised to NaN 1.
    const expected = a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) ? 1 : Math.fround(a ** b);
    expect(places(got[i]!, expected), `${a} ^ ${b}: ${got[i]} instead of ${expected}`).toBeLessThanOrEqual(1);
  });
});

test("pow of positive numbers is right to the last place", () => {
  const x = sweep(0.01, 50, 399);
  const y = sweep(-9, 9, 398);
  const got = tf.tidy(() => tf.pow(tf.tensor2d(x, [399, 1]), tf.tensor2d(y, [1, 398])).dataSync());
  let worst = 0;
  x.forEach((a, i) => y.forEach((b, j) => (worst = Math.max(worst, places(got[398 * i + j]!, a ** b)))));
  expect(worst).toBeLessThanOrEqual(0.51);
});

/** Two shapes that broadcast: each axis is in both, or repeated in one, or absent from the front of one. */
const shapes = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom("both", "first", "second")), { maxLength: 6 })
  .chain((axes) =>
    fc.tuple(
      fc.constant(axes.map(([size, of]) => (of === "second" ? 1 : size))),
      fc.constant(axes.map(([size, of]) => (of === "first" ? 1 : size))),
      fc.integer({ min: 0, max: axes.length }),
    ),
  )
  .map(([a, b, cut]) => [a, b.slice(b.slice(0, cut).every((size) => size === 1) ? cut : 0)] as const);

test("any two shapes that broadcast", () => {
  const filled = (shape: readonly number[], from: number) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => from + i),
      [...shape],
    );
  fc.assert(
    fc.property(shapes, fc.boolean(), ([first, second], swapped) => {
      const [shapeA, shapeB] = swapped ? [second, first] : [first, second];
      tf.tidy(() => {
        const [a, b] = [filled(shapeA, 1), filled(shapeB, 0.5)];
        const shape = tf.broadcast_util.assertAndGetBroadcastShape([...shapeA], [...shapeB]);
        // tf.broadcastTo is tile, which other tests cover.
        const [x, y] = [tf.broadcastTo(a, shape).dataSync(), tf.broadcastTo(b, shape).dataSync()];
        const wanted = (of: (x: number, y: number) => number) =>
          [...x].map((value, i) => Math.fround(of(value, y[i]!)));
        expect(tf.sub(a, b).shape).toEqual(shape);
        expect([...tf.sub(a, b).dataSync()]).toEqual(wanted((x, y) => x - y));
        expect([...tf.div(a, b).dataSync()]).toEqual(wanted((x, y) => x / y));
        expect([...tf.less(a, b).dataSync()]).toEqual(wanted((x, y) => Number(x < y)));
        const [odd, even] = [tf.cast(tf.mod(a, 2), "bool"), tf.cast(tf.floor(tf.mod(b, 2)), "bool")];
        expect([...tf.logicalAnd(odd, even).dataSync()]).toEqual(wanted((x, y) => x % 2 && Math.floor(y % 2)).map((of) => (of ? 1 : 0))); // prettier-ignore
      });
    }),
    { numRuns: 200, seed: 5 },
  );
});

test("casts from and to booleans, selection, and one-hot rows of every type", () => {
  tf.tidy(() => {
    const x = tf.tensor1d([0, -0, 0.3, -2, NaN, 7, 0, 1, 1]);
    const truths = tf.cast(x, "bool");
    expect([...truths.dataSync()]).toEqual([0, 0, 1, 1, 1, 1, 0, 1, 1]);
    expect([...tf.cast(truths, "float32").dataSync()]).toEqual([0, 0, 1, 1, 1, 1, 0, 1, 1]);
    expect([...tf.where(truths, tf.ones([9]), tf.fill([9], 5)).dataSync()]).toEqual([5, 5, 1, 1, 1, 1, 5, 1, 1]);
    const same = tf.cast(x, "float32");
    expect(same.dataId).toBe(x.dataId);
    for (const dtype of ["float32", "int32"] as const)
      expect([...tf.oneHot(tf.tensor1d([2, 0, 3, -1], "int32"), 3, 4, -1, dtype).dataSync()]).toEqual([-1, -1, 4, 4, ...Array<number>(8).fill(-1)]); // prettier-ignore
  });
});
