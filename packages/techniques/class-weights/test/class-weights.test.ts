import { source, type Samples } from "@regimen/core";
import fc from "fast-check";
import { madeUpSamples } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import plugin, { classWeights, classWeightsOf, weighClasses } from "../src/index.ts";

const classes = ["a", "b", "c"];
/** One row a label. */
const samples = (labels: readonly (readonly number[])[]): Samples =>
  madeUpSamples({
    name: "made up",
    format: { h: 1, w: 1, c: 1, range: [0, 1] },
    classes,
    images: Float32Array.from(labels, (_, row) => row),
    labels: Float32Array.from(labels.flat()),
  });
const [A, B, SOFT, NONE] = [
  [1, 0, 0],
  [0, 1, 0],
  [0.5, 0.5, 0],
  [NaN, NaN, NaN],
];

describe("classWeightsOf", () => {
  it("is inverse frequency at power 1 and β 1", () => {
    // N / (C · n), as scikit-learn's "balanced".
    expect(classWeightsOf([6, 3, 1], 1, 1).map((w) => +w.toFixed(6))).toEqual([0.555556, 1.111111, 3.333333]);
  });

  it("is the paper's effective number, by its own words: the sum of β^j over the examples", () => {
    const counts = [500, 50, 5];
    const beta = 0.99;
    const effective = counts.map((n) => Array.from({ length: n }, (_, j) => beta ** j).reduce((a, b) => a + b));
    const got = classWeightsOf(counts, 1, beta);
    got.forEach((weight, k) => expect(weight / got[0]!).toBeCloseTo(effective[0]! / effective[k]!, 8));
  });

  it("has the mean 1 over all examples, favours the rarer, and is 1 at power 0", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(
        counts,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0.9, 0.999, 1),
        (n, power, beta) => {
          const weights = classWeightsOf(n, power, beta);
          const total = n.reduce((a, b) => a + b);
          expect(weights.reduce((sum, w, k) => sum + w * n[k]!, 0) / total).toBeCloseTo(1, 8);
          n.forEach((a, i) => n.forEach((b, j) => a < b && expect(weights[i]! - weights[j]!).toBeGreaterThan(-1e-9)));
          for (const weight of classWeightsOf(n, 0, beta)) expect(weight).toBeCloseTo(1, 12);
        },
      ),
    );
  });

  it("gives a class without examples 0", () => {
    expect(classWeightsOf([4, 0], 1, 1)).toEqual([1, 0]);
  });
});

describe("weighClasses", () => {
  it("weighs rows by their labels, whatever is selected of them", async () => {
    const inner = source(samples([A!, A!, A!, B!, NONE!, SOFT!]));
    const weighed = weighClasses(inner, 1, 1);
    const [a, b] = classWeightsOf([3.5, 1.5, 0], 1, 1) as [number, number, number];
    const expected = [a, a, a, b, 1, (a + b) / 2];
    const read = await weighed.read([5, 4, 3, 0]);
    [5, 4, 3, 0].forEach((row, i) => expect(read.weights[i]).toBeCloseTo(expected[row]!, 6));
    const other = await weighed.subset([3, 5]).concat(inner).read([1, 2, 0]);
    [expected[5]!, 1, b].forEach((want, i) => expect(other.weights[i]).toBeCloseTo(want, 6));
    expect([...read.images]).toEqual([5, 4, 3, 0]);
    expect(read.origin).toEqual((await inner.read([5, 4, 3, 0])).origin);
  });
});

describe("the technique", () => {
  it("is registered, and wraps the source", async () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-class-weights"]);
    const rows = [...Array.from({ length: 40 }, () => B!), A!];
    const wrapped = classWeights.create({ power: 1, beta: 1 }).sample!(source(samples(rows)), {} as never);
    expect((await wrapped.read([0, 40])).weights[1]).toBeCloseTo(41 / 2, 4);
  });
});
