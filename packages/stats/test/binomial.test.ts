import { describe, expect, it } from "vitest";
import { binomialTail } from "@regimen/stats";

describe("binomialTail", () => {
  it("is the sum of the probabilities", () => {
    const choose = (n: number, k: number): number => (k ? (choose(n, k - 1) * (n - k + 1)) / k : 1);
    for (const [n, rate] of [
      [1, 0.5],
      [7, 0.05],
      [20, 0.3],
    ] as const)
      for (let k = 0; k <= n + 1; k++) {
        let sum = 0;
        for (let at = k; at <= n; at++) sum += choose(n, at) * rate ** at * (1 - rate) ** (n - at);
        expect(binomialTail(k, n, rate)).toBeCloseTo(sum, 10);
      }
  });
  it("holds far out in the tail", () => {
    expect(binomialTail(30, 30, 0.05) / 0.05 ** 30).toBeCloseTo(1, 8);
  });
});
