import { describe, expect, it } from "vitest";
import { chooseSize, countSizes } from "../src/sizes.ts";

const sizes = (...of: [number, number, number?][]) => countSizes(of.map(([h, w, images = 1]) => ({ h, w, images })));

describe("the size of images", () => {
  it("is their own where they agree", () => {
    expect(chooseSize(sizes([30, 40], [30, 40]))).toEqual({ size: { h: 30, w: 40 }, note: null });
  });
  it("is the asked one, which is no news", () => {
    expect(chooseSize(sizes([30, 40]), { h: 8, w: 9 })).toEqual({ size: { h: 8, w: 9 }, note: null });
  });
  it.each([
    [
      [
        [20, 90],
        [90, 25],
      ] as [number, number][],
      28,
    ], // smaller than the smallest side on offer
    [
      [
        [40, 50],
        [50, 60],
        [70, 60],
      ] as [number, number][],
      48,
    ], // shorter sides 40, 50, 60
    [
      [
        [100, 120],
        [100, 130],
      ] as [number, number][],
      96,
    ],
    [
      [
        [3000, 4000],
        [4000, 3000],
      ] as [number, number][],
      224,
    ],
  ])("of %j is a square of %i", (of, side) => {
    const { size, note } = chooseSize(sizes(...of));
    expect(size).toEqual({ h: side, w: side });
    expect(note).toContain(`${side}×${side}`);
  });
  it("weighs sizes by their images", () => {
    expect(chooseSize(sizes([64, 64, 9], [500, 500, 8])).size).toEqual({ h: 64, w: 64 });
  });
  it("of large photographs that agree is chosen too, since nobody trains at 12 megapixels", () => {
    expect(chooseSize(sizes([3000, 4000])).size).toEqual({ h: 224, w: 224 });
    expect(chooseSize(sizes([512, 700])).size).toEqual({ h: 512, w: 700 });
  });
});
