import type { Report } from "@regimen/core";

const cost = { trained: 300, inferred: 60, seconds: 30 };

/** A small report of a run that did better, with every field. */
export const report: Report = {
  format: 1,
  run: {
    folder: null,
    name: "calm-fox-pier",
    started: "2026-01-02T03:04:05.000Z",
    seed: 7,
    engine: "0.1.0",
    node: "20.19.0",
    backend: "fake",
    captured: false,
    machine: "paper",
    imagesPerSecond: 100,
    command: "regimen train ./photos",
  },
  dataset: {
    name: "photos",
    task: "classification",
    splits: { train: 28, validation: 4, test: 800, unlabeled: null },
    classes: ["cat", "dog"].map((name) => ({ name, count: 416, train: 14, validation: 2, test: 400 })),
    imageShape: [8, 8, 1],
    duplicates: 0,
    acrossSplits: 0,
    unreadable: 0,
    unreadableFiles: [],
  },
  model: { name: "small-cnn", parameters: 1234 },
  policy: { name: "calm-fox-pier", engine: "0.1.0", train: { epochs: 3 }, steps: [] },
  search: {
    metalearner: "random",
    axes: [],
    trials: [],
    refused: [],
    cost: {
      baselineSeconds: 10,
      searchSeconds: 10,
      finalSeconds: 10,
      searchOverBaseline: 1,
      totalOverBaseline: 2,
      imagesSeen: 300,
      plainRunImages: 100,
      stages: [],
    },
  },
  techniques: [],
  classes: [
    { name: "cat", support: 400, baseline: { precision: 0.7, recall: 0.8 }, regimen: { precision: 0.8, recall: 0.9 } },
    { name: "dog", support: 400, baseline: { precision: 0.8, recall: 0.6 }, regimen: { precision: 0.85, recall: 0.7 } },
  ],
  confusion: {
    baseline: [
      [320, 80],
      [160, 240],
    ],
    regimen: [
      [360, 40],
      [120, 280],
    ],
  },
  error: {
    split: "test",
    images: 800,
    baseline: 0.3,
    regimen: 0.2,
    reduction: 1 / 3,
    fixed: 100,
    broken: 20,
    interval: [0.07, 0.13],
    p: 0.0001,
    verdict: "better",
  },
  loss: { baseline: 0.7, regimen: 0.5 },
  calibration: { baseline: { ece: 0.1, bins: [] }, regimen: { ece: 0.05, bins: [] } },
  unlabeled: null,
  curves: [],
  misclassified: [{ id: "1.png", label: 0, regimen: { predicted: 1, probability: 0.9 }, baseline: null, image: null }],
  cost,
  limits: ["One seed."],
};
