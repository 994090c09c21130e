import type { ReportAxis, ReportTrial } from "@regimen/core";
import { chosenTrial, isOn, type Searched } from "../facts.ts";
import { value } from "../words.ts";

const OFF_GAP = 0.08;

/**
 * Where a value stands on an axis, from 0 (bottom) to 1 (top); off is the bottom where the range allows it. null where
 * the trial has no value there.
 */
export function position(axis: ReportAxis, v: number | string | boolean | null | undefined): number | null {
  if (v === undefined || v === null) return null;
  const { range, off } = axis;
  if (axis.kind === "choice" || range.some((r) => typeof r !== "number") || typeof v !== "number") {
    const options = off !== null && !range.includes(off) ? [off, ...range] : range;
    const at = options.indexOf(v);
    return at < 0 ? null : options.length < 2 ? 0.5 : at / (options.length - 1);
  }
  const numbers = range as readonly number[];
  const [lo, hi] = [Math.min(...numbers), Math.max(...numbers)];
  const log = axis.scale === "log" && lo > 0;
  const along = (x: number) => (hi === lo ? 0.5 : log ? Math.log(x / lo) / Math.log(hi / lo) : (x - lo) / (hi - lo));
  const inside = (x: number) => Math.min(1, Math.max(0, x));
  if (typeof off !== "number") return inside(along(v));
  // Off beside the range, as 0 on a logarithmic scale: the range starts a little above it.
  if (off < lo || off > hi) {
    if (v === off) return 0;
    const q = inside(along(v));
    return OFF_GAP + (1 - OFF_GAP) * (off > hi ? 1 - q : q);
  }
  return off === hi ? 1 - inside(along(v)) : inside(along(v));
}

/** The values at the bottom and at the top of an axis, as text. */
export function ends(axis: ReportAxis): { readonly bottom: string; readonly top: string } {
  const { range, off } = axis;
  const last = range.at(-1);
  const first = range[0];
  if (first === undefined || last === undefined) return { bottom: "", top: "" };
  const bottomIsOff = off !== null && position(axis, off) === 0;
  const flipped = typeof off === "number" && typeof last === "number" && off >= last && last !== first;
  return { bottom: bottomIsOff ? "off" : value(flipped ? last : first), top: value(flipped ? first : last) };
}

/** Whether an axis only says how a technique is done that another axis switches on. */
const isDetail = (axis: ReportAxis, all: readonly ReportAxis[]): boolean =>
  axis.off === null && all.some((other) => other.use === axis.use && other.off !== null);

/** Axes of a picture: over 14, details of techniques are left out and counted, then axes that no trial ever switched on. */
export function shownAxes(
  report: Searched,
  most = 14,
): { readonly axes: readonly ReportAxis[]; readonly folded: number } {
  const { axes, trials } = report.search;
  if (axes.length <= most) return { axes, folded: 0 };
  const main = axes.filter((axis) => !isDetail(axis, axes));
  if (main.length <= most) return { axes: main, folded: axes.length - main.length };
  const on = main.filter((axis) => axis.off === null || trials.some((t) => isOn(axis, t)));
  const used = on.length > 0 ? on : main.slice(0, most);
  return { axes: used, folded: axes.length - used.length };
}

/** Stretches of neighbouring axes that belong to one stage of the search. */
export function stages(axes: readonly ReportAxis[]): { name: string; from: number; to: number }[] {
  const all: { name: string; from: number; to: number }[] = [];
  for (const [i, { group }] of axes.entries()) {
    const last = all.at(-1);
    if (last?.name === group) last.to = i;
    else all.push({ name: group, from: i, to: i });
  }
  return all;
}

export type Line = {
  readonly trial: ReportTrial;
  /** Among all trials of the report. */ readonly index: number;
  readonly chosen: boolean;
  /** One for each axis, then the score; null where the trial has no value. */
  readonly at: readonly (number | null)[];
  /** −4…4: sets lines apart that meet in one point. */
  readonly nudge: number;
};

/** The trials as lines, in the order in which they are painted: the chosen one last. */
export function lines(report: Searched, axes: readonly ReportAxis[]): Line[] {
  const { trials } = report.search;
  const chosen = chosenTrial(report);
  const scores = trials.flatMap((t) => (t.score === null ? [] : [t.score]));
  const [best, worst] = [Math.min(...scores), Math.max(...scores)];
  const score = (s: number | null) => (s === null ? null : worst === best ? 1 : (worst - s) / (worst - best));
  return trials
    .map((trial, i) => ({
      trial,
      index: i,
      chosen: trial === chosen,
      at: [...axes.map((axis) => position(axis, trial.values[axis.id])), score(trial.score)],
      nudge: trial === chosen ? 0 : ((i * 5) % 9) - 4,
    }))
    .sort((a, b) => Number(a.chosen) - Number(b.chosen));
}

/** Where a score stands among the trials', as in `lines`. */
export function scorePosition(report: Searched, s: number): number {
  const scores = report.search.trials.flatMap((t) => (t.score === null ? [] : [t.score]));
  const [best, worst] = [Math.min(...scores), Math.max(...scores)];
  return worst === best ? 1 : (worst - s) / (worst - best);
}
