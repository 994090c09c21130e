import { createRng } from "@regimen/core";
import { expect, test } from "vitest";
import { draw__TITLE__ } from "../src/index.js";

// The laws know that it does no harm; only you know what it is to do. Test that against a calculation of another kind.
test("strengths are uniform up to the magnitude", () => {
  const { strength } = draw__TITLE__(createRng(1), { n: 10_000 }, 0.4);
  expect(Math.max(...strength)).toBeLessThanOrEqual(0.4);
  const mean = strength.reduce((sum, one) => sum + one, 0) / strength.length;
  expect(mean).toBeCloseTo(0.2, 2);
});
