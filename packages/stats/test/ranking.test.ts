import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atThreshold, averagePrecision, bestThreshold, rocAuc } from "../src/index.ts";
import golden from "./golden/ranking.json" with { type: "json" };

const examples = fc.array(fc.record({ score: fc.integer({ min: 0, max: 6 }), truth: fc.boolean() }), { maxLength: 30 });
const columns = (of: readonly { score: number; truth: boolean }[]) =>
  [of.map(({ score }) => score / 6), of.map(({ truth }) => truth)] as const;

describe("ranking", () => {
  it.each(golden)("$name: as scikit-learn", ({ scores, truth, averagePrecision: ap, rocAuc: auc, best, bestF1 }) => {
    expect(averagePrecision(scores, truth)).toBeCloseTo(ap, 12);
    expect(rocAuc(scores, truth)).toBeCloseTo(auc, 12);
    const threshold = bestThreshold(scores, truth)!;
    expect(atThreshold(scores, truth, threshold).f1).toBeCloseTo(bestF1, 12);
    expect(threshold).toBeLessThanOrEqual(best);
  });

  it("the ROC area is the share of pairs in the right order", () => {
    fc.assert(
      fc.property(examples, (of) => {
        const [scores, truth] = columns(of);
        let [pairs, won] = [0, 0];
        scores.forEach((a, i) =>
          scores.forEach((b, j) => {
            if (!truth[i] || truth[j]) return;
            pairs++;
            won += a > b ? 1 : a === b ? 0.5 : 0;
          }),
        );
        const area = rocAuc(scores, truth);
        if (pairs) expect(area).toBeCloseTo(won / pairs, 12);
        else expect(area).toBeNull();
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("no threshold has a larger F1 than the best, and order does not matter", () => {
    fc.assert(
      fc.property(examples, (of) => {
        const [scores, truth] = columns(of);
        const best = bestThreshold(scores, truth);
        if (best === null) {
          expect(truth.some(Boolean)).toBe(false);
          return;
        }
        const top = atThreshold(scores, truth, best).f1!;
        for (let at = -1; at <= 14; at++) expect(atThreshold(scores, truth, at / 12).f1 ?? 0).toBeLessThanOrEqual(top);
        expect(averagePrecision(scores.toReversed(), truth.toReversed())).toBe(averagePrecision(scores, truth));
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it("nothing to find: null", () => {
    expect([averagePrecision([1], [0]), rocAuc([1], [1]), bestThreshold([], [])]).toEqual([null, null, null]);
    expect(atThreshold([0.2], [0], 0.5)).toEqual({ precision: null, recall: null, f1: null });
    expect(() => averagePrecision([1], [])).toThrow(RangeError);
  });
});
