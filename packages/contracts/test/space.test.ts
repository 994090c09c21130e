import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  axisLabel,
  checkValue,
  completeParams,
  createRng,
  defaultsOf,
  isOff,
  offParams,
  sampleAxis,
  shortName,
  type Axis,
  type NumberAxis,
  type Params,
  type Space,
} from "@regimen/contracts";

const space = {
  m: { kind: "m", range: [0, 1], default: 0.4, off: 0 },
  rate: { kind: "rr", range: [0.1, 1], default: 0.5, off: 0 },
  depth: { kind: "value", range: [1, 4], scale: "integer", default: 2 },
  rho: { kind: "value", range: [1e-3, 10], scale: "log", default: 0.1 },
  mode: { kind: "choice", of: ["soft", "hard"], default: "soft", off: "none" },
} as const satisfies Space;
const meta = { name: "@regimen/technique-toy", space };

describe("completeParams", () => {
  it("fills in defaults and keeps what is given", () => {
    expect(completeParams(meta, {})).toEqual({ m: 0.4, rate: 0.5, depth: 2, rho: 0.1, mode: "soft" });
    expect(completeParams(meta, { depth: 4, mode: "hard" })).toEqual({
      m: 0.4,
      rate: 0.5,
      depth: 4,
      rho: 0.1,
      mode: "hard",
    });
    expect(defaultsOf(space)).toEqual(completeParams(meta, {}));
  });

  it.each([
    [{ m: 1.01 }, "REG_PARAM", ["m", "1.01", "0 to 1"]],
    [{ m: Number.NaN }, "REG_PARAM", ["m", "0 to 1"]],
    [{ m: "0.5" }, "REG_PARAM", ["m", '"0.5"', "0 to 1"]],
    [{ rate: 0.05 }, "REG_PARAM", ["rate", "0.05", "0.1 to 1", "0 (off)"]],
    [{ depth: 2.5 }, "REG_PARAM", ["depth", "2.5", "whole", "1 to 4"]],
    [{ depth: true }, "REG_PARAM", ["depth", "true", "1 to 4"]],
    [{ rho: 0 }, "REG_PARAM", ["rho", "0.001 to 10"]],
    [{ mode: "sotf" }, "REG_PARAM", ["mode", '"sotf"', "soft, hard"]],
    [{ dept: 3 }, "REG_PARAM_UNKNOWN", ["dept", 'nearest is "depth"', meta.name]],
    [{ temperature: 3 }, "REG_PARAM_UNKNOWN", ["temperature", "m, rate, depth, rho, mode"]],
  ] satisfies [Params, string, string[]][])("refuses %j and says why", (params, code, words) => {
    try {
      completeParams(meta, params);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code, input: true });
      for (const word of words) expect((error as Error).message).toContain(word);
    }
  });

  it("knows a name that every object has for the stranger it is", () => {
    for (const key of ["constructor", "toString", "hasOwnProperty", "valueOf"])
      expect(() => completeParams(meta, { [key]: 1 }), key).toThrow("REG_PARAM_UNKNOWN");
  });

  it("takes every value of every axis, survives JSON, and refuses every value beside the range", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const rng = createRng(seed);
        const params = Object.fromEntries(Object.entries(space).map(([key, axis]) => [key, sampleAxis(axis, rng)]));
        expect(completeParams(meta, JSON.parse(JSON.stringify(params)))).toEqual(params);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const inside = value >= 0 && value <= 1;
        const check = () => checkValue("m", space.m, value);
        if (inside) check();
        else expect(check).toThrow("REG_PARAM");
      }),
    );
  });
});

describe("off", () => {
  it("is any switch at its off value", () => {
    expect(isOff(space, completeParams(meta, {}))).toBe(false);
    for (const off of [{ m: 0 }, { rate: 0 }, { mode: "none" }])
      expect(isOff(space, completeParams(meta, off))).toBe(true);
  });

  it("is every switch at its off value when asked for, and what it gives is valid", () => {
    const off = offParams(space)!;
    expect(off).toEqual({ m: 0, rate: 0, depth: 2, rho: 0.1, mode: "none" });
    expect(completeParams(meta, off)).toEqual(off);
    expect(offParams({ depth: space.depth })).toBeUndefined();
    expect(isOff({ depth: space.depth }, { depth: 1 })).toBe(false);
  });
});

describe("sampleAxis", () => {
  const many = (axis: Axis): (number | string | boolean)[] => {
    const rng = createRng(1);
    return Array.from({ length: 6000 }, () => sampleAxis(axis, rng));
  };
  it("is uniform over a range, over the whole numbers of one, or over its logarithm", () => {
    const m = many(space.m) as number[];
    expect(m.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(m.filter((value) => value < 0.25).length / 6000).toBeCloseTo(0.25, 1);
    const depth = many(space.depth) as number[];
    expect(new Set(depth)).toEqual(new Set([1, 2, 3, 4]));
    for (const value of [1, 2, 3, 4]) expect(depth.filter((d) => d === value).length / 6000).toBeCloseTo(0.25, 1);
    const rho = many(space.rho) as number[];
    // Four decades: as many between 0.001 and 0.01 as between 1 and 10.
    for (const from of [1e-3, 1e-2, 0.1, 1])
      expect(rho.filter((value) => value >= from && value < 10 * from).length / 6000).toBeCloseTo(0.25, 1);
    expect(new Set(many(space.mode))).toEqual(new Set(["soft", "hard"]));
  });

  it("never leaves its axis", () => {
    const edge = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    const scale = fc.constantFrom("log", "integer", undefined);
    fc.assert(
      fc.property(edge, edge, scale, fc.nat(), (a, b, kind, seed) => {
        const range =
          kind === "integer" ? [Math.floor(a), Math.floor(a) + Math.ceil(b)] : [Math.min(a, b), Math.max(a, b)];
        const axis = {
          kind: "value",
          range: range as [number, number],
          default: range[0]!,
          ...(kind && { scale: kind }),
        } as NumberAxis;
        const rng = createRng(seed);
        for (let i = 0; i < 20; i++) checkValue("drawn", axis, sampleAxis(axis, rng));
      }),
    );
  });
});

describe("labels", () => {
  it("are short", () => {
    expect(shortName("@regimen/technique-mixup")).toBe("mixup");
    expect(shortName("@regimen/technique-augment/mirror")).toBe("mirror");
    expect(shortName("regimen-technique-foo")).toBe("foo");
    expect(axisLabel("@regimen/technique-mixup", "alpha", space.m)).toBe("mixup (m)");
    expect(axisLabel("@regimen/technique-mixup", "rate", space.rate)).toBe("mixup (rr)");
    expect(axisLabel("regimen-technique-foo", "depth", space.depth)).toBe("foo depth");
  });
});
