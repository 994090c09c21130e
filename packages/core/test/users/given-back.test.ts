// The images that the search held out train the final model too, where nothing else needs them.
import { describe, expect, it } from "vitest";
import type { MetaLearner, TrainOptions } from "@regimen/core";
import { job, regimenWith, spy, technique, uses, type Seen } from "../support/jobs.ts";
import { samples } from "../support/world.ts";

const chooses = (...names: string[]): MetaLearner => ({
  name: "chooses",
  claims: () => true,
  init: () => null,
  ask: (state) => [{ kind: "done", ok: true }, state],
  tell: (state) => state,
  best: () => uses(...names),
});
const TEST = { test: samples(40, 3) };
async function rowsOfFinal(names: readonly string[], data: Partial<TrainOptions["data"]> = TEST, training = {}) {
  const seen: Seen[] = [];
  const validates = technique({ name: "test-validates", validates: true, create: () => ({}) });
  const regimen = await regimenWith(spy(seen), validates);
  const result = await regimen.train({
    ...job(),
    data: { ...job().data, ...data },
    training: { ...job().training, ...training },
    metalearner: chooses("test-spy", ...names),
    search: { budget: 0 },
  });
  result.model.dispose();
  await regimen.dispose();
  return { rows: seen.at(-1)!.rows, result };
}

describe("the final training", () => {
  it("has the validation images too, says so, and is measured on the test split alone", async () => {
    const { rows, result } = await rowsOfFinal([]);
    expect(rows).toBe(260);
    expect(result.validation).toBeNull();
    expect(result.report.limits.join(" ")).toContain("also had the 60 validation images");
    const final = result.report.curves.find(({ role }) => role === "final")!;
    expect(final.points.every(({ validation }) => validation === null)).toBe(true);
    // As many images seen as without them.
    expect(result.cost.trained).toBe(400);
    expect(result.policy.train.withValidation).toBe(true);
  });

  it("has not where the user says so", async () => {
    const { rows, result } = await rowsOfFinal([], TEST, { withValidation: false });
    expect(rows).toBe(200);
    expect(result.policy.train).not.toHaveProperty("withValidation");
  });

  it("has not where a technique of its policy chooses by them", async () => {
    const { rows, result } = await rowsOfFinal(["test-validates"]);
    expect(rows).toBe(200);
    expect(result.validation?.loss).toBeGreaterThan(0);
    expect(result.report.limits.join(" ")).not.toContain("validation images, once");
  });

  it("has not where they are all there is to measure it on", async () => {
    const { rows, result } = await rowsOfFinal([], {});
    expect(rows).toBe(200);
    expect(result.validation).not.toBeNull();
  });
});
