import { describe, expect, it } from "vitest";
import { completeParams, type Params } from "@regimen/contracts";
import { SCHEDULES } from "@regimen/optim";

const schedule = (name: string) => SCHEDULES.find((one) => one.name === name)!;

describe("schedules", () => {
  const at = (name: string, progress: number, params: Params = {}): number =>
    schedule(name).at(progress, completeParams(schedule(name), params));

  it("constant stays at the peak", () => expect([0, 0.5, 1].map((p) => at("constant", p))).toEqual([1, 1, 1]));

  it("cosine goes from the peak to nothing along half a cosine", () => {
    for (const [progress, share] of [
      [0, 1],
      [1 / 3, 0.75],
      [0.5, 0.5],
      [2 / 3, 0.25],
      [1, 0],
    ] as const)
      expect(at("cosine", progress)).toBeCloseTo(share, 12);
  });

  it("one-cycle rises from 1/25 to the peak at 30 %, then falls to a ten-thousandth", () => {
    for (const [progress, share] of [
      [0, 0.04],
      [0.15, 0.52],
      [0.3, 1],
      [0.65, 0.50005],
      [1, 1e-4],
    ] as const)
      expect(at("one-cycle", progress)).toBeCloseTo(share, 12);
    // A quarter of the way down: (1 + cos 45°) / 2 of the height.
    expect(at("one-cycle", 0.3 + 0.7 / 4)).toBeCloseTo(1e-4 + 0.9999 * 0.8535533905932737, 12);
    expect(at("one-cycle", 0.1, { warmUp: 0.1 })).toBeCloseTo(1, 12);
    const values = Array.from({ length: 101 }, (_, i) => at("one-cycle", i / 100));
    expect(values.every((value, i) => i === 0 || (i <= 30 ? value > values[i - 1]! : value < values[i - 1]!))).toBe(
      true,
    );
  });

  it("one-cycle without a warm-up begins at the peak, and all of warm-up ends there", () => {
    expect(at("one-cycle", 0, { warmUp: 0 })).toBe(1);
    expect(at("one-cycle", 1, { warmUp: 1 })).toBe(1);
  });

  it("linear goes from the peak to nothing along a line", () =>
    expect([0, 0.25, 1].map((p) => at("linear", p))).toEqual([1, 0.75, 0]));

  it("step falls by a factor at each of its places", () => {
    const places = [0, 0.49, 0.5, 0.74, 0.75, 1];
    [1, 1, 0.1, 0.1, 0.01, 0.01].forEach((share, i) => expect(at("step", places[i]!)).toBeCloseTo(share, 12));
    expect(at("step", 0.9, { at: "0.3/0.6/0.8", factor: 0.2 })).toBeCloseTo(0.008, 12);
    for (const wrong of ["", "0.5,0.75", "1/2", "half"])
      expect(() => at("step", 0, { at: wrong })).toThrow(/REG_PARAM.*0\.5\/0\.75/);
  });

  it("warm up along a line from nothing, and run their course over the rest", () => {
    for (const name of ["constant", "linear", "step", "cosine"]) {
      expect([0, 0.05, 0.1].map((p) => at(name, p, { warmUp: 0.1 }))).toEqual([0, 0.5, 1]);
      for (const t of [0.2, 0.5, 0.9, 1]) expect(at(name, 0.1 + 0.9 * t, { warmUp: 0.1 })).toBeCloseTo(at(name, t), 12);
    }
    expect(at("cosine", 1, { warmUp: 1 })).toBe(1);
  });

  it("cool down at the end, along a line or as one minus a root, from wherever they are", () => {
    // The trapezoid.
    const trapezoid = { warmUp: 0.2, coolDown: 0.4 };
    const shares = [0, 0.1, 0.2, 0.5, 0.6, 0.7, 0.9, 1].map((p) => at("constant", p, trapezoid));
    [0, 0.5, 1, 1, 1, 0.75, 0.25, 0].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 12));
    const root = { coolDown: 0.4, coolDownBy: "sqrt" };
    expect(at("constant", 0.6, root)).toBe(1);
    expect(at("constant", 0.7, root)).toBeCloseTo(0.5, 12);
    expect(at("constant", 1, root)).toBe(0);
    for (const { name } of SCHEDULES) {
      const half = { coolDown: 0.5 };
      expect(at(name, 0.5, half)).toBe(at(name, 0.5));
      expect(at(name, 0.75, half)).toBeCloseTo(at(name, 0.75) / 2, 12);
      expect(at(name, 1, half)).toBe(0);
    }
  });

  it("refuse what is out of range", () =>
    expect(() => at("cosine", 0, { warmUp: 2 })).toThrow(
      /REG_PARAM: cosine: warmUp is 2; expected a number from 0 to 1/,
    ));

  it("all are between 0 and 1 everywhere", () => {
    for (const { name } of SCHEDULES)
      for (let i = 0; i <= 1000; i++) {
        const share = at(name, i / 1000, i % 2 ? { warmUp: 0.7, coolDown: 0.6, coolDownBy: "sqrt" } : {});
        expect(share >= 0 && share <= 1, `${name} at ${i / 1000} is ${share}`).toBe(true);
      }
  });
});
