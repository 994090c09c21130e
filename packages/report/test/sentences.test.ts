import { describe, expect, it } from "vitest";
import type { Report } from "@regimen/core";
import { headline, proof, verdictWords } from "../src/index.ts";
import { synthetic } from "../src/sections/pictures.ts";
import { fixture } from "./fixture.ts";

/** Thin and hard spaces are layout; the words are what is tested. */
const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, " ");
const withError = (change: Partial<Report["error"]>): Report => {
  const report = fixture();
  return { ...report, error: { ...report.error, ...change } };
};

describe("the four verdicts", () => {
  it("better", () => {
    const report = fixture({ verdict: "better" });
    expect(plain(headline(report))).toBe("A third fewer mistakes: error fell from 12.1 % to 8.1 % on 480 test images");
    expect(plain(proof(report))).toBe(
      "29 images fixed, 10 newly broken. The gain is 4.0 percentage points (95 % interval 1.5 to 6.7); if the two models were equally good, a gap this large would turn up 3 times in 1,000 (p = 0.003).",
    );
    expect(verdictWords(report)).toEqual({ sign: "▲", words: "Better, by more than chance" });
  });
  it("worse", () => {
    const report = fixture({ verdict: "worse" });
    expect(plain(headline(report))).toBe("More mistakes: error rose from 7.9 % to 11.9 % on 480 test images");
    expect(plain(proof(report))).toMatch(
      /^10 images fixed, 29 newly broken\. The loss is 4\.0 percentage points \(95 % interval 1\.5 to 6\.7\).*Keep the baseline: it lies in the run's folder, under baseline\/\.$/,
    );
    expect(verdictWords(report).words).toBe("Worse, by more than chance");
  });
  it("no difference", () => {
    const report = fixture({ verdict: "no-difference" });
    expect(plain(headline(report))).toBe(
      "No difference that 480 test images can show: error 9.0 % before, 7.9 % after",
    );
    expect(plain(proof(report))).toMatch(
      /^12 images fixed, 7 newly broken: models that are equally good differ this much 4 times in 10 \(p = 0\.36\)\. The true change of the error is likely between −3\.\d and \+0\.\d percentage points\.$/,
    );
    expect(verdictWords(report).words).toBe("Could be chance");
  });
  it("too few images", () => {
    const report = fixture({ verdict: "too-few-images" });
    expect(plain(headline(report))).toBe(
      "Too few images to tell: error 16.7 % before, 10.4 % after, on only 48 test images",
    );
    expect(plain(proof(report))).toBe(
      "4 images fixed, 1 newly broken. With 48 images, only a change of more than about 13 percentage points could be told from chance; about 210 test images would show a change of this size.",
    );
    expect(verdictWords(report).words).toBe("Too few images to say");
  });
});

describe("synthetic images", () => {
  const title = (about: Report["synthetic"][number]["about"]) => {
    const report = fixture();
    return plain(`${synthetic({ ...report, synthetic: [{ ...report.synthetic[0]!, about }] })!.title}`);
  };
  it("that were not made, and why", () =>
    expect(title({ images: 0, classes: ["scratch"], steps: 42, fewest: 200, kept: false })).toBe(
      "No images were made: the training is too short for a generator",
    ));
  it("that were tried and turned away", () =>
    expect(title({ images: 30, kept: false })).toBe("30 images were made, tried, and not used: they did not help"));
});

describe("their edges", () => {
  it("without a baseline it states the error and compares nothing", () => {
    const report = withError({
      baseline: null,
      reduction: null,
      fixed: null,
      broken: null,
      interval: null,
      p: null,
      verdict: "no-difference",
    });
    expect(plain(headline(report))).toBe(
      "Error is 8.1 % on 480 test images; no baseline was trained to compare it with",
    );
    expect(proof(report)).toMatch(/^Without the baseline/);
    expect(verdictWords(report).words).toBe("Not compared: no baseline");
  });
  it("on validation images it says that they flatter", () => {
    const report = withError({ split: "validation" });
    expect(plain(headline(report))).toMatch(/on 480 validation images$/);
    expect(proof(report)).toMatch(/There was no test split: the validation images also steered the search/);
  });
  it("names fractions only where they are near", () => {
    const said = (baseline: number, regimen: number) =>
      headline(withError({ baseline, regimen, reduction: 1 - regimen / baseline }));
    expect(plain(said(0.2, 0.1))).toMatch(/^Half the mistakes: error fell/);
    expect(plain(said(0.2, 0.15))).toMatch(/^A quarter fewer mistakes/);
    expect(plain(said(0.2, 0.12))).toMatch(/^40 % fewer mistakes/);
    expect(plain(said(0.2, 0))).toMatch(/^No mistakes: error fell from 20\.0 % to 0\.0 %/);
    expect(plain(said(0.2, 0.1995))).toMatch(/^Slightly fewer mistakes/);
  });
  it("gives as many digits as the images can tell apart, and no plural for one", () => {
    expect(plain(headline(withError({ images: 10_000, baseline: 0.1204, regimen: 0.0807 })))).toMatch(
      /from 12\.04 % to 8\.07 % on 10,000 test images/,
    );
    expect(plain(headline(withError({ images: 1, verdict: "too-few-images" })))).toMatch(/on only 1 test image$/);
  });
  it("speaks of equal answers without a test of nothing", () => {
    const same = { fixed: 0, broken: 0, p: 1, verdict: "no-difference", interval: [-0.008, 0.008] } as const;
    expect(plain(proof(withError(same)))).toMatch(
      /^Both models are wrong on the same images: none fixed, none newly broken\. The true change/,
    );
    expect(plain(proof(withError({ ...same, images: 4, verdict: "too-few-images" })))).toMatch(
      /newly broken\. With 4 images, no change at all could be told from chance\.$/,
    );
  });
});
