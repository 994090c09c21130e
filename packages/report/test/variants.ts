// The same report with this or that missing: each must make a page.
import type { Report, Verdict } from "@regimen/core";
import { fixture } from "./fixture.ts";
import { graded, several } from "./graded.ts";

type Variant = {
  readonly report: Report;
  readonly absent: readonly string[];
  /** Sections of the task, which stand before those of the classes. */ readonly more?: readonly string[];
};

const MEASURED = ["measured-1-average-precision", "measured-2-precision-recall", "measured-3-sizes"];

function withoutBaseline(r: Report): Report {
  return {
    ...r,
    error: {
      ...r.error,
      baseline: null,
      reduction: null,
      fixed: null,
      broken: null,
      interval: null,
      p: null,
      verdict: "no-difference",
    },
    loss: { ...r.loss, baseline: null },
    calibration: { ...r.calibration, baseline: null },
    confusion: { ...r.confusion, baseline: null },
    classes: r.classes.map((c) => ({ ...c, baseline: null })),
    misclassified: r.misclassified.map((m) => ({ ...m, baseline: null })),
    curves: r.curves.filter((c) => c.role !== "baseline"),
    search: {
      ...r.search,
      cost: { ...r.search.cost, baselineSeconds: null, searchOverBaseline: null, totalOverBaseline: null },
    },
  };
}
function withoutTest(r: Report): Report {
  return {
    ...r,
    error: { ...r.error, split: "validation" },
    dataset: {
      ...r.dataset,
      splits: { ...r.dataset.splits, test: null, unlabeled: null },
      acrossSplits: null,
      classes: r.dataset.classes.map((c) => ({ ...c, test: null })),
    },
  };
}
function withoutSearch(r: Report): Report {
  return {
    ...r,
    policy: { ...r.policy, steps: [] },
    search: {
      ...r.search,
      axes: [],
      trials: [],
      refused: [],
      cost: { ...r.search.cost, searchSeconds: 0, searchOverBaseline: 0, stages: [] },
    },
    techniques: [],
    curves: [],
    limits: [],
    unlabeled: null,
  };
}
function perfect(r: Report): Report {
  const n = r.classes.length;
  const right = r.classes.map((c, i) => Array.from({ length: n }, (_, j) => (i === j ? c.support : 0)));
  return {
    ...r,
    error: {
      ...r.error,
      baseline: 0,
      regimen: 0,
      reduction: null,
      fixed: 0,
      broken: 0,
      interval: [-0.008, 0.008],
      p: 1,
      verdict: "no-difference",
    },
    confusion: { baseline: right, regimen: right },
    classes: r.classes.map((c) => ({
      ...c,
      baseline: { precision: 1, recall: 1 },
      regimen: { precision: 1, recall: 1 },
    })),
    misclassified: [],
    unlabeled: { withoutError: 0, withError: 0, reduction: 0, fixed: 0, broken: 0, interval: [0, 0], p: 1 },
  };
}

const longer = (verdict: Verdict): NonNullable<Report["error"]["longer"]> => ({
  error: 0.1,
  epochs: 59.4,
  equalEpochs: 59.4,
  fixed: 19,
  broken: 10,
  interval: [-0.003, 0.042],
  p: 0.14,
  verdict,
});
/** Without the fields that have been added since the first version. */
function earlier(r: Report): Report {
  const { samples: _, ...dataset } = r.dataset;
  const { longer: _longer, improved: _improved, worsened: _worsened, ...error } = r.error;
  const { chosen: _chosen, ...run } = r.run;
  const { augmented: _augmented, synthetic: _synthetic, unlabeledUse: _use, unlabeledTried: _tried, ...others } = r;
  const {
    terms: _terms,
    measures: _measures,
    exhibits: _exhibits,
    worst: _worst,
    overlays: _overlays,
    ...rest
  } = others;
  return { ...rest, run, dataset, error } as unknown as Report;
}

export function variants(): { readonly [name: string]: Variant } {
  const full = fixture({ trials: 8 });
  const { search, run, techniques, curves } = full;
  const forty = Array.from({ length: 40 }, (_, i) => ({
    ...search.axes[2 + (i % 7)]!,
    id: `axis-${i}`,
    label: `technique number ${i} (m)`,
  }));
  const task = (report: Report, ...absent: string[]): Variant => ({ report, absent, more: MEASURED });
  const { terms: _terms, exhibits: _exhibits, ...bare } = graded();
  const variant = (report: Report, ...absent: string[]): Variant => ({ report, absent });
  return {
    "graded answers": task(graded(), "calibration"),
    "graded answers, worse": task(graded("worse"), "calibration"),
    "graded answers, no difference": task(graded("no-difference"), "calibration"),
    "graded answers, too few images": task(graded("too-few-images"), "calibration"),
    "graded answers without a baseline": task(
      {
        ...withoutBaseline(graded()),
        exhibits: graded().exhibits.map((one) =>
          one.kind === "bars"
            ? { ...one, rows: one.rows.map((row) => ({ ...row, baseline: null })) }
            : { ...one, lines: one.lines.map((row) => ({ ...row, baseline: null })) },
        ),
        measures: graded().measures.map((one) => ({ ...one, baseline: null })),
        worst: graded().worst!.map((one) => ({ ...one, baseline: null })),
      },
      "calibration",
    ),
    "graded answers of a task without words, nothing measured, nothing drawn": variant(
      { ...bare, terms: null, exhibits: [], measures: [], overlays: null, worst: [] },
      "calibration",
    ),
    "forty classes that are graded": task(
      graded(
        "better",
        Array.from({ length: 40 }, (_, i) => `class of objects number ${i}`),
      ),
      "calibration",
    ),
    "several labels": task(several(), "confusion"),
    worse: variant(fixture({ verdict: "worse", trials: 8 })),
    "no difference": variant(fixture({ verdict: "no-difference", trials: 8 })),
    "too few images": variant(fixture({ verdict: "too-few-images", trials: 8 })),
    "no baseline": variant(withoutBaseline(full)),
    "no test split: validation": variant(withoutTest(full)),
    "no unlabelled data": variant(
      {
        ...full,
        unlabeled: null,
        dataset: { ...full.dataset, splits: { ...full.dataset.splits, unlabeled: null } },
      },
      "unlabelled",
    ),
    "unlabelled images whose worth nobody measured": variant({ ...full, unlabeled: null }),
    "unlabelled images that the policy leaves alone": variant({ ...full, unlabeled: null, unlabeledUse: [] }),
    "longer plain training, which did better": variant({ ...full, error: { ...full.error, longer: longer("worse") } }),
    "longer plain training, which did worse": variant({ ...full, error: { ...full.error, longer: longer("better") } }),
    "a report of an earlier version": variant(earlier(full), "synthetic"),
    "synthetic images without findings, and a sheet that is none": variant({
      ...full,
      augmented: { image: "https://example.org/a.png", rows: ["a"], columns: ["b"] },
      synthetic: [{ file: "shown/final-x.png", image: null, about: null }],
    }),
    "nothing searched, nothing recorded": variant(withoutSearch(full)),
    "none of all these": variant(
      {
        ...withoutSearch(withoutTest(withoutBaseline(full))),
        run: { ...run, folder: null, command: null, imagesPerSecond: null, captured: false },
      },
      "unlabelled",
    ),
    "no mistake at all": variant(perfect(full)),
    "one trial": variant(fixture({ trials: 1 })),
    "forty trials": variant(fixture({ trials: 40 })),
    "ninety trials": variant(fixture({ trials: 90 })),
    "every trial failed": variant({
      ...full,
      search: {
        ...search,
        trials: search.trials.map((t) => ({
          ...t,
          status: "failed",
          score: null,
          error: null,
          why: "the loss became infinite",
        })),
      },
    }),
    "values that are null, missing or off their axis": variant({
      ...full,
      search: {
        ...search,
        trials: search.trials.map((t, i) => ({
          ...t,
          values:
            i % 3 === 0
              ? {}
              : i % 3 === 1
                ? Object.fromEntries(Object.keys(t.values).map((k) => [k, null]))
                : { ...t.values, "train.optimizer": "unheard-of", "train.learningRate": 1e9 },
        })),
      },
    }),
    "axes of one value, of none, and switches": variant({
      ...full,
      search: {
        ...search,
        axes: search.axes.map((a, i) =>
          i === 0
            ? { ...a, range: [0.1, 0.1] }
            : i === 1
              ? { ...a, range: [] }
              : i === 2
                ? { ...a, kind: "choice", range: [false, true], off: false }
                : a,
        ),
      },
    }),
    "forty axes, all off": variant({ ...full, search: { ...search, axes: forty } }),
    "forty axes, twenty of them used": variant({
      ...full,
      search: {
        ...search,
        axes: forty,
        trials: search.trials.map((t, i) => ({
          ...t,
          values: Object.fromEntries(forty.map((a, k) => [a.id, k < 20 && (k + i) % 3 === 0 ? (k % 10) / 10 : 0])),
        })),
      },
    }),
    "techniques measured from one start": variant({
      ...full,
      techniques: techniques.map((t) => ({
        ...t,
        validationLossWithout: t.validationLossWithout === null ? null : 0.4,
      })),
    }),
    "no technique measured": variant({
      ...full,
      techniques: techniques.map((t) => ({
        ...t,
        validationLoss: null,
        validationLossWithout: null,
        interval: null,
        verdict: "not-measured",
      })),
    }),
    "no technique helps": variant({
      ...full,
      policy: { ...full.policy, steps: [] },
      techniques: techniques.map((t) => ({ ...t, kept: false, verdict: "no-effect" })),
    }),
    "evidence of another kind": variant({
      ...full,
      search: {
        ...search,
        refused: [
          { use: "a", because: "b", evidence: null },
          { use: "c", because: "d", evidence: [1, "two", { three: 3 }] },
          { use: "e", because: "f", evidence: "words" },
          { use: "g", because: "h", evidence: { flips: 3, of: 0, deep: { er: [1] } } },
        ],
      },
    }),
    "the final training without validation": variant({
      ...full,
      curves: curves.map((c) =>
        c.role === "final" ? { ...c, points: c.points.map((p) => ({ ...p, validation: null, error: null })) } : c,
      ),
    }),
    "curves of one point, and empty ones": variant({
      ...full,
      curves: curves.map((c, i) => ({ ...c, points: c.points.slice(0, i % 2) })),
    }),
    "two classes": variant(fixture({ classes: ["good", "defect"], trials: 2 })),
    "a hundred classes": variant(
      fixture({ classes: Array.from({ length: 100 }, (_, i) => `class number ${i}`), images: 4000 }),
    ),
    "a class without images, and one that is never answered": variant({
      ...full,
      classes: full.classes.map((c, i) =>
        i === 0
          ? { ...c, support: 0, regimen: { precision: null, recall: null }, baseline: null }
          : i === 1
            ? { ...c, regimen: { precision: null, recall: 0 } }
            : c,
      ),
    }),
    "test images in training, and many unreadable files": variant({
      ...full,
      dataset: {
        ...full.dataset,
        acrossSplits: 12,
        unreadable: 300,
        unreadableFiles: Array.from({ length: 300 }, (_, i) => ({ file: `${i}.jpg`, why: "not an image" })),
      },
    }),
    "no plain run to count in": variant({
      ...full,
      search: { ...search, cost: { ...search.cost, plainRunImages: 0 } },
    }),
    "mistakes by the thousand": variant(fixture({ images: 40_000, trials: 2 })),
  };
}
