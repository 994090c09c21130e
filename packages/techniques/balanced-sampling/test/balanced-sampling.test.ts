import { createRng, source, type Source } from "@regimen/core";
import { Walk } from "@regimen/sources";
import { madeUpSamples } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import plugin, { balancedSampling, chancesOf } from "../src/index.ts";

const COUNTS = [160, 40, 10];
const truth = COUNTS.flatMap((n, k) => Array.from({ length: n }, () => k));
const samples = madeUpSamples({
  name: "long tail",
  format: { h: 1, w: 1, c: 1, range: [0, 1] },
  classes: ["many", "some", "few"],
  images: Float32Array.from(truth, (_, row) => row),
  labels: Float32Array.from(truth.flatMap((k) => [0, 1, 2].map((at) => Number(at === k)))),
});
const wrapped = (exponent: number, inner: Source = source(samples)): Source =>
  balancedSampling.create({ exponent }).sample!(inner, {} as never);

describe("the classes that are drawn", () => {
  it.each([
    [1, [1, 1, 1]],
    [0.5, [4, 2, 1]],
    [0, [16, 4, 1]],
  ])("at exponent %s are in the proportions %s", (exponent, parts) => {
    const draws = 21_000;
    const rows = new Walk(wrapped(exponent), createRng(1)).rows(0, draws);
    const seen = [0, 0, 0];
    for (const row of rows) seen[truth[row]!]!++;
    const sum = parts.reduce((a, b) => a + b);
    parts.forEach((part, k) => {
      const share = part / sum;
      expect(Math.abs(seen[k]! / draws - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / draws));
    });
  });

  it("multiplies chances that there were; rows without a label keep theirs", () => {
    const labels = Float32Array.of(1, 0, 0, NaN, NaN, NaN, 1, 0, 0);
    const three = source({ ...samples, length: 3, labels: () => labels });
    const chances = chancesOf(three.weighted(Float32Array.of(1, 5, 3)), 1);
    expect([...chances]).toEqual([0.5, 5, 1.5]);
  });
});

describe("the technique", () => {
  it("is registered", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-balanced-sampling"]);
  });
});
