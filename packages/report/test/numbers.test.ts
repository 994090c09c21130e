// Every figure of the page stands in report.json: tables cell by cell, sentences number by number.
import { describe, expect, it } from "vitest";
import type { Report } from "@regimen/core";
import { renderReport } from "../src/index.ts";
import { fixture } from "./fixture.ts";
import { expectCell, figure, figures, holds, strangers, tables } from "./reading.ts";

describe("the page's tables", () => {
  const report = fixture();
  const all = tables(renderReport(report));
  const rows = (caption: RegExp): string[][] => {
    const found = [...all].filter(([name]) => caption.test(name));
    expect(
      found.map(([name]) => name),
      String(caption),
    ).toHaveLength(1);
    return found[0]![1];
  };
  /** Compares each row with what belongs there, by the text of its first cell. */
  const match = (caption: RegExp, wanted: readonly (readonly (number | string | boolean | null)[])[]) => {
    const shown = rows(caption);
    expect(shown.length, String(caption)).toBe(wanted.length);
    for (const row of shown) {
      const own = wanted.find(([name]) => String(name) === row[0]);
      expect(own, `${caption}: ${row[0]}`).toBeDefined();
      own!.forEach((value, i) => i > 0 && expectCell(row[i]!, value, `${caption}, ${row[0]}, column ${i}`));
    }
  };

  it("classes", () =>
    match(
      /^Recall and precision/,
      report.classes.map((c) => [
        c.name,
        c.support,
        c.baseline!.recall,
        c.regimen.recall,
        c.baseline!.precision,
        c.regimen.precision,
      ]),
    ));
  it("images per class", () =>
    match(
      /^Images per class/,
      report.dataset.classes.map((c) => [c.name, c.train, c.validation, c.test, c.count]),
    ));
  it("confusion", () => {
    for (const [caption, matrix] of [
      [/^Regimen: rows true/, report.confusion.regimen],
      [/^The baseline: rows true/, report.confusion.baseline!],
    ] as const)
      match(
        caption,
        matrix.map((row, i) => [report.classes[i]!.name, ...row]),
      );
  });
  it("trials", () => {
    const { axes, trials } = report.search;
    match(
      /^All trials/,
      trials.map((t) => [
        t.name,
        t.status,
        t.score,
        t.error,
        ...axes.map((a) => {
          const v = t.values[a.id] ?? null;
          return v === a.off && v !== null ? "off" : typeof v === "number" ? Number(v.toPrecision(3)) : v;
        }),
        t.imagesSeen,
        t.seconds,
      ]),
    );
  });
  it("techniques", () =>
    match(
      /^Effect of each technique/,
      report.techniques.map((t) => [
        t.label,
        t.validationLossWithout,
        t.validationLoss,
        t.validationLoss === null ? null : t.validationLoss - t.validationLossWithout!,
        t.interval ? t.interval[0] : null,
      ]),
    ));
  it("error", () => {
    const { error, loss, calibration } = report;
    match(/^Error, loss and calibration/, [
      ["baseline", error.baseline, error.baseline! * error.images],
      ["Regimen", error.regimen, error.regimen * error.images],
    ]);
    const [before, after] = rows(/^Error, loss and calibration/);
    expectCell(before![4]!, loss.baseline, "loss before");
    expectCell(after![4]!, loss.regimen, "loss after");
    expectCell(before![5]!, calibration.baseline!.ece, "calibration before");
    expectCell(after![5]!, calibration.regimen.ece, "calibration after");
    const { withoutError, withError } = report.unlabeled!;
    match(/^Error with and without/, [
      ["labelled images only", withoutError, withoutError * error.images],
      ["with unlabelled images", withError, withError * error.images],
    ]);
  });
  it("calibration", () => {
    const shown = rows(/^Reliability/);
    report.calibration.regimen.bins.forEach((bin, i) => {
      for (const [b, at] of [
        [report.calibration.baseline!.bins[i]!, 1],
        [bin, 4],
      ] as const) {
        const [images, confidence, accuracy] = shown[i]!.slice(at, at + 3);
        expectCell(images!, b.images, "images");
        expectCell(confidence!, b.images ? b.confidence : null, "confidence");
        expectCell(accuracy!, b.images ? b.accuracy : null, "accuracy");
      }
    });
  });
  it("curves", () =>
    match(
      /^Loss at the end/,
      report.curves.map((c) => {
        const status = report.search.trials.find((t) => t.name === c.name)?.status;
        const end = c.points.at(-1)!;
        return [
          c.role === "trial" ? `trial ${c.name}, ${status}` : c.role,
          end.images,
          end.train,
          end.validation,
          end.error,
        ];
      }),
    ));
  it("cost", () => {
    const { cost } = report.search;
    const shown = rows(/^What each stage cost/);
    cost.stages.forEach((stage, i) => {
      expectCell(shown[i]![1]!, stage.imagesSeen, stage.stage);
      expectCell(shown[i]![2]!, stage.imagesSeen / cost.stages[0]!.imagesSeen, stage.stage);
    });
    expectCell(shown.at(-1)![2]!, cost.totalOverBaseline, "all");
    expectCell(shown.at(-1)![1]!, cost.imagesSeen - cost.stages[0]!.imagesSeen, "all");
  });
  it("mistakes", () => {
    const sure = (p: number) => (p >= 0.995 ? ">99 %" : p);
    const name = (i: number) => report.classes[i]!.name;
    const spaced = rows(/^Mistakes of Regimen/).map((row) => row.map((cell) => cell.replace(/\u202f/g, " ")));
    expect(spaced).toHaveLength(report.misclassified.length);
    for (const m of report.misclassified) {
      const row = spaced.find(([id]) => id === m.id)!;
      [
        name(m.label),
        name(m.baseline!.predicted),
        sure(m.baseline!.probability),
        name(m.regimen.predicted),
        sure(m.regimen.probability),
      ].forEach((value, i) => expectCell(row[i + 1]!, value, m.id));
    }
  });
});

/** The share of the two best kept techniques in what all kept ones gained. */
function topShare(techniques: Report["techniques"]): number {
  const gains = techniques
    .flatMap((t) => (t.kept && t.verdict === "helps" ? [t.validationLossWithout! - t.validationLoss!] : []))
    .sort((a, b) => b - a);
  return (gains[0]! + gains[1]!) / gains.reduce((a, b) => a + b, 0);
}

/** Every number of a report, and what the page makes of them: differences, shares, sums. */
function known(report: Report): number[] {
  const found: number[] = [];
  const walk = (v: unknown): void => {
    if (typeof v === "number") found.push(v);
    else if (typeof v === "string") found.push(...figures(v).map((f) => f.value));
    else if (v && typeof v === "object") Object.values(v).forEach(walk);
  };
  // Without the long lists: whatever a sentence says of those is worked out below.
  const { misclassified: _, curves, confusion, calibration, search, ...rest } = report;
  walk(rest);
  walk([
    search.axes.map((a) => a.range),
    search.refused,
    search.cost,
    calibration.baseline!.ece,
    calibration.regimen.ece,
  ]);
  walk(search.trials.find((t) => t.status === "optimal"));
  const { error, dataset, classes, techniques, unlabeled } = report;
  const wrong = [error.baseline!, error.regimen, unlabeled!.withError, unlabeled!.withoutError].map(
    (e) => e * error.images,
  );
  const diagonal = (m: readonly (readonly number[])[]) => m.map((row, i) => row[i]!);
  const [before, after] = [diagonal(confusion.baseline!), diagonal(confusion.regimen)];
  const answered = classes.map((_, j) => confusion.regimen.reduce((sum, row) => sum + row[j]!, 0));
  const worst = ({ baseline, regimen }: Report["confusion"]) => {
    const both = regimen.flatMap((row, i) =>
      row.map((v, j) => (i < j ? [v + regimen[j]![i]!, baseline![i]![j]! + baseline![j]![i]!] : [0, 0])),
    );
    return both.sort((a, b) => b[0]! - a[0]!)[0]!;
  };
  const counts = dataset.classes.map((c) => c.count);
  const seconds = (search.cost.baselineSeconds ?? 0) + search.cost.searchSeconds + search.cost.finalSeconds;
  found.push(
    ...wrong,
    wrong[0]! - error.fixed!,
    error.baseline! - error.regimen,
    100 * (error.baseline! - error.regimen),
    ...[error.interval!, unlabeled!.interval].flatMap(([lo, hi]) => [
      100 * lo,
      100 * hi,
      -100 * lo,
      -100 * hi,
      50 * (hi - lo),
    ]),
    ...worst(confusion),
    ...classes.flatMap((c, i) => [
      c.support - after[i]!,
      after[i]! - before[i]!,
      answered[i]! - after[i]!,
      after[i]! / c.support,
    ]),
    counts.reduce((a, b) => a + b, 0),
    Math.max(...counts) / Math.min(...counts),
    0.1 * dataset.splits.train,
    search.trials.length,
    techniques.length,
    report.misclassified.length,
    ...techniques.flatMap((t) => (t.interval ? [t.validationLoss! - t.validationLossWithout!] : [])),
    ...report.calibration.regimen.bins.flatMap((b) => [100 * b.from, 100 * b.to]),
    topShare(techniques),
    100 * report.calibration.regimen.ece,
    100 * report.calibration.baseline!.ece,
    report.calibration.regimen.bins.length,
    ...curves
      .filter((c) => c.role !== "trial")
      .flatMap((c) => {
        const least = c.points.reduce((a, b) => (b.validation! < a.validation! ? b : a));
        return [Number(least.images.toPrecision(2)), least.validation!, c.points.at(-1)!.validation!];
      }),
    ...report.misclassified.map((m) => m.regimen.probability),
    ...report.misclassified.flatMap((m) => (m.baseline ? [m.baseline.probability] : [])),
    ...[
      seconds,
      search.cost.searchSeconds + search.cost.finalSeconds,
      ...search.cost.stages.map((s) => s.seconds),
      report.cost.seconds,
    ].flatMap((s) => [s / 60, Math.floor(s / 60), s % 60]),
    ...search.cost.stages.map((s) => s.imagesSeen / search.cost.plainRunImages),
    ...search.refused.flatMap(({ evidence }) => {
      const e = evidence as { reference?: number; of?: number };
      return e.reference === undefined ? [] : [e.reference / e.of!];
    }),
  );
  return found;
}
describe("the page's sentences", () => {
  it("hold no number that report.json does not give", () => {
    const report = fixture();
    expect(strangers(renderReport(report), known(report))).toEqual([]);
  });
  it("would be found out, in this very test", () => {
    expect(holds(figure("−2.7"), -2.71)).toBe(true);
    expect(holds(figure("1,234"), 1235)).toBe(false);
    const report = fixture();
    const other = {
      ...report,
      error: { ...report.error, regimen: 0.0973 },
      model: { ...report.model, parameters: 572_775 },
    };
    expect(strangers(renderReport(other), known(report)).length).toBeGreaterThan(1);
  });
});
