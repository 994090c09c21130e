import { createRng, type Shape } from "@regimen/core";
import { drawPolicy, trivialAugment } from "@regimen/image";
import { describe, expect, it } from "vitest";
import plugin, { trivialaugment } from "../src/index.ts";

const shape: Shape = { n: 4000, h: 32, w: 32, c: 3, range: [0, 255], classes: 2 };
const usual = { space: "standard", rr: 1, without: "" };
/** How far translations move, from the maps of a batch. */
const shifts = (space: string): number[] => {
  const { warp } = trivialaugment.create({ ...usual, space }).draw!(createRng(3), shape) as { warp: Float32Array };
  return Array.from({ length: shape.n }, (_, i) => [...warp.subarray(8 * i, 8 * i + 8)])
    .filter(([a, b, , d, e]) => a === 1 && b === 0 && d === 0 && e === 1)
    .map(([, , x, , , y]) => Math.max(Math.abs(x!), Math.abs(y!)));
};

describe("trivialaugment", () => {
  it("is registered, and draws what the library's function draws", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-trivialaugment"]);
    for (const space of ["standard", "wide"] as const)
      expect(trivialaugment.create({ ...usual, space }).draw!(createRng(5), shape)).toEqual(
        drawPolicy(trivialAugment(space), createRng(5), shape),
      );
  });

  it("shifts by up to 10 pixels in the standard space, by up to 32 in the wide one", () => {
    expect(Math.max(...shifts("standard"))).toBe(10);
    expect(Math.max(...shifts("wide"))).toBe(32);
  });

  it("never draws what it is to leave out", () => {
    const { warp } = trivialaugment.create({ ...usual, without: "shear translate rotate" }).draw!(createRng(1), shape);
    expect([...warp!].filter((_, at) => at % 8 !== 0 && at % 8 !== 4).every((value) => value === 0)).toBe(true);
  });
});
