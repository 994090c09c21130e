// Pass 1: what a change does to a model's answers, and what is made of it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortName, type Problem, type TechniqueMeta } from "@regimen/core";
import { compareViews, judge, type Probed, type View } from "@regimen/metalearner-regularization";
import { falling } from "../src/judge.ts";

const CLASSES = 3;
/** Answers that are sure of these classes. */
const sure = (
  answers: readonly number[],
  feature: (row: number) => readonly [number, number] = () => [0, 0],
): View => ({
  rows: answers.length,
  probabilities: {
    width: CLASSES,
    values: Float32Array.from(
      answers.flatMap((k) => Array.from({ length: CLASSES }, (_, at) => (at === k ? 0.8 : 0.1))),
    ),
  },
  features: { width: 2, values: Float32Array.from(answers.flatMap((_, row) => feature(row))) },
});
const repeat = (k: number, times: number): number[] => Array.from({ length: times }, () => k);

describe("compareViews", () => {
  const labels = [...repeat(0, 20), ...repeat(1, 20), ...repeat(2, 20)];
  const own = Int32Array.from(labels);

  it("finds the class that is taken for another, among the images that were right", () => {
    const before = labels.with(0, 2); // one image of class 0 was wrong before
    const after = [...repeat(1, 15), ...repeat(0, 5), ...labels.slice(20)];
    const { flip, kept, right, images } = compareViews(sure(before), sure(after), own);
    expect(right).toEqual([19, 20, 20]);
    expect(kept).toBeCloseTo((59 - 14) / 59);
    expect(images).toBe(60);
    expect(flip).toMatchObject({ from: 0, to: 1, flipped: 14, of: 19, harmless: 0.05 });
    // 14 or more of 19 at 5 %, summed by hand.
    const choose = (n: number, k: number): number => (k ? (choose(n, k - 1) * (n - k + 1)) / k : 1);
    let p = 0;
    for (let k = 14; k <= 19; k++) p += choose(19, k) * 0.05 ** k * 0.95 ** (19 - k);
    expect(flip!.p / p).toBeCloseTo(1, 6);
  });

  it("holds against a change no more than a harmless one does", () => {
    const after = [...repeat(1, 6), ...labels.slice(6)];
    expect(compareViews(sure(labels), sure(after), own).flip!.p).toBeLessThan(1e-3);
    const { flip } = compareViews(sure(labels), sure(after), own, { harmless: sure(after) });
    expect(flip).toMatchObject({ harmless: 0.3 });
    expect(flip!.p).toBeGreaterThan(0.4);
  });

  it("holds against a change no more than the mistakes that the model makes without it", () => {
    const before = [...repeat(1, 8), ...labels.slice(8)]; // 8 of 20 images of class 0 are taken for class 1
    const after = [...repeat(1, 14), ...labels.slice(14)]; // and 6 of the 12 others, changed
    const { flip } = compareViews(sure(before), sure(after), own);
    expect(flip).toMatchObject({ from: 0, to: 1, flipped: 6, of: 12, harmless: 0.4 });
    expect(flip!.p).toBeGreaterThan(0.3);
    // But for what may make another thing of a thing.
    expect(compareViews(sure(before), sure(after), own, { forgiving: false }).flip).toMatchObject({ harmless: 0.05 });
  });

  it("takes flips of known images as evidence, and everything else from those that were held out", () => {
    const both = Int32Array.from([...labels, ...labels]);
    // Held out: one mistake, nothing changes. Known: no mistake, and the change turns half of class 0 into class 1.
    const before = [...labels.with(0, 1), ...labels];
    const after = [...labels.with(0, 1), ...repeat(1, 10), ...labels.slice(10)];
    const seen = compareViews(sure(before), sure(after), both, { heldOut: 60 });
    expect(seen).toMatchObject({ images: 120, heldOut: 60, kept: 1, rise: 0, right: [39, 40, 40] });
    expect(seen.flip).toMatchObject({ from: 0, to: 1, flipped: 10, of: 39, harmless: 0.05 });
    expect(seen.loss).toBeCloseTo((59 * -Math.log(0.8) - Math.log(0.1)) / 60, 6);
    // Mistakes with known images are none that the model makes anyway.
    const known = [...repeat(1, 8), ...labels.slice(8)];
    const moved = sure([...repeat(1, 6), ...labels.slice(6), ...known]);
    const { flip } = compareViews(sure([...labels, ...known]), moved, both, { heldOut: 60 });
    expect(flip).toMatchObject({ from: 0, to: 1, flipped: 6, of: 32, harmless: 0.05 });
  });

  it("measures the rise of the loss and the movement of the features", () => {
    const after = sure([...repeat(1, 60)], (row) => [row % 2, 3]);
    const before = sure(labels, (row) => [row % 2, 0]);
    const { rise, shift } = compareViews(before, after, own);
    expect(rise).toBeCloseTo((40 / 60) * Math.log(8), 5);
    // Means differ by 3 in the second feature; only the first varies, with variance ¼.
    expect(shift).toBeCloseTo(9 / 0.25, 4);
    expect(compareViews(before, before, own)).toMatchObject({ rise: 0, riseError: 0, kept: 1, shift: 0, flip: null });
  });
});

const transform = (name: string, m?: number): TechniqueMeta => ({
  name: `@regimen/technique-augment/${name}`,
  version: "1.0.0",
  group: "augmentation",
  paper: "none",
  space: {
    ...(m !== undefined && { m: { kind: "m", range: [0, 1], default: m, off: 0 } as const }),
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "space" },
});
const problem = (...techniques: TechniqueMeta[]): Problem => ({
  techniques,
  train: {},
  base: { steps: [] },
  facts: {},
  plain: { trained: 1000, inferred: 0, seconds: 0 },
  budget: { trained: 1000, inferred: 0, seconds: 0 },
  seed: 1,
});
const seen = (name: string, m: number | undefined, more: Partial<Probed> = {}): Probed => ({
  use: `@regimen/technique-augment/${name}`,
  with: { rr: 1, ...(m !== undefined && { m }) },
  images: 600,
  heldOut: 600,
  loss: 0.5,
  rise: 0.1,
  riseError: 0.01,
  kept: 0.97,
  shift: 0.1,
  flip: null,
  right: [50, 50, 50],
  ...more,
});
const fatal = { flip: { from: 0, to: 1, flipped: 45, of: 50, harmless: 0.05, p: 1e-50 }, kept: 0.4 };

describe("judge", () => {
  it("says how many of the images were held out", () => {
    const { refused } = judge(problem(transform("mirror")), [seen("mirror", undefined, { ...fatal, heldOut: 120 })]);
    expect(refused[0]!.because).toMatch(/45 of 50 that were right, on 600 images, 120 of them held out$/);
    expect(refused[0]!.evidence).toMatchObject({ images: 600, heldOut: 120 });
  });

  it("refuses what turns a class into another, and says how many images did", () => {
    const { refused } = judge(problem(transform("mirror")), [seen("mirror", undefined, fatal)]);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({
      use: "@regimen/technique-augment/mirror",
      because: expect.stringContaining("45 of 50"),
      evidence: { from: 0, to: 1, flipped: 45, of: 50, images: 600, p: 1e-50 },
    });
  });

  it("corrects for the number of questions asked", () => {
    const flip = { ...fatal.flip, p: 1e-5 };
    const one = judge(problem(transform("mirror")), [seen("mirror", undefined, { flip })]);
    expect(one.refused).toHaveLength(1);
    const many = Array.from({ length: 200 }, (_, at) => seen("blur", (at + 1) / 200));
    const asked = judge(problem(transform("mirror"), transform("blur", 0.5)), [
      seen("mirror", undefined, { flip }),
      ...many,
    ]);
    expect(asked.refused).toEqual([]);
  });

  it("does not mirror where there are too few images to tell, or nobody looked", () => {
    const few = seen("mirror", undefined, { right: [2, 2, 4] });
    expect(judge(problem(transform("mirror")), [few]).refused[0]!.because).toMatch(/too few/);
    expect(judge(problem(transform("mirror")), []).refused[0]!.because).toMatch(/nobody looked/);
    expect(judge(problem(transform("blur", 0.5)), []).refused).toEqual([]);
  });

  it("refuses the alternating mirror with the mirror", () => {
    const both = problem(transform("mirror"), transform("alternating-mirror"));
    const { refused } = judge(both, [seen("mirror", undefined, fatal), seen("alternating-mirror", undefined)]);
    expect(refused.map(({ use }) => shortName(use))).toEqual(["mirror", "alternating-mirror"]);
    expect(refused[1]!.evidence).toEqual(refused[0]!.evidence);
    expect(judge(both, [seen("mirror", undefined), seen("alternating-mirror", undefined)]).refused).toEqual([]);
  });

  it("caps what is fatal only far beyond its usual strength, refuses what is fatal near it", () => {
    const levels = [0.2, 0.4, 0.6, 0.8, 1];
    const from = (worst: number) => levels.map((m) => seen("rotate", m, m >= worst ? fatal : {}));
    const far = judge(problem(transform("rotate", 0.3)), from(0.8));
    expect(far.refused).toEqual([]);
    expect(far.caps["@regimen/technique-augment/rotate"]).toBe(0.6);
    expect(judge(problem(transform("rotate", 0.3)), from(0.6)).refused).toHaveLength(1);
  });

  it("clusters what is left by how many right answers stay right", () => {
    const blur = [0.99, 0.96, 0.9, 0.8, 0.5].map((kept, at) => seen("blur", (at + 1) / 5, { kept }));
    const hue = [0.97, 0.98, 0.96, 0.97, 0.96].map((kept, at) => seen("hue", (at + 1) / 5, { kept }));
    const { table } = judge(problem(transform("blur", 0.4), transform("hue", 0.4)), [...blur, ...hue]);
    expect(table).toBe("blur:0.4 hue:1 | blur:0.6 | blur:0.8");
  });
});

describe("falling", () => {
  it("never rises, keeps the mean, and is the sequence itself where that falls", () => {
    expect(falling([3, 2, 2, 1])).toEqual([3, 2, 2, 1]);
    expect(falling([1, 3, 2])).toEqual([2, 2, 2]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 20 }), (values) => {
        const fitted = falling(values);
        expect(fitted).toHaveLength(values.length);
        for (let at = 1; at < fitted.length; at++) expect(fitted[at]!).toBeLessThanOrEqual(fitted[at - 1]! + 1e-9);
        const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
        expect(sum(fitted)).toBeCloseTo(sum(values), 6);
      }),
    );
  });

  it("knows what the images do by themselves: the model hardly notices, by its loss or by its answers", () => {
    const [lift, move, tilt] = [transform("lift", 0.3), transform("move", 0.3), transform("tilt", 0.3)];
    const { natural } = judge(problem(lift, move, tilt, transform("unseen")), [
      // The usual strength is 0.3: what is stronger does not matter.
      seen("lift", 0.3, { rise: 0.1, kept: 0.8 }),
      seen("lift", 1, { rise: 3, kept: 0.2 }),
      seen("move", 0.3, { rise: 0.4, kept: 0.92 }),
      seen("tilt", 0.3, { rise: 0.4, kept: 0.8 }),
    ]);
    expect(Object.entries(natural).map(([use, is]) => [use.split("/").at(-1), is])).toEqual([
      ["lift", true],
      ["move", true],
      ["tilt", false],
    ]);
  });
});
