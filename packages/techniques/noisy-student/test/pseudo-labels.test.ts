import fc from "fast-check";
import { createRng } from "@regimen/core";
import { describe, expect, it } from "vitest";
import { balanceClasses, filterConfident, harden, type Answers } from "../src/index.ts";

const answersOf = (rows: readonly (readonly number[])[]): Answers => ({
  values: Float32Array.from(rows.flat()),
  classes: rows[0]!.length,
});
/** Distributions over three classes, some of them far from even. */
const distributions = fc
  .array(fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 40 })
  .map((rows) => rows.map((row) => row.map((value) => (value + 0.5) / (row[0] + row[1] + row[2] + 1.5))));
const top = (row: readonly number[]): number => row.indexOf(Math.max(...row));
const counts = <T>(values: readonly T[]): Map<T, number> =>
  values.reduce((all, value) => all.set(value, (all.get(value) ?? 0) + 1), new Map<T, number>());

const five = answersOf([
  [0.9, 0.05, 0.05],
  [0.25, 0.5, 0.25],
  [0.25, 0.25, 0.5],
  [0.6, 0.2, 0.2],
  [0.8, 0.1, 0.1],
  [0.7, 0.15, 0.15],
]);

describe("filterConfident", () => {
  it("keeps the rows whose largest probability is the threshold or more", () => {
    expect(filterConfident(five, 0.3)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(filterConfident(five, 0.5)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(filterConfident(five, 0.65)).toEqual([0, 4, 5]);
    expect(filterConfident(five, 0.95)).toEqual([]);
  });
});

describe("balanceClasses", () => {
  it("keeps the surest of a frequent class, and repeats a rare one, by hand", () => {
    // Four, one and one rows: two of each class are wanted.
    const chosen = balanceClasses(five, [0, 1, 2, 3, 4, 5], createRng(1));
    expect(chosen).toEqual([0, 4, 1, 1, 2, 2]);
  });

  it("gives every class that is answered the same number, from rows it was given, none more than once oftener than another of a rare class", () => {
    fc.assert(
      fc.property(distributions, fc.nat(1000), (rows, seed) => {
        const given = rows.map((_, row) => row).filter((row) => row % 3 !== 2 || rows.length < 3);
        const chosen = balanceClasses(answersOf(rows), given, createRng(seed));
        const before = counts(given.map((row) => top(rows[row]!)));
        const after = counts(chosen.map((row) => top(rows[row]!)));
        const wanted = Math.round(given.length / before.size);
        expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
        for (const [name, count] of after) {
          expect(count).toBe(wanted);
          const members = given.filter((row) => top(rows[row]!) === name);
          const times = members.map((row) => chosen.filter((other) => other === row).length);
          if (members.length <= wanted) {
            expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
            expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
          } else {
            const sure = (row: number): number => Math.fround(Math.max(...rows[row]!));
            const [kept, left] = [0, 1].map((side) => members.filter((_, at) => Boolean(times[at]) === (side === 0)));
            expect(Math.max(...times)).toBe(1);
            expect(Math.min(...kept!.map(sure))).toBeGreaterThanOrEqual(Math.max(...left!.map(sure)));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("is the same for the same seed, and repeats others for another", () => {
    const rows = answersOf([
      ...Array.from({ length: 12 }, () => [0.8, 0.2]),
      ...Array.from({ length: 4 }, () => [0.3, 0.7]),
    ]);
    const all = Array.from({ length: 16 }, (_, row) => row);
    // Eight of each: the rare four twice. With five of the rare class, three of them a second time.
    const odd = answersOf([
      ...Array.from({ length: 11 }, () => [0.8, 0.2]),
      ...Array.from({ length: 5 }, () => [0.3, 0.7]),
    ]);
    expect(balanceClasses(rows, all, createRng(1)).slice(8)).toEqual([12, 13, 14, 15, 12, 13, 14, 15]);
    const drawn = (seed: number) => balanceClasses(odd, all, createRng(seed)).join();
    expect(drawn(1)).toBe(drawn(1));
    expect(new Set([1, 2, 3, 4, 5, 6].map(drawn)).size).toBeGreaterThan(1);
  });
});

describe("harden", () => {
  it("is one where the largest probability is, the first of equal ones", () => {
    const hard = harden(
      answersOf([
        [0.2, 0.5, 0.3],
        [0.4, 0.4, 0.2],
        [0, 0, 1],
      ]),
    );
    expect([...hard]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1]);
  });
});
