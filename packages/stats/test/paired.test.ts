import { describe, expect, it } from "vitest";
import {
  detectableChange,
  imagesNeeded,
  mcnemar,
  pairedCounts,
  pairedInterval,
  tangoInterval,
  verdict,
} from "../src/index.ts";

/** Two-sided binomial tail in whole numbers: no rounding, no special function. */
function exact(fixed: number, broken: number): number {
  const n = BigInt(fixed + broken);
  let term = 1n;
  let tail = 0n;
  for (let k = 0n; k <= BigInt(Math.min(fixed, broken)); k++) {
    tail += term;
    term = (term * (n - k)) / (k + 1n);
  }
  return Math.min(1, Number((2n * tail * 10n ** 18n) / 2n ** n) / 1e18);
}

/** How likely `fixed` and `broken` of n are where the shares are p and q. */
function trinomial(fixed: number, broken: number, n: number, p: number, q: number): number {
  let log = 0;
  for (let k = 1; k <= n; k++) log += Math.log(k);
  for (const part of [fixed, broken, n - fixed - broken]) for (let k = 1; k <= part; k++) log -= Math.log(k);
  return Math.exp(log + fixed * Math.log(p) + broken * Math.log(q) + (n - fixed - broken) * Math.log1p(-p - q));
}

describe("mcnemar", () => {
  it("equals the binomial tail in whole numbers", () => {
    for (let a = 0; a <= 24; a++) for (let b = 0; b <= 24; b++) expect(mcnemar(a, b)).toBeCloseTo(exact(a, b), 12);
  });
  it("gives the numbers one can do by hand", () => {
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(5, 0)).toBeCloseTo(2 / 32, 14);
    expect(mcnemar(0, 6)).toBeCloseTo(2 / 64, 14);
    expect(mcnemar(8, 1)).toBeCloseTo((2 * (1 + 9)) / 512, 14);
  });
  it("stays right for large counts, in both tails", () => {
    expect(mcnemar(550, 450) / exact(550, 450)).toBeCloseTo(1, 9);
    expect(mcnemar(5200, 4800) / exact(5200, 4800)).toBeCloseTo(1, 8);
    expect(mcnemar(501_000, 499_000)).toBeCloseTo(0.0455, 3); // 2 standard deviations apart
    expect(mcnemar(1_000_000, 0)).toBe(0);
    expect(mcnemar(1_000_001, 1_000_000)).toBeCloseTo(1, 8);
  });
});

describe("tangoInterval", () => {
  it("gives the interval published for a known table", () => {
    // Fagerland, Lydersen and Laake 2014, airway hyper-responsiveness, (1, 1, 7, 12): −0.517 to −0.026.
    const [lo, hi] = tangoInterval(1, 7, 21);
    expect(lo).toBeCloseTo(-0.517, 3);
    expect(hi).toBeCloseTo(-0.026, 3);
  });
  it("ends where the score of the brute-force restricted estimate is ±1.96", () => {
    for (const [fixed, broken, n] of [
      [12, 2, 50],
      [2, 12, 50],
      [30, 25, 400],
      [5, 3, 20],
    ] as const) {
      for (const [end, z] of tangoInterval(fixed, broken, n).map((e, i) => [e, i ? -1.96 : 1.96] as const)) {
        // The most likely share of `broken` where the shares differ by `end`, by trying them all.
        let best = 0;
        let most = -Infinity;
        for (let q = Math.max(0, -end) + 1e-6; q < (1 - end) / 2; q += 1e-6) {
          const log =
            fixed * Math.log(q + end) + broken * Math.log(q) + (n - fixed - broken) * Math.log1p(-2 * q - end);
          if (log > most) [most, best] = [log, q];
        }
        const se = Math.sqrt((2 * best + end - end * end) / n);
        expect(((fixed - broken) / n - end) / se).toBeCloseTo(z, 2);
      }
    }
  });
  it("is symmetric, holds the estimate, and narrows with more images", () => {
    const [lo, hi] = tangoInterval(38, 16, 480);
    const [lo2, hi2] = tangoInterval(16, 38, 480);
    expect(lo2).toBeCloseTo(-hi, 12);
    expect(hi2).toBeCloseTo(-lo, 12);
    expect(lo).toBeLessThan(22 / 480);
    expect(hi).toBeGreaterThan(22 / 480);
    const wide = tangoInterval(0, 0, 10);
    expect(wide[0]).toBeLessThan(0);
    expect(wide[1]).toBeGreaterThan(tangoInterval(0, 0, 1000)[1]);
  });
  it("stays within −1..1 at the ends", () => {
    expect(tangoInterval(1, 0, 1)[1]).toBe(1);
    expect(tangoInterval(9, 0, 9)).toEqual([expect.closeTo(0.4, 1), 1]);
    expect(tangoInterval(0, 9, 9)[0]).toBe(-1);
  });
  it("covers the truth close to 95 times in 100, over every outcome of 60 images", () => {
    const n = 60;
    const all: [number, number, number, number][] = [];
    for (let f = 0; f <= n; f++) for (let b = 0; f + b <= n; b++) all.push([f, b, ...tangoInterval(f, b, n)]);
    for (const [p, q] of [
      [0.1, 0.1],
      [0.2, 0.1],
      [0.15, 0.05],
      [0.3, 0.25],
      [0.08, 0.02],
    ] as const) {
      let covered = 0;
      for (const [f, b, lo, hi] of all) if (lo <= p - q && p - q <= hi) covered += trinomial(f, b, n, p, q);
      expect(covered).toBeGreaterThan(0.93);
      expect(covered).toBeLessThan(0.98);
    }
  });
});

describe("paired answers", () => {
  it("counts what was fixed and what was broken", () => {
    const before = [true, true, false, false, true];
    const after = [false, true, true, false, false];
    expect(pairedCounts(before, after)).toEqual({ fixed: 2, broken: 1, images: 5 });
    expect(pairedInterval(Uint8Array.from(before, Number), Uint8Array.from(after, Number))).toEqual(
      tangoInterval(2, 1, 5),
    );
    expect(() => pairedCounts([true], [])).toThrow(/on 1 and on 0 images/);
  });
});

describe("verdict", () => {
  const of = (fixed: number, broken: number, images: number, baselineError: number) =>
    verdict({ fixed, broken, images, baselineError });
  it("says better and worse beyond chance only", () => {
    expect(of(38, 16, 480, 0.1375)).toBe("better");
    expect(of(9, 26, 480, 0.0792)).toBe("worse");
    expect(of(12, 7, 480, 0.0896)).toBe("no-difference");
    expect(of(6, 0, 10, 0.6)).toBe("better");
  });
  it("says when the images are too few to have shown a halved error", () => {
    expect(of(4, 1, 48, 0.1667)).toBe("too-few-images");
    expect(of(0, 0, 10, 0.3)).toBe("too-few-images");
    expect(of(0, 0, 1, 0)).toBe("too-few-images");
  });
  it("says no difference where both are all but perfect on many images", () => {
    expect(of(1, 0, 10_000, 0.0003)).toBe("no-difference");
    expect(of(0, 0, 10_000, 0)).toBe("no-difference");
  });
  it("names the change that could be told, and the images that this one needs", () => {
    expect(detectableChange(4, 1, 48)).toBeCloseTo(0.1304, 4); // 2.8 · √(5/48/48)
    expect(detectableChange(0, 0, 48)).toBe(6 / 48);
    expect(imagesNeeded(4, 1, 48)).toBeCloseTo((7.85 * (5 / 48)) / (3 / 48) ** 2, 9);
    expect(imagesNeeded(3, 3, 48)).toBe(Infinity);
  });
});
