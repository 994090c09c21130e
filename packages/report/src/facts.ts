// What several sections need to know of a report, worked out once and in one way.
import type { Report, ReportAxis, ReportExhibit, ReportTechnique, ReportTrial, Terms } from "@regimen/core";
import { bare, shortUse, spaced } from "./words.ts";

/** Whether an answer is more than right or wrong: then mistakes cannot be counted. */
export const isGraded = ({ worst, terms }: Report): boolean => worst !== null || terms !== null;

/** The task's own words. */
export const termsOf = ({ terms }: Report): Terms => ({
  error: spaced(terms?.error ?? "error"),
  means: spaced(terms?.means ?? ""),
  unit: terms?.unit ?? "image",
});

/** Whether a class's counts are of images, which are many and each on its own: only then an interval can be told. */
export const countsImages = (report: Report): boolean => termsOf(report).unit === "image";

export type BarsShown = Extract<ReportExhibit, { kind: "bars" }>;
export type CurvesShown = Extract<ReportExhibit, { kind: "curves" }>;

/** What the task measures of each class first. */
export const mainBars = ({ exhibits }: Report): BarsShown | null =>
  exhibits.find((one): one is BarsShown => one.kind === "bars" && !one.ordered && one.rows.length > 0) ?? null;

/** Rows of fewer are not called the lowest: luck decides there. */
const FEW = 10;
/** The row of the lowest value that was measured; null where none was. */
export function lowestRow(exhibit: ReportExhibit): {
  readonly name: string;
  readonly value: number;
  readonly baseline: number | null;
  readonly others: number;
} | null {
  const rows =
    exhibit.kind === "bars"
      ? exhibit.rows.map(({ name, count, baseline, regimen }) => ({
          name,
          count,
          value: regimen[0] ?? null,
          baseline: baseline?.[0] ?? null,
        }))
      : exhibit.lines.map(({ name, count, baseline, regimen }) => ({
          name,
          count,
          value: regimen.value,
          baseline: baseline?.value ?? null,
        }));
  const known = rows.flatMap((row) => (row.value === null ? [] : [{ ...row, value: row.value }]));
  const enough = known.filter(({ count }) => count >= FEW);
  const [lowest] = (enough.length ? enough : known).sort((a, b) => a.value - b.value);
  return lowest ? { ...lowest, others: known.length - 1 } : null;
}

/** Mistakes, as counts of images. `both`: wrong before and after. */
export type Mistakes = {
  readonly regimen: number;
  readonly baseline: number | null;
  readonly both: number | null;
};
export function mistakes({ error }: Report): Mistakes {
  const regimen = Math.round(error.regimen * error.images);
  if (error.baseline === null || error.fixed === null) return { regimen, baseline: null, both: null };
  const baseline = Math.round(error.baseline * error.images);
  return { regimen, baseline, both: Math.max(0, baseline - error.fixed) };
}

export type ClassRow = {
  readonly index: number;
  readonly name: string;
  readonly support: number;
  /** Images of this class that were found, and answers that named this class. */
  readonly found: number;
  readonly answered: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly baseline: {
    readonly precision: number | null;
    readonly recall: number | null;
    readonly found: number;
  } | null;
  /** From which score on the class is answered; null where the likeliest class is. */ readonly threshold:
    number | null;
};

/** The classes, weakest first: by the lower of recall and precision; those without images last. */
export function classRows(report: Report): ClassRow[] {
  // A confusion of graded answers counts other things: objects that were found by an answer of whatever class, say.
  const confusion = isGraded(report) ? { baseline: null, regimen: [] } : report.confusion;
  const rows = report.classes.map((c, index): ClassRow => {
    const found = confusion.regimen[index]?.[index] ?? Math.round((c.regimen.recall ?? 0) * c.support);
    const { precision } = c.regimen;
    return {
      index,
      name: c.name,
      support: c.support,
      found,
      answered: confusion.regimen.length
        ? confusion.regimen.reduce((sum, row) => sum + (row[index] ?? 0), 0)
        : precision
          ? Math.round(found / precision)
          : 0,
      precision,
      recall: c.regimen.recall,
      baseline: c.baseline && {
        precision: c.baseline.precision,
        recall: c.baseline.recall,
        found: confusion.baseline?.[index]?.[index] ?? Math.round((c.baseline.recall ?? 0) * c.support),
      },
      threshold: c.regimen.threshold ?? null,
    };
  });
  return rows.sort((a, b) => strength(a) - strength(b) || a.index - b.index);
}
/** 0..1, and 2 where a class has no images: nothing is known of it. */
export const strength = (c: ClassRow): number =>
  c.support === 0 ? 2 : Math.min(c.recall ?? 0, c.precision ?? c.recall ?? 0);

/** What is known of a search, finished or not. */
export type Searched = { readonly search: Pick<Report["search"], "axes" | "trials"> };

/** The trial whose settings became the policy. */
export const chosenTrial = (report: Searched): ReportTrial | null =>
  report.search.trials.find((t) => t.status === "optimal") ?? null;

/** Whether a trial has a technique's axis switched on. */
export const isOn = (axis: ReportAxis, trial: ReportTrial): boolean => {
  const v = trial.values[axis.id];
  return v !== undefined && v !== null && v !== axis.off;
};

/** The plain trial: all that can be off is off. */
export const plainTrial = (report: Searched): ReportTrial | null =>
  report.search.trials.find(
    (t) => t.score !== null && report.search.axes.every((axis) => axis.off === null || !isOn(axis, t)),
  ) ?? null;

/** What a technique is called: as its axis says, else by its package. */
export function techniqueName(report: Report, use: string): string {
  const known = report.techniques.find((t) => t.use === use)?.label;
  return known === undefined ? shortUse(use) : bare(known);
}

export type Refusal = {
  readonly use: string;
  readonly because: string;
  readonly evidence: Report["search"]["refused"][number]["evidence"];
};

/** What the data refused: as the search says, and what the policy's steps say beyond that. */
export function refusals(report: Report): Refusal[] {
  const all: Refusal[] = report.search.refused.map(({ use, because, evidence }) => ({ use, because, evidence }));
  for (const { use, refused } of report.policy.steps) {
    if (refused && !all.some((r) => r.use === use)) all.push({ use, ...refused });
  }
  return all;
}

/** Techniques by order, and the steps that are switched on. */
export const inOrder = (report: Report): ReportTechnique[] => [...report.techniques].sort((a, b) => a.order - b.order);
export const stepsOn = (report: Report): Report["policy"]["steps"] => report.policy.steps.filter((s) => !s.refused);

/** Seconds of everything: baseline, search and final training. */
export const totalSeconds = ({ search: { cost } }: Report): number =>
  (cost.baselineSeconds ?? 0) + cost.searchSeconds + cost.finalSeconds;

const isBaseline = ({ stage }: { readonly stage: string }): boolean => /^baseline\b/i.test(stage);

/** Images seen by one plain training, validation included where that was counted: what `searchOverBaseline` counts in. */
export const plainRunImages = ({ search: { cost } }: Report): number =>
  cost.stages.find(isBaseline)?.imagesSeen ?? cost.plainRunImages;

/** Images seen by search and final training, without the baseline. */
export const regimenImages = ({ search: { cost } }: Report): number =>
  cost.stages.length === 0
    ? cost.imagesSeen
    : cost.stages.reduce((sum, s) => sum + (isBaseline(s) ? 0 : s.imagesSeen), 0);

/** Seconds of the same, the beginning included that it has in common with the baseline. */
export const regimenSeconds = ({ search: { cost } }: Report): number =>
  cost.stages.length === 0
    ? cost.searchSeconds + cost.finalSeconds
    : cost.stages.reduce((sum, s) => sum + (isBaseline(s) ? 0 : s.seconds), 0);

/** Images seen in units of one plain training; null where no plain run is known. */
export function plainRuns(report: Report, images: number): number | null {
  const unit = plainRunImages(report);
  return unit > 0 ? images / unit : null;
}
