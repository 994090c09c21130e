import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@regimen/core";
import { describe, expect, it } from "vitest";
import { reportAgainst } from "../src/job/against.ts";
import { temp } from "./fake.ts";
import { report as plain } from "./report.ts";

const report: Report = {
  ...plain,
  limits: ["Whether longer plain training would have done as well: it was not tried.", "One seed."],
  policy: {
    ...plain.policy,
    steps: [
      { use: "a", version: "1.0.0", with: { m: 0.5 } },
      { use: "b", version: "1.0.0", with: { rr: 0 }, refused: { because: "it hurts", evidence: null } },
      { use: "self-taught", version: "1.0.0", with: { r: 2 } },
    ],
  },
  unlabeledUse: ["self-taught"],
};
/** A run's folder with one answer an image: right or wrong. */
function folder(name: string, answers: string, steps: readonly object[], ids = "image, ") {
  const at = join(temp(), name);
  mkdirSync(at);
  const rows = [...answers].map((a, i) => `"${ids}${i}",cat,${a === "+" ? "cat" : "dog"},0.5,0.5`);
  writeFileSync(join(at, "predictions.csv"), `id,label,predicted,p_cat,p_dog\n${rows.toReversed().join("\n")}\n`);
  writeFileSync(join(at, "policy.json"), JSON.stringify({ format: 1, train: { epochs: 12 }, steps }));
  return at;
}
const own = () => folder("own", "++++++++--", report.policy.steps);

describe("a report against another training", () => {
  it("holds what a longer plain one has shown, image by image", () => {
    const other = folder("longer", "+++----++-", []);
    const { error, limits, unlabeled } = reportAgainst(report, own(), other);
    expect(error.longer).toMatchObject({ error: 0.5, epochs: 12, fixed: 4, broken: 1 });
    // Two plain runs of 100 images, on 28 images an epoch.
    expect(error.longer!.equalEpochs).toBeCloseTo(200 / 28);
    // 5 of 5 coins, 4 or more heads or tails: 2 (5 + 1) / 32.
    expect(error.longer!.p).toBeCloseTo(12 / 32);
    expect(limits).toEqual(["One seed."]);
    expect(unlabeled).toBeNull();
  });
  it("holds what the policy does without unlabelled images", () => {
    const other = folder("labelled", "++++++----", [{ use: "a", version: "9.9.9", with: { m: 0.5 } }]);
    const { error, unlabeled } = reportAgainst(report, own(), other);
    expect(unlabeled).toMatchObject({ withoutError: 0.4, withError: 0.2, reduction: 0.5, fixed: 2, broken: 0 });
    expect(error.longer).toBeNull();
  });
  it("refuses answers that are more than right or wrong", () => {
    const graded = { ...report, worst: [] };
    expect(() => reportAgainst(graded, own(), folder("z", "++++++++--", []))).toThrow(
      expect.objectContaining({ code: "REG_TASK" }),
    );
  });
  it("refuses another policy, other images and folders without answers", () => {
    const step = { use: "a", version: "1.0.0", with: { m: 0.4 } };
    const mismatch = expect.objectContaining({ code: "REG_RUN_MISMATCH" });
    expect(() => reportAgainst(report, own(), folder("x", "++++++++--", [step]))).toThrow(mismatch);
    expect(() => reportAgainst(report, own(), folder("y", "++++++++--", [], "other"))).toThrow(mismatch);
    expect(() => reportAgainst(report, own(), temp())).toThrow(expect.objectContaining({ code: "REG_RUN_MISSING" }));
  });
});
