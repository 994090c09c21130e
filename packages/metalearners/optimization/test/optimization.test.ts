import { createRng, imagesSeen, type Json, type Problem } from "@regimen/core";
import { madeUpProblem, metalearnerLaws, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import optimization, { batchFor, between, enough, noiseScale, peakRate } from "../src/index.ts";

const problem: Problem = {
  ...madeUpProblem,
  techniques: [],
  train: {
    learningRate: { kind: "value", range: [0.0125, 0.8], scale: "log", default: 0.1 },
    batchSize: { kind: "value", range: [16, 256], scale: "powers", default: 64 },
  },
  facts: { ...madeUpProblem.facts, images: 10_000, batchSize: 64, learningRate: 0.1, optimizer: "sgd" },
};
/** A loss that falls while the rate rises, until it explodes beyond `limit`. */
const falling = (limit: number, rates: readonly number[]): number[] =>
  rates.map((rate, at) => (rate > limit ? 10 ** (1 + Math.log10(rate / limit)) : 2.3 - 1.5 * (at / rates.length)));
type Range = { steps: number; from: number; to: number };
const measuresFor = (limit: number, scale: number | null) => ({
  "@regimen/metalearner-optimization/throughput": ({ with: args }: { with: Json }): Json => ({
    // Full speed from 64 on.
    imagesPerSecond: (args as { sizes: number[] }).sizes.map((size) => Math.min(600, 8 * size)),
  }),
  "@regimen/metalearner-optimization/range": ({ with: args }: { with: Json }): Json => {
    const { steps, from, to } = args as Range;
    const rates = Array.from({ length: steps }, (_, at) => from * (to / from) ** (at / (steps - 1)));
    return { rates, losses: falling(limit, rates) };
  },
  "@regimen/metalearner-optimization/noise": (): Json => ({ scale, signal: 1, noise: scale }),
});
const learn = (limit: number, scale: number | null, of: Problem = problem) =>
  simulate(optimization(), () => 1, { problem: of, measures: measuresFor(limit, scale) });

metalearnerLaws(optimization, { describe, it }, { problem, measures: measuresFor(0.5, 100) });
packageLaws(new URL("..", import.meta.url), { describe, it });

describe("what measurements mean", () => {
  it("is the smallest batch that is fast enough", () => {
    expect(enough([16, 32, 64, 128], [100, 180, 290, 300])).toBe(64);
    expect(enough([16, 32], [300, 280])).toBe(16);
  });

  it("is about the rate from which the loss rises, whatever the noise", () => {
    const rates = Array.from({ length: 100 }, (_, at) => 1e-3 * 1e4 ** (at / 99));
    const rng = createRng(1);
    const noisy = falling(1, rates).map((loss) => loss * (1 + 0.05 * rng.normal()));
    const rate = peakRate(rates, noisy)!;
    expect(rate).toBeGreaterThan(0.5);
    expect(rate).toBeLessThan(1.7);
    expect(peakRate(rates, [...noisy.slice(0, 80), null])).toBeCloseTo(rate, 5);
  });

  it("is nothing where the loss never fell", () => {
    const rates = Array.from({ length: 50 }, (_, at) => 1e-4 * 1e4 ** (at / 49));
    expect(
      peakRate(
        rates,
        rates.map(() => 2.3),
      ),
    ).toBeUndefined();
    expect(peakRate(rates, [null])).toBeUndefined();
  });

  it("is a rate between the usual and the tested one, nearer to the usual", () => {
    expect(between(0.1, 0.1)).toBeCloseTo(0.1, 12);
    const rate = between(0.1, 0.0225);
    // Weights 1/ln²2 and 1/ln²3 of 2.08 and 0.83: 0.715 and 0.285.
    expect(rate).toBeCloseTo(0.1 ** 0.7152 * 0.0225 ** 0.2848, 4);
    // Behind which a test explodes.
    expect(between(0.1, 0.001)).toBeCloseTo(0.003, 12);
  });

  it("recovers the noise scale from norms that it predicts", () => {
    // E|g_b|² = |G|² + S / b.
    const [signal, noise] = [2, 30];
    const norm = (batch: number): number => signal + noise / batch;
    const found = noiseScale({ part: 16, small: norm(16), whole: 64, large: norm(64) });
    expect(found.scale).toBeCloseTo(15, 10);
    expect(found.signal).toBeCloseTo(signal, 10);
    expect(found.noise).toBeCloseTo(noise, 10);
    expect(noiseScale({ part: 16, small: 1, whole: 64, large: 0.2 }).scale).toBeNull();
  });

  it("is a power of two within bounds", () => {
    expect([3, 80, 100, 1e6].map((scale) => batchFor(scale, 256))).toEqual([16, 32, 64, 256]);
  });
});

describe("a search", () => {
  it("asks three questions, for a tenth of a plain run", () => {
    const { requests, spent, best } = learn(1, 1000);
    expect(requests.map((request) => ("id" in request ? request.id : request.kind))).toEqual([
      "throughput",
      "range",
      "noise",
      "done",
    ]);
    expect(imagesSeen(spent)).toBeLessThanOrEqual(0.1 * imagesSeen(problem.plain));
    expect(best.train).toMatchObject({ batchSize: 128 });
  });

  it("takes a smaller batch where the gradients' noise is small, and the rate goes with it", () => {
    const [large, small] = [learn(1, 1000).best.train!, learn(1, 60).best.train!];
    expect(small["batchSize"]).toBe(32);
    expect(Number(small["learningRate"]) / Number(large["learningRate"])).toBeCloseTo(1 / 4, 1);
  });

  it("keeps what the user fixed, and the defaults where the budget pays for nothing", () => {
    const { learningRate } = problem.train;
    const fixed = learn(1, 30, { ...problem, train: { learningRate: learningRate! } });
    expect(fixed.best.train).not.toHaveProperty("batchSize");
    const poor = learn(1, 30, { ...problem, budget: { trained: 500, inferred: 0, seconds: 0 } });
    expect(poor.requests).toEqual([{ kind: "done", ok: true }]);
    expect(poor.best).toEqual({ ...problem.base, train: {} });
  });
});
