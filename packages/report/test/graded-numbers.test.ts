// The same of tasks whose answers are graded: every figure of their sections stands in report.json.
import { describe, expect, it } from "vitest";
import type { Report } from "@regimen/core";
import { renderReport } from "../src/index.ts";
import { graded, several } from "./graded.ts";
import { expectCell, figures, strangers, tables } from "./reading.ts";

describe.each([
  ["better", graded("better")],
  ["worse", graded("worse")],
  ["no difference", graded("no-difference")],
  ["several labels", several()],
])("the tables of a task, %s", (_, report) => {
  const all = tables(renderReport(report));
  const match = (caption: string, wanted: readonly (readonly (number | string | null)[])[]) => {
    const shown = [...all].find(([name]) => name.replace(/[\u202f\u00a0]/g, " ").trim() === caption)?.[1];
    expect(shown?.map(([first]) => first)).toEqual(wanted.map(([first]) => first));
    wanted.forEach((row, r) =>
      row.forEach((value, i) => i > 0 && expectCell(shown![r]![i]!, value, `${caption}, ${row[0]}, column ${i}`)),
    );
  };

  it("what it measures", () => {
    for (const exhibit of report.exhibits)
      match(
        exhibit.name,
        exhibit.kind === "bars"
          ? exhibit.rows.map(({ name, count, baseline, regimen }) => [
              name,
              count,
              ...exhibit.measures.flatMap((__, m) => [baseline![m]!, regimen[m]!]),
            ])
          : exhibit.lines.map(({ name, count, baseline, regimen }) => [
              name,
              count,
              baseline!.value,
              regimen.value,
              ...regimen.at!,
            ]),
      );
    match(
      "Measures of the task",
      report.measures.map(({ name, baseline, regimen }) => [name, baseline, regimen]),
    );
  });
  it("error and loss", () => {
    const { error, loss } = report;
    match(`Error and loss on the test images`, [
      ["baseline", error.baseline, loss.baseline],
      ["Regimen", error.regimen, loss.regimen],
    ]);
  });
  it("classes, weakest first, with the scores from which they are answered", () => {
    const strength = ({ regimen: { recall, precision } }: Report["classes"][number]) => Math.min(recall!, precision!);
    match(
      "Recall and precision per class",
      [...report.classes]
        .sort((a, b) => strength(a) - strength(b))
        .map(({ name, support, baseline, regimen }) => [
          name,
          support,
          baseline!.recall,
          regimen.recall,
          baseline!.precision,
          regimen.precision,
          regimen.threshold!,
        ]),
    );
  });
  it("the worst images", () =>
    match(
      `The ${report.worst!.length} test images with the largest errors`,
      report.worst!.map(({ id, error, baseline }) => [id, baseline, error]),
    ));
});

/** Numbers of a report, and what the page makes of them. */
function known(report: Report): number[] {
  const found: number[] = [];
  const walk = (v: unknown): void => {
    if (typeof v === "number") found.push(v);
    else if (typeof v === "string") found.push(...figures(v).map((f) => f.value));
    else if (v && typeof v === "object") Object.values(v).forEach(walk);
  };
  const { exhibits, curves, worst, ...rest } = report;
  walk(rest);
  for (const one of exhibits)
    walk(
      one.kind === "bars"
        ? one
        : { ...one, lines: one.lines.map(({ regimen, baseline }) => [regimen.value, baseline?.value]) },
    );
  const { error, classes, confusion, search, dataset, techniques } = report;
  const sum = (m: readonly (readonly number[])[]) => m.flat().reduce((a, b) => a + b, 0);
  const wrong = (m: readonly (readonly number[])[]) => sum(m.map((row, i) => row.map((v, j) => (i === j ? 0 : v))));
  const [lo, hi] = error.interval ?? [0, 0];
  const gain = error.baseline! - error.regimen;
  const found0 = ({ support, regimen }: Report["classes"][number]) => Math.round(support * regimen.recall!);
  const before = ({ support, baseline }: Report["classes"][number]) => Math.round(support * baseline!.recall!);
  const answered = (c: Report["classes"][number]) => Math.round(found0(c) / c.regimen.precision!);
  const counts = dataset.classes.map((c) => c.count);
  const { cost } = search;
  const seconds = cost.baselineSeconds! + cost.searchSeconds + cost.finalSeconds;
  found.push(
    ...[gain, lo, hi, (hi - lo) / 2].flatMap((v) => [100 * v, -100 * v]),
    1 - error.regimen / error.baseline!,
    wrong(confusion.regimen),
    confusion.regimen.length ? confusion.regimen[0]![1]! + confusion.regimen[1]![0]! : 0,
    confusion.regimen.length ? confusion.baseline![0]![1]! + confusion.baseline![1]![0]! : 0,
    classes.reduce((n, c) => n + c.support, 0) - sum(confusion.regimen),
    ...classes.flatMap((c) => [
      found0(c),
      c.support - found0(c),
      found0(c) - before(c),
      answered(c),
      answered(c) - found0(c),
    ]),
    dataset.splits.train + dataset.splits.validation + dataset.splits.test!,
    Math.max(...counts) / Math.min(...counts),
    0.1 * dataset.splits.train,
    search.trials.length,
    techniques.length,
    worst!.length,
    worst!.filter(({ image }) => image).length,
    worst!.filter(({ error: now, baseline }) => baseline !== null && now > baseline).length,
    ...worst!.flatMap((one) => [one.error, one.baseline ?? 0]),
    ...report.calibration.regimen.bins.flatMap((b) => [b.images, 100 * b.from, 100 * b.to]),
    report.calibration.regimen.bins.length,
    report.calibration.regimen.bins.reduce((n, b) => n + b.images, 0),
    100 * report.calibration.regimen.ece,
    100 * (report.calibration.baseline?.ece ?? 0),
    ...curves
      .filter((c) => c.role !== "trial")
      .flatMap((c) => {
        const least = c.points.reduce((a, b) => (b.validation! < a.validation! ? b : a));
        return [Number(least.images.toPrecision(2)), least.validation!, c.points.at(-1)!.validation!];
      }),
    ...techniques.flatMap((t) => (t.interval ? [t.validationLoss! - t.validationLossWithout!] : [])),
    ...[
      seconds,
      cost.searchSeconds + cost.finalSeconds,
      ...cost.stages.map((s) => s.seconds),
      report.cost.seconds,
    ].flatMap((s) => [s / 60, Math.floor(s / 60), s % 60]),
    ...cost.stages.map((s) => s.imagesSeen / cost.plainRunImages),
    ...search.refused.flatMap(({ evidence }) => {
      const e = evidence as { reference?: number; of?: number };
      return e.reference === undefined ? [] : [e.reference / e.of!];
    }),
  );
  return found;
}

describe("the sentences of a task", () => {
  it.each([
    ["better", graded("better")],
    ["worse", graded("worse")],
    ["no difference", graded("no-difference")],
    ["too few images", graded("too-few-images")],
    ["several labels", several()],
  ])("hold no number that report.json does not give: %s", (_, report) => {
    expect(strangers(renderReport(report), known(report))).toEqual([]);
  });
  it("would be found out, in this very test", () => {
    const report = graded();
    const other = { ...report, error: { ...report.error, regimen: 0.2777, improved: 333 } };
    expect(strangers(renderReport(other), known(report)).length).toBeGreaterThan(1);
  });
});
