import { describe, expect, it } from "vitest";
import { meanInterval, studentT95, wilson } from "../src/index.ts";
import { incompleteBeta, lnGamma } from "../src/special.ts";

describe("special functions", () => {
  it("lnGamma equals factorials, and √π at a half", () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(lnGamma(n)).toBeCloseTo(Math.log(factorial), 11);
      factorial *= n;
    }
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(lnGamma(0.25)).toBeCloseTo(Math.log(3.625609908221908), 12);
  });
  it("incompleteBeta equals the integral, by the midpoint rule", () => {
    for (const [x, a, b] of [
      [0.3, 2, 5],
      [0.9, 4.5, 1.5],
      [0.5, 30, 20],
    ] as const) {
      const steps = 200_000;
      const integral = (to: number) => {
        let sum = 0;
        for (let i = 0; i < steps; i++) {
          const t = ((i + 0.5) / steps) * to;
          sum += t ** (a - 1) * (1 - t) ** (b - 1);
        }
        return (sum * to) / steps;
      };
      expect(incompleteBeta(x, a, b)).toBeCloseTo(integral(x) / integral(1), 6);
    }
    expect(incompleteBeta(0, 2, 3)).toBe(0);
    expect(incompleteBeta(1, 2, 3)).toBe(1);
  });
});

describe("studentT95", () => {
  it("gives the printed table", () => {
    const table = { 1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 9: 2.2622, 30: 2.0423, 120: 1.9799, 1000: 1.9623 };
    for (const [degrees, t] of Object.entries(table)) expect(studentT95(Number(degrees))).toBeCloseTo(t, 4);
    expect(studentT95(1e7)).toBeCloseTo(1.959964, 5);
  });
});

describe("meanInterval", () => {
  it("gives the interval worked by hand", () => {
    // 1, 2, 3, 4, 5: variance 2.5, standard error √0.5, t of 4 degrees 2.7764.
    const { mean, lo, hi, se } = meanInterval([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(se).toBeCloseTo(Math.sqrt(0.5), 12);
    expect(lo).toBeCloseTo(3 - 2.7764 * Math.SQRT1_2, 4);
    expect(hi).toBeCloseTo(3 + 2.7764 * Math.SQRT1_2, 4);
  });
  it("does not lose small spreads on a large mean", () => {
    expect(meanInterval(Float64Array.of(1e9, 1e9 + 1, 1e9 + 2)).se).toBeCloseTo(1 / Math.sqrt(3), 9);
  });
  it("knows nothing from one difference, and refuses none", () => {
    expect(meanInterval([0.5])).toEqual({ mean: 0.5, lo: -Infinity, hi: Infinity, se: Infinity });
    expect(meanInterval([2, 2])).toEqual({ mean: 2, lo: 2, hi: 2, se: 0 });
    expect(() => meanInterval([])).toThrow(RangeError);
  });
});

describe("wilson", () => {
  it("solves (p̂ − p)² = z² p (1 − p) / n at both ends", () => {
    for (const [k, n] of [
      [3, 10],
      [1, 200],
      [90, 100],
    ] as const) {
      for (const p of wilson(k, n)) expect((k / n - p) ** 2).toBeCloseTo((1.959964 ** 2 * p * (1 - p)) / n, 8);
    }
  });
  it("holds at the ends", () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
    expect(wilson(0, 20)[0]).toBe(0);
    expect(wilson(0, 20)[1]).toBeCloseTo(3.8415 / 23.8415, 4);
    expect(wilson(20, 20)).toEqual([expect.closeTo(20 / 23.8415, 4), 1]);
  });
});
