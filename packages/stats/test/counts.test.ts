import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrationBins, confusion, ece, eceOf, precisionRecall } from "../src/index.ts";

describe("calibration", () => {
  // Four images, two classes, two bands (0, ½] and (½, 1]. Confidences .6 (right), .8 (wrong), .9 (right), .5 (tie: class 0, right).
  const p = Float32Array.of(0.6, 0.4, 0.8, 0.2, 0.1, 0.9, 0.5, 0.5);
  const labels = [0, 1, 1, 0];
  it("gives the numbers worked by hand", () => {
    const bins = calibrationBins(p, labels, 2, 2);
    expect(bins).toEqual([
      { from: 0, to: 0.5, images: 1, confidence: 0.5, accuracy: 1 },
      { from: 0.5, to: 1, images: 3, confidence: expect.closeTo(2.3 / 3, 6), accuracy: expect.closeTo(2 / 3, 12) },
    ]);
    expect(ece(p, labels, 2, 2)).toBeCloseTo(0.25 * 0.5 + 0.75 * (0.3 / 3), 6);
    expect(eceOf(bins)).toBe(ece(p, labels, 2, 2));
  });
  it("is 0 for sure and right, 1 for sure and wrong", () => {
    expect(ece(Float32Array.of(1, 0, 0, 1), [0, 1], 2)).toBe(0);
    expect(ece(Float32Array.of(1, 0, 0, 1), [1, 0], 2)).toBe(1);
  });
  it("equals a slow transcription, image by image", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 34, max: 100 }), fc.nat(2)), { minLength: 1 }), (rows) => {
        const flat = Float32Array.from(rows.flatMap(([c]) => [c / 100, (1 - c / 100) / 2, (1 - c / 100) / 2]));
        const labels = rows.map(([, label]) => label);
        let sum = 0;
        for (let bin = 0; bin < 15; bin++) {
          const inside = rows.map((_, i) => i).filter((i) => flat[3 * i]! > bin / 15 && flat[3 * i]! <= (bin + 1) / 15);
          sum += Math.abs(inside.reduce((s, i) => s + (labels[i] === 0 ? 1 : 0) - flat[3 * i]!, 0));
        }
        expect(ece(flat, labels, 3)).toBeCloseTo(sum / rows.length, 9);
      }),
    );
  });
  it("refuses nothing at all, and lengths that do not fit", () => {
    expect(() => ece(new Float32Array(), [], 2)).toThrow(RangeError);
    expect(() => ece(p, [0], 2)).toThrow(/8 probabilities for 1 labels and 2 classes; expected 2/);
  });
});

describe("confusion", () => {
  it("counts truth by row and answer by column", () => {
    const m = confusion([0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 0, 1], 3);
    expect(m).toEqual([
      [1, 1, 0],
      [1, 2, 0],
      [0, 1, 0],
    ]);
    expect(precisionRecall(m)).toEqual([
      { precision: 1 / 2, recall: 1 / 2, support: 2 },
      { precision: 2 / 4, recall: 2 / 3, support: 3 },
      { precision: null, recall: 0, support: 1 },
    ]);
    expect(
      precisionRecall([
        [0, 0],
        [2, 0],
      ]),
    ).toEqual([
      { precision: 0, recall: null, support: 0 },
      { precision: null, recall: 0, support: 2 },
    ]);
  });
  it("refuses what is no class", () => {
    expect(() => confusion([0, 3], [0, 0], 3)).toThrow(/label 3 and answer 0 at 1; expected whole numbers from 0 to 2/);
    expect(() => confusion([0, 1], [0, -1], 3)).toThrow(RangeError);
    expect(() => confusion([0], [], 3)).toThrow(/1 labels and 0 answers/);
  });
});
