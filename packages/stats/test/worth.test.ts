import { describe, expect, it } from "vitest";
import { worthOf } from "../src/worth.ts";

/** 200 images whose losses are `loss` on average, those of even rows higher by `spread`, of odd rows lower. */
const judged = (loss: number, calibrated: number, spread = 0) => ({
  score: { loss, calibrated, error: 0.1, ece: null },
  losses: Array.from({ length: 200 }, (_, row) => loss + (row % 2 ? -spread : spread)),
});
const verdict = (...to: Parameters<typeof judged>) => worthOf("a", judged(0.8, 0.5), judged(...to)).verdict;

describe("what short trainings say of a technique", () => {
  it("says help only where the loss falls at the best temperature too", () => {
    expect(verdict(0.6, 0.45)).toBe("helps");
    // A mirrored shoe: less sure, and no better.
    expect(verdict(0.6, 0.54)).toBe("no-effect");
    expect(verdict(0.6, 0.49)).toBe("no-effect");
    expect(verdict(0.79, 0.4)).toBe("no-effect");
  });

  it("says harm only where both rise by more than a hard training would make them", () => {
    expect(verdict(1, 0.6)).toBe("hurts");
    expect(verdict(1, 0.51)).toBe("no-effect");
    expect(verdict(0.9, 0.6)).toBe("no-effect");
  });

  it("takes the loss as it is where there is no temperature", () => {
    const plain = ({ score: { calibrated: _, ...score }, losses }: ReturnType<typeof judged>) => ({ score, losses });
    expect(worthOf("a", plain(judged(0.8, 0)), plain(judged(0.6, 0))).verdict).toBe("helps");
    expect(worthOf("a", plain(judged(0.8, 0)), plain(judged(1, 0))).verdict).toBe("hurts");
  });

  it("has the interval of the paired differences, widened by what two trainings differ", () => {
    const { loss, lossWithout, interval } = worthOf("a", judged(0.8, 0.5), judged(0.6, 0.45, 0.3));
    expect([loss, lossWithout]).toEqual([0.6, 0.8]);
    // Differences −0.2 ± 0.3: standard error 0.3 · √(200 / 199) / √200; t of 199 degrees 1.97196.
    const half = Math.hypot((1.97196 * 0.3 * Math.sqrt(200 / 199)) / Math.sqrt(200), 1.96 * Math.SQRT2 * 0.016);
    expect(interval![0]).toBeCloseTo(-0.2 - half, 5);
    expect(interval![1]).toBeCloseTo(-0.2 + half, 5);
  });

  it("knows nothing of a training that failed", () => {
    const failed = { score: null, losses: [] };
    const nothing = { use: "a", loss: null, lossWithout: null, interval: null, verdict: "not-measured" };
    expect(worthOf("a", failed, judged(1, 1))).toEqual(nothing);
    expect(worthOf("a", judged(1, 1), failed)).toEqual(nothing);
  });
});
