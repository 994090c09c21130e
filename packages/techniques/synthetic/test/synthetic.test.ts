import { createRng, source, type Source } from "@regimen/core";
import { madeUpSamples } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import { withSynthetic } from "../src/index.ts";

/** Images of one pixel that hold their row's number, above `first`; classes in turns. */
function numbered(name: string, length: number, first: number): Source {
  const labels = new Float32Array(2 * length);
  for (let row = 0; row < length; row++) labels[2 * row + (row % 2)] = 1;
  const images = Uint8Array.from({ length }, (_, row) => first + row);
  const format = { h: 1, w: 1, c: 1, range: [0, 255] } as const;
  return source(madeUpSamples({ name, format, classes: ["a", "b"], images, labels }));
}
const pixels = async (of: Source): Promise<number[]> => [
  ...(await of.read(Array.from({ length: of.length }, (_, row) => row))).images,
];
const real = numbered("real", 10, 0);
const rng = () => createRng(4);

describe("withSynthetic", () => {
  it.each([
    [0.5, 5],
    [0.26, 3],
    [4, 40],
  ])("adds ratio × set examples, ratio %s", async (ratio, count) => {
    const all = await pixels(withSynthetic(real, numbered("drawn", 20, 100), ratio, rng()));
    expect(all.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(all.slice(10)).toHaveLength(count);
    expect(all.slice(10).every((value) => value >= 100 && value < 120)).toBe(true);
  });

  it("takes every synthetic example as often as any other, give or take one", async () => {
    const all = await pixels(withSynthetic(real, numbered("drawn", 6, 100), 1.5, rng()));
    const counts = [0, 1, 2, 3, 4, 5].map((row) => all.filter((value) => value === 100 + row).length);
    expect(counts.reduce((a, b) => a + b)).toBe(15);
    expect(Math.max(...counts) - Math.min(...counts)).toBe(1);
  });

  it("keeps labels with their images", async () => {
    const joined = withSynthetic(real, numbered("drawn", 6, 100), 1, rng());
    const labels = joined.labels()!;
    const values = await pixels(joined);
    values.forEach((value, row) => expect(labels[2 * row + (value % 2)]).toBe(1));
  });

  it("is the real set itself where the ratio asks for less than half an example", () => {
    expect(withSynthetic(real, numbered("drawn", 6, 100), 0.04, rng())).toBe(real);
  });

  it("gives the same examples for the same seed, others for another", async () => {
    const drawn = numbered("drawn", 100, 100);
    const one = await pixels(withSynthetic(real, drawn, 1, rng()));
    expect(await pixels(withSynthetic(real, drawn, 1, rng()))).toEqual(one);
    expect(await pixels(withSynthetic(real, drawn, 1, createRng(5)))).not.toEqual(one);
  });

  it("keeps the ratio where real examples have chances", () => {
    const uneven = real.weighted(Float32Array.from({ length: 10 }, (_, row) => (row < 5 ? 0.01 : 0.03)));
    const { chance } = withSynthetic(uneven, numbered("drawn", 20, 100), 0.5, rng());
    const sum = (from: number, to: number) => chance!.subarray(from, to).reduce((a, b) => a + b, 0);
    expect(sum(10, 15) / sum(0, 10)).toBeCloseTo(0.5, 5);
  });

  it("draws by the synthetic examples' own chances, and then each counts the same", async () => {
    const drawn = numbered("drawn", 4, 100).weighted(Float32Array.of(0, 1, 3, 0));
    const joined = withSynthetic(numbered("real", 1000, 0), drawn, 1, rng());
    const share = (row: number, all: number[]) => all.filter((value) => value === 100 + row).length / 1000;
    const all = (await pixels(joined)).slice(1000);
    expect(share(0, all) + share(3, all)).toBe(0);
    expect(share(2, all)).toBeCloseTo(0.75, 1);
    expect(new Set(joined.chance)).toEqual(new Set([1]));
  });
});
