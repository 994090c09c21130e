import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { classThresholds, confidentShares, hardLabels } from "../src/index.ts";

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const rows = [
  [0.7, 0.2, 0.1],
  [0.1, 0.85, 0.05],
  [0.3, 0.3, 0.4],
  [0.05, 0.05, 0.9],
  [0.96, 0.02, 0.02],
];
/** Away from the threshold, where single precision would decide. */
const distributions = fc
  .array(fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 30 })
  .map((all) => all.map((row) => row.map((value) => (value + 0.3) / (row[0] + row[1] + row[2] + 0.9))));
const top = (row: readonly number[]): number => row.indexOf(Math.max(...row));

/** FlexMatch as its authors' code has it: the last sure answer of each example, counted, the unsure ones a class of their own. */
function byHand(all: readonly (readonly number[])[], tau: number, classes: number): number[] {
  const selected = all.map((row) => (Math.max(...row) >= tau ? top(row) : -1));
  const count = (name: number): number => selected.filter((one) => one === name).length;
  const most = Math.max(...[-1, ...Array(classes).keys()].map(count));
  return Array.from({ length: classes }, (_, name) => {
    const accuracy = count(name) / most;
    return tau * (accuracy / (2 - accuracy));
  });
}

describe("hardLabels", () => {
  it("is the class answered, trusted from the threshold on", () => {
    const { labels, kept } = hardLabels(tf.tensor2d(rows), 0.8);
    expect(labels.arraySync()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect([...kept.dataSync()]).toEqual([0, 1, 0, 1, 1]);
  });

  it("has a threshold for each class, where told", () => {
    const { kept } = hardLabels(tf.tensor2d(rows), tf.tensor1d([0.95, 0.2, 0.4]));
    expect([...kept.dataSync()]).toEqual([0, 1, 1, 1, 1]);
  });

  it("trusts everything at a threshold of 0", () => {
    expect([...hardLabels(tf.tensor2d(rows), 0).kept.dataSync()]).toEqual([1, 1, 1, 1, 1]);
  });
});

describe("classThresholds", () => {
  it("starts at 0, and stands at tau for the class that is learnt best once most examples are answered surely", () => {
    expect([...classThresholds(tf.zeros([3]), 0.8).dataSync()]).toEqual([0, 0, 0]);
    const found = [...classThresholds(tf.tensor1d([0.4, 0.2, 0.1]), 0.8).dataSync()];
    // 1, ½ and ¼ of the best, and x / (2 − x) of that: 1, ⅓ and 1/7.
    [0.8, 0.8 / 3, 0.8 / 7].forEach((value, at) => expect(found[at]).toBeCloseTo(value, 6));
  });

  it("is what the authors' counts of every example's last answer give", () => {
    fc.assert(
      fc.property(distributions, fc.constantFrom(0.35, 0.5, 0.8), (all, tau) => {
        const found = [...classThresholds(confidentShares(tf.tensor2d(all), tau), tau).dataSync()];
        const expected = byHand(all, tau, 3);
        found.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
        for (const value of found) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(Math.fround(tau) + 1e-6);
        }
      }),
      { numRuns: 60 },
    );
  });
});
