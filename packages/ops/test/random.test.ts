import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { normal, uniform } from "../src/index.ts";
import { philox4x32, philoxNormal, philoxUniform } from "../src/philox.ts";
import { leavesNothing, onEachBackend, values } from "./backends.ts";

const seedOf = (a: number, b: number) => tf.tensor1d([a, b], "int32");

describe("Philox4x32-10", () => {
  // The known answers that the authors publish with their Random123 library.
  const known: [readonly [number, number, number, number], readonly [number, number], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, expected] of known) {
    test(`counter ${counter.join(" ")}`, () => {
      const words = new Uint32Array(4);
      philox4x32(counter, key, words);
      expect([...words]).toEqual(expected);
    });
  }

  test("Box and Muller's transform agrees with Math.log, Math.cos and Math.sin", () => {
    const words = new Uint32Array(4);
    const got = philoxNormal([5, 6], 4000);
    for (let block = 0; block < 1000; block++) {
      philox4x32([block, 0, 0, 1], [5, 6], words);
      for (let half = 0; half < 4; half += 2) {
        const radius = Math.sqrt(-2 * Math.log((words[half]! + 1) / 2 ** 32));
        const angle = (2 * Math.PI * words[half + 1]!) / 2 ** 32;
        expect(got[4 * block + half]).toBeCloseTo(radius * Math.cos(angle), 5);
        expect(got[4 * block + half + 1]).toBeCloseTo(radius * Math.sin(angle), 5);
      }
    }
  });
});

onEachBackend(() => {
  test("the same seed gives the same numbers, whatever the shape; another seed others", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        for (const draw of [uniform, normal]) {
          const once = values(draw(seedOf(-3, 2 ** 31 - 1), [3, 5]));
          expect(values(draw(seedOf(-3, 2 ** 31 - 1), [3, 5]))).toEqual(once);
          expect(values(draw(seedOf(-3, 2 ** 31 - 1), [17])).slice(0, 15)).toEqual(once);
          expect(values(draw(seedOf(-3, 2 ** 31 - 2), [15]))).not.toEqual(once);
          expect(values(draw(seedOf(-4, 2 ** 31 - 1), [15]))).not.toEqual(once);
        }
        expect(uniform(seedOf(1, 2), [2, 3, 4]).shape).toEqual([2, 3, 4]);
        expect(uniform(seedOf(1, 2), []).shape).toEqual([]);
      }),
    );
  });

  test("the portable numbers, to the bit", () => {
    tf.tidy(() => {
      for (const count of [1, 2, 3, 4, 5, 1003]) {
        expect(values(uniform(seedOf(123456789, -987654321), [count]))).toEqual(
          philoxUniform([123456789, -987654321], count),
        );
        expect(values(normal(seedOf(123456789, -987654321), [count]))).toEqual(
          philoxNormal([123456789, -987654321], count),
        );
      }
    });
  });

  test("uniform numbers are uniform and independent of their neighbours", () => {
    const n = 100_000;
    const u = tf.tidy(() => values(uniform(seedOf(7, 8), [n])));
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
    // Chi-square over 100 bins has mean 99 and deviation 14; 160 is beyond its 99.99 % point.
    const bins = new Float64Array(100);
    for (const x of u) bins[Math.floor(x * 100)]! += 1;
    expect(bins.reduce((sum, count) => sum + (count - n / 100) ** 2 / (n / 100), 0)).toBeLessThan(160);
    for (const lag of [1, 2, 4, 5]) {
      let product = 0;
      for (let i = lag; i < n; i++) product += (u[i]! - 0.5) * (u[i - lag]! - 0.5);
      // The correlation's deviation is 1 / √n.
      expect(Math.abs((product / n) * 12)).toBeLessThan(4.5 / Math.sqrt(n));
    }
  });

  test("normal numbers have the moments and tails of the normal distribution", () => {
    const n = 100_000;
    const z = tf.tidy(() => values(normal(seedOf(9, 10), [n])));
    const moment = (k: number) => z.reduce((sum, x) => sum + x ** k, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4.5 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4.5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4.5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4.5 * Math.sqrt(96 / n));
    const beyond = z.filter((x) => Math.abs(x) > 1.959964).length / n;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(4.5 * Math.sqrt((0.05 * 0.95) / n));
    let product = 0;
    for (let i = 1; i < n; i++) product += z[i]! * z[i - 1]!;
    expect(Math.abs(product / n)).toBeLessThan(4.5 / Math.sqrt(n));
  });

  test("a seed of another type is refused", () => {
    tf.tidy(() => {
      expect(() => uniform(tf.tensor1d([1, 2]), [3])).toThrow(/expected two int32 words/);
    });
  });
});
