import fc from "fast-check";
import { createRng, type Evaluation, type Exhibit, type Prediction } from "@regimen/contracts";
import { describe, expect, it } from "vitest";
import { exhibitsOf, measuresOf } from "../src/exhibits.ts";
import { worstImages } from "../src/graded.ts";
import {
  averagePrecision,
  gradedDifference,
  isGraded,
  precisionRecallCurve,
  sizeSteps,
  thinned,
  worstRows,
} from "../src/index.ts";

const prediction = (id: number, error: number | null): Prediction => ({
  id: `image ${id}`,
  label: -1,
  predicted: -1,
  probabilities: [],
  error,
});
/** An error that is the mean of the images' own, as a task would say it of resampled images. */
function evaluation(errors: readonly (number | null)[], resampled = true): Evaluation {
  const mean = (counts: ArrayLike<number>): number => {
    const known = errors.flatMap((error, i) => (error === null ? [] : [{ error, times: counts[i]! }]));
    return (
      known.reduce((sum, { error, times }) => sum + error * times, 0) / known.reduce((n, { times }) => n + times, 0)
    );
  };
  return {
    images: errors.length,
    error: mean(errors.map(() => 1)),
    loss: 1,
    ece: null,
    classes: [],
    predictions: errors.map((error, i) => prediction(i, error)),
    ...(resampled && { errorOf: mean }),
  };
}
const rng = createRng(5);
const before = Array.from({ length: 60 }, () => 0.3 + 0.3 * rng.uniform());

describe("graded answers", () => {
  it("the interval of resampled images is that of the mean's own error, about", () => {
    const after = before.map((error, i) => error - 0.05 + 0.2 * Math.sin(i));
    const drawn = gradedDifference(evaluation(before), evaluation(after));
    const known = gradedDifference(evaluation(before, false), evaluation(after, false));
    for (const end of [0, 1] as const) expect(drawn.interval![end]).toBeCloseTo(known.interval![end], 1);
    expect(drawn.verdict).toBe(known.verdict);
    expect(gradedDifference(evaluation(before), evaluation(after))).toEqual(drawn);
  });
  it("says better, worse, and that there are too few; and counts the images that changed", () => {
    const better = before.map((error, i) => (i < 50 ? error - 0.1 : error));
    expect(gradedDifference(evaluation(before), evaluation(better))).toMatchObject({
      verdict: "better",
      improved: 50,
      worsened: 0,
    });
    expect(gradedDifference(evaluation(better), evaluation(before)).verdict).toBe("worse");
    expect(gradedDifference(evaluation(before), evaluation(before)).verdict).toBe("no-difference");
    const few = gradedDifference(evaluation(before.slice(0, 9)), evaluation(before.slice(0, 9)));
    expect(few).toMatchObject({ verdict: "too-few-images", interval: null });
  });
  it("leaves out images that have no error", () => {
    const holes = before.map((error, i) => (i % 2 ? null : error));
    const after = holes.map((error) => error && error - 0.1);
    const { interval, improved } = gradedDifference(evaluation(holes), evaluation(after));
    expect(improved).toBe(30);
    expect(interval![0]).toBeCloseTo(0.1, 6);
    expect(isGraded(evaluation(holes))).toBe(true);
  });
  it("lists the images with the largest errors, the baseline's beside", () => {
    const now = evaluation([0.1, null, 0.9, 0.5]);
    expect(worstRows(now, 2)).toEqual([2, 3]);
    expect(
      worstImages(evaluation([0.2, 0.2, 0.4, null]), now).map(({ id, error, baseline }) => [id, error, baseline]),
    ).toEqual([
      ["image 2", 0.9, 0.4],
      ["image 3", 0.5, null],
      ["image 0", 0.1, 0.2],
    ]);
  });
});

describe("exhibits", () => {
  const words = { id: "a", name: "A", about: "", note: "" };
  const bars = (value: number, ...names: string[]): Exhibit => ({
    ...words,
    kind: "bars",
    measures: ["m"],
    unit: "image",
    ordered: false,
    rows: names.map((name) => ({ name, count: 3, values: [value] })),
  });
  const curves = (value: number): Exhibit => ({
    ...words,
    id: "c",
    kind: "curves",
    x: "x",
    y: "y",
    measure: "AP",
    lines: [{ name: "cat", count: 2, value, points: [[0.5, value]], at: null }],
  });
  const of = (...exhibits: Exhibit[]): Evaluation => ({
    ...evaluation([0.1]),
    exhibits,
    measures: { m: exhibits.length },
  });

  it("puts the baseline's values beside Regimen's, by id and name", () => {
    const [joined, line] = exhibitsOf(
      of(curves(0.2), bars(0.4, "dog", "cat")),
      of(bars(0.6, "cat", "cow"), curves(0.3)),
    );
    expect(joined).toMatchObject({
      id: "a",
      rows: [
        { name: "cat", baseline: [0.4], regimen: [0.6] },
        { name: "cow", baseline: null, regimen: [0.6] },
      ],
    });
    expect(line).toMatchObject({
      lines: [{ name: "cat", baseline: { value: 0.2 }, regimen: { value: 0.3, points: [[0.5, 0.3]] } }],
    });
    expect(JSON.parse(JSON.stringify([joined, line]))).toEqual([joined, line]);
  });
  it("says nothing of a baseline where there is none", () => {
    expect(exhibitsOf(null, of(bars(0.6, "cat")))[0]).toMatchObject({ rows: [{ baseline: null }] });
    expect(measuresOf(null, of())).toEqual([{ name: "m", baseline: null, regimen: 0 }]);
    expect(measuresOf(of(curves(1)), of())).toEqual([{ name: "m", baseline: 1, regimen: 0 }]);
  });
});

const examples = fc.array(
  fc.record({ score: fc.integer({ min: 0, max: 6 }), truth: fc.boolean(), times: fc.integer({ min: 0, max: 3 }) }),
  { maxLength: 30 },
);
describe("precision and recall", () => {
  it("an example that counts twice is there twice", () => {
    fc.assert(
      fc.property(examples, (all) => {
        const repeated = all.flatMap((one) => Array.from({ length: one.times }, () => one));
        const weighted = averagePrecision(
          all.map(({ score }) => score),
          all.map(({ truth }) => truth),
          all.map(({ times }) => times),
        );
        const plain = averagePrecision(
          repeated.map(({ score }) => score),
          repeated.map(({ truth }) => truth),
        );
        if (plain === null) expect(weighted).toBeNull();
        else expect(weighted).toBeCloseTo(plain, 12);
      }),
    );
  });
  it("a curve of few distinct scores has the area that is called average precision", () => {
    fc.assert(
      fc.property(examples, (all) => {
        const [scores, truth] = [all.map(({ score }) => score), all.map((one) => one.truth)];
        const area = averagePrecision(scores, truth);
        const points = precisionRecallCurve(scores, truth);
        if (area === null) {
          expect(points).toEqual([]);
          return;
        }
        const sum = points.reduce((total, [r, p], i) => total + (r - (points[i - 1]?.[0] ?? 0)) * p, 0);
        expect(sum).toBeCloseTo(area, 12);
      }),
    );
  });
  it("thins thousands of points to about fifty, the first and the last recall among them", () => {
    const all = Array.from({ length: 5000 }, (_, i) => [(i + 1) / 6000, 1 - i / 9000] as const);
    const kept = thinned(all);
    expect(kept.length).toBeGreaterThan(40);
    expect(kept.length).toBeLessThan(54);
    expect([kept[0], kept.at(-1)]).toEqual([all[0], all.at(-1)]);
    for (const point of kept) expect(all).toContainEqual(point);
  });
});

describe("sizes", () => {
  it("in octaves of the image's side, those without an object left out", () => {
    const of = (side: number, found: boolean) => ({ area: side ** 2, found });
    expect(
      sizeSteps({ h: 64, w: 64 }, [of(3, true), of(4, false), of(7.9, true), of(16, false), of(40, true)]),
    ).toEqual([
      { name: "under 4 px", count: 1, values: [1] },
      { name: "4 to 8 px", count: 2, values: [0.5] },
      { name: "16 to 32 px", count: 1, values: [0] },
      { name: "32 px and more", count: 1, values: [1] },
    ]);
    expect(sizeSteps({ h: 64, w: 64 }, [])).toEqual([]);
    expect(sizeSteps({ h: 480, w: 640 }, [of(30, true)])[0]!.name).toBe("under 35 px");
  });
});
