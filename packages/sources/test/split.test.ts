import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng } from "@regimen/contracts";
import { chunks, classesOf, digests, source, split } from "@regimen/sources";
import { rowsThatTell } from "./support/samples.ts";

const rng = createRng(3);
const of = (labels: readonly number[], pixels?: readonly number[], classes = ["a", "b", "c"]) =>
  source(rowsThatTell(labels.length, { labels, classes, ...(pixels && { pixels }) }));
const countBy = (labels: readonly number[], rows: Iterable<number>): number[] => {
  const counts = [0, 0, 0];
  for (const row of rows) counts[labels[row]!]!++;
  return counts;
};

describe("split", () => {
  // 100 of class a, 40 of b, 10 of c: bytes tell 150 rows apart.
  const labels = Array.from({ length: 150 }, (_, i) => (i < 100 ? 0 : i < 140 ? 1 : 2));

  it("takes its share of every class, and every row is on one side", async () => {
    const { rest, taken } = await split(of(labels), 0.2, rng, "test");
    expect(countBy(labels, taken)).toEqual([20, 8, 2]);
    expect(countBy(labels, rest)).toEqual([80, 32, 8]);
    expect([...rest, ...taken].sort((a, b) => a - b)).toEqual(labels.map((_, row) => row));
    // Sorted, so that a split reads its files in their order.
    expect([...taken]).toEqual([...taken].sort((a, b) => a - b));
  });

  it("keeps the shares of the rarest of several labels, and of none", async () => {
    // Every row is an a; 20 of 100 are b too, 10 of these c as well; 30 further rows are labelled with nothing.
    const sets = Array.from({ length: 130 }, (_, i) => (i >= 100 ? "" : i < 10 ? "abc" : i < 20 ? "ab" : "a"));
    const hot = Float32Array.from(sets.flatMap((own) => ["a", "b", "c"].map((name) => Number(own.includes(name)))));
    const some = source(rowsThatTell(130, { labels: sets.map(() => 0), classes: ["a", "b", "c"] })).relabel(hot);
    const { taken } = await split(some, 0.2, rng, "test");
    const count = (own: string): number => [...taken].filter((row) => sets[row] === own).length;
    expect(["abc", "ab", "a", ""].map(count)).toEqual([2, 2, 16, 6]);
  });

  it("is the same for the same seed, another for another, and no class's share moves another's", async () => {
    const taken = async (seed: number, these: readonly number[] = labels) => [
      ...(await split(of(these), 0.2, createRng(seed), "test")).taken,
    ];
    expect(await taken(1)).toEqual(await taken(1));
    expect(await taken(1)).not.toEqual(await taken(2));
    const withoutC = labels.slice(0, 140);
    expect(await taken(1, withoutC)).toEqual((await taken(1)).filter((row) => row < 140));
  });

  it("does not take the first of each class", async () => {
    const { taken } = await split(of(labels), 0.2, rng, "test");
    expect([...taken].filter((row) => row < 20).length).toBeLessThan(15);
  });

  it("keeps images that are equal to the bit on one side", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12), { minLength: 12, maxLength: 60 }), fc.nat(), async (pixels, seed) => {
        // Equal images have equal labels here, and there are two images at least.
        const given = [...pixels, 13, 14];
        const data = of(
          given.map((pixel) => pixel % 3),
          given,
        );
        const { rest, taken } = await split(data, 0.3, createRng(seed), "test");
        const left = new Set([...rest].map((row) => given[row]));
        expect([...taken].filter((row) => left.has(given[row]))).toEqual([]);
        expect(rest.length + taken.length).toBe(given.length);
        expect(Math.min(rest.length, taken.length)).toBeGreaterThan(0);
      }),
    );
  });

  it("gives each class of two distinct images one on either side, and leaves a class of one in training", async () => {
    const { rest, taken } = await split(of([0, 0, 1, 1, 2]), 0.01, rng, "test");
    expect(countBy([0, 0, 1, 1, 2], taken)).toEqual([1, 1, 0]);
    expect(countBy([0, 0, 1, 1, 2], rest)).toEqual([1, 1, 1]);
    const twins = await split(of([0, 0, 1, 1, 1], [9, 9, 1, 2, 3]), 0.5, rng, "test");
    expect([...twins.taken].filter((row) => row < 2)).toEqual([]);
    const most = await split(of([0, 0, 0, 1, 1, 1]), 0.99, rng, "test");
    expect(countBy([0, 0, 0, 1, 1, 1], most.rest)).toEqual([1, 1, 0]);
  });

  it("refuses fractions that are none, and data that cannot be divided", async () => {
    for (const fraction of [0, 1, -0.1, 1.5, Number.NaN])
      await expect(split(of(labels), fraction, rng, "test")).rejects.toThrow("REG_CONFIG_INVALID");
    await expect(split(of([0, 1, 2]), 0.5, rng, "test")).rejects.toThrow("REG_DATA_EMPTY");
    await expect(split(of([0, 0, 0], [5, 5, 5]), 0.5, rng, "test")).rejects.toThrow("REG_DATA_EMPTY");
  });

  it("takes 40,000 rows in its stride, though most be alike", async () => {
    const many = Array.from({ length: 40_000 }, () => 0);
    const { rest, taken } = await split(
      of(
        many,
        many.map((_, i) => (i < 30_000 ? 1 : i % 256)),
      ),
      0.1,
      rng,
      "test",
    );
    expect(rest.length + taken.length).toBe(40_000);
  }, 3000);
});

describe("what split stands on", () => {
  it("chunks cover a length once, in order", () => {
    expect(chunks(5, 2)).toEqual([[0, 1], [2, 3], [4]]);
    expect(chunks(0)).toEqual([]);
    expect(chunks(600).map((rows) => rows.length)).toEqual([256, 256, 88]);
  });

  it("digests are equal exactly where images are, across chunks", async () => {
    const pixels = Array.from({ length: 300 }, (_, i) => i % 256);
    const found = await digests(
      of(
        pixels.map(() => 0),
        pixels,
      ),
    );
    expect(found).toHaveLength(300);
    expect(new Set(found).size).toBe(256);
    expect(found[0]).toBe(found[256]);
    const floats = source(rowsThatTell(2, { float: true, pixels: [0.25, 0.5] }));
    expect(new Set(await digests(floats)).size).toBe(2);
  });

  it("the class is the largest label's", () => {
    const soft = of([0, 1]).relabel(Float32Array.of(0.2, 0.5, 0.3, 0.4, 0.1, 0.5));
    expect([...classesOf(soft)]).toEqual([1, 2]);
  });
});
