// Reports of tasks whose answers are more than right or wrong, with invented figures that fit together.
import type { Line, Report, Verdict } from "@regimen/core";
import { fixture, PNG } from "./fixture.ts";

const COLOURS = ["#e69f00", "#56b4e9", "#009e73", null];
const line = (value: number, steps: number): Line => ({
  value,
  points: Array.from({ length: steps }, (_, i) => [
    ((i + 1) * 0.9) / steps,
    Math.max(0.05, value + 0.2 - i / steps / 2),
  ]),
  at: [0.4, value],
});

/** A detector's report: an error of its own for each image, objects for images, no calibration. */
export function graded(
  verdict: Verdict = "better",
  names: readonly string[] = ["crack", "rust stain", "dent", "a label"],
): Report {
  const full = fixture({ classes: names, trials: 6 });
  const better = verdict !== "worse";
  const [baseline, regimen] = better ? [0.4213, 0.3127] : [0.3127, 0.4213];
  const gain = baseline - regimen;
  const spread = { better: 0.041, worse: 0.041, "no-difference": 0.2, "too-few-images": 0 }[verdict];
  const values = names.map((_, k) => 0.4 + 0.11 * ((k * 3) % 5));
  const classes = full.classes.map(({ name }, k) => ({
    name,
    support: 40 + 30 * k,
    baseline: {
      precision: values[k]! - 0.02,
      recall: values[k]! - 0.05,
      threshold: 0.31,
      averagePrecision: values[k]!,
    },
    regimen: { precision: values[k]! + 0.03, recall: values[k]! - 0.1, threshold: 0.42, averagePrecision: values[k]! },
  }));
  const found = (k: number) => Math.round(classes[k]!.support * classes[k]!.regimen.recall);
  return {
    ...full,
    dataset: { ...full.dataset, name: "Bridges", task: "detection" },
    unlabeled: null,
    unlabeledUse: [],
    error: {
      ...full.error,
      images: verdict === "too-few-images" ? 7 : 480,
      baseline,
      regimen,
      reduction: 1 - regimen / baseline,
      fixed: null,
      broken: null,
      p: null,
      improved: verdict === "too-few-images" ? 4 : 214,
      worsened: verdict === "too-few-images" ? 2 : 131,
      interval: verdict === "too-few-images" ? null : [gain - spread, gain + spread],
      verdict,
    },
    terms: { error: "1 − mAP@0.5", means: "how far it is from finding all: 0 % is perfect", unit: "object" },
    measures: [
      { name: "mAP@0.5", baseline: 1 - baseline, regimen: 1 - regimen },
      { name: "mAP@0.5:0.95", baseline: 0.2613, regimen: 0.3331 },
      { name: "mAP large", baseline: null, regimen: null },
    ],
    exhibits: [
      {
        kind: "bars",
        id: "Average precision!",
        name: "Average precision per class",
        about: "How well objects are found: 100 % is all.",
        note: "By COCO's rules.",
        measures: ["AP@0.5", "AP@0.5:0.95"],
        unit: "object",
        ordered: false,
        rows: names.map((name, k) => ({
          name,
          count: 40 + 30 * k,
          baseline: [values[k]! + 0.013 * (k - 1), values[k]! / 2],
          regimen: [values[k]!, k === 2 ? null : values[k]! / 2 + 0.021],
        })),
      },
      {
        kind: "curves",
        id: "precision-recall",
        name: "Precision–recall curves",
        about: "Further up is better.",
        note: "Thinned.",
        x: "share found",
        y: "share right",
        measure: "AP",
        lines: names.map((name, k) => ({
          name,
          count: 40 + 30 * k,
          baseline: k === 1 ? { value: null, points: [], at: null } : line(values[k]! - 0.04, 50),
          regimen: line(values[k]!, 30),
        })),
      },
      {
        kind: "bars",
        id: "sizes",
        name: "Objects found, by size",
        about: "By side.",
        note: "In octaves.",
        measures: ["share found"],
        unit: "object",
        ordered: true,
        rows: [
          { name: "under 4 px", count: 3, baseline: [0], regimen: [0] },
          { name: "4 to 8 px", count: 61, baseline: [0.344], regimen: [0.311] },
          { name: "8 px and more", count: 102, baseline: [0.911], regimen: [0.952] },
        ],
      },
    ],
    classes,
    confusion: {
      baseline: classes.map((_, i) => classes.map((__, j) => (i === j ? found(i) - 2 : i + j === 1 ? 7 : 0))),
      regimen: classes.map((_, i) => classes.map((__, j) => (i === j ? found(i) : i + j === 1 ? 4 : 0))),
    },
    calibration: { baseline: { ece: Number.NaN, bins: [] }, regimen: { ece: Number.NaN, bins: [] } },
    misclassified: [],
    worst: Array.from({ length: 30 }, (_, i) => ({
      id: `bridges/${i}.jpg`,
      error: 0.991 - 0.021 * i,
      baseline: i === 4 ? null : 0.4 + 0.017 * ((i * 7) % 30),
      image: i < 8 ? PNG : null,
      several: null,
    })),
    overlays: {
      columns: ["image", "truth", "baseline", "Regimen"],
      colours: full.classes.map(({ name }, k) => ({ name, colour: COLOURS[k % 4]! })),
    },
  };
}

/** Independent labels: images are counted, probabilities calibrated, nothing is drawn in. */
export function several(): Report {
  const full = graded("no-difference");
  const labels = (i: number) => ({ labels: [i % 4], regimen: [(i + 1) % 4, i % 4], baseline: i % 3 ? [] : null });
  return {
    ...full,
    dataset: { ...full.dataset, task: "multilabel_classification" },
    terms: { ...full.terms!, error: "1 − mean average precision", unit: "image" },
    confusion: { baseline: [], regimen: [] },
    calibration: fixture().calibration,
    worst: full.worst!.map((one, i) => ({ ...one, several: labels(i) })),
    overlays: null,
  };
}
