import type { ReportAxis } from "@regimen/core";
import { FULL, NARROW, WIDE, type Chart, type Plot } from "../draw.ts";
import { chosenTrial, isOn, plainTrial, type Searched } from "../facts.ts";
import {
  bracket,
  cross,
  disc,
  line,
  offMark,
  regimenMark,
  segment,
  text,
  textWidth,
  wrap,
  type Mark,
  type Point,
  type TextStyle,
} from "../marks.ts";
import { bare, capital, loss, value } from "../words.ts";
import { ends, lines, scorePosition, shownAxes, stages, type Line } from "./axes.ts";
import { whole } from "./data.ts";

/** Upright axes stand so far apart, between margins for the first name and for the score. */
function spacing(axes: readonly ReportAxis[], width: number) {
  const large = width > 900;
  const [left, right] = large ? [40, 84] : [32, 62];
  const gap = (width - left - right) / axes.length;
  const size: 11 | 12 = large && gap > 70 ? 12 : 11;
  const widest = Math.max(...axes.flatMap((a) => nameOf(a).split(" ")).map((w) => textWidth(w, size, true)));
  // Where a name does not fit above its axis, the axes lie.
  return { large, left, gap, size, fits: width >= WIDE && gap >= Math.max(44, widest + 4) };
}

/** In words that lines can be broken between. */
const nameOf = (axis: ReportAxis): string => bare(axis.label).replaceAll("-", " ");
const suffix = (axis: ReportAxis) => (["m", "rr", "r"].includes(axis.kind) ? `(${axis.kind})` : "");

/**
 * The trials as lines over the search's axes, in search order; null where nothing was searched. `best`: what the best trial is
 * called; while a search goes on nothing is chosen yet.
 */
export function policyChart(report: Searched, best = "chosen"): Chart | null {
  if (report.search.axes.length === 0 || report.search.trials.length === 0) return null;
  const { axes } = shownAxes(report);
  const chosen = chosenTrial(report);
  const told = chosen
    ? `${capital(best)}: ${axes.map((a) => `${bare(a.label)} ${isOn(a, chosen) ? value(chosen.values[a.id] ?? null) : "off"}`).join(", ")}; validation loss ${loss(chosen.score)}.`
    : "No trial was chosen.";
  return {
    name: "policy",
    label: `Training policy as parallel coordinates, ${report.search.trials.length} trials. ${told}`,
    widths: [NARROW, WIDE, FULL],
    plot: (width) =>
      spacing(axes, width).fits ? upright(report, axes, width, best) : lying(report, axes, width, best),
  };
}

/**
 * Where the chart of a width stands, for what follows a pointer over it: `at` are the axes' places, the score's last; a share q
 * of an axis stands at `ends[0] + q (ends[1] − ends[0])`, moved by a trial's nudge times `spread[0]` where q is 0, else `spread[1]`.
 */
export type Frame = {
  readonly width: number;
  readonly lying: boolean;
  readonly at: readonly number[];
  readonly ends: readonly [number, number];
  readonly spread: readonly [number, number];
};
export type PolicyTrace = {
  readonly frames: readonly Frame[];
  readonly axes: readonly string[];
  readonly trials: readonly {
    /** Among all trials of the report. */ readonly index: number;
    readonly name: string;
    readonly status: string;
    readonly chosen: boolean;
    /** In words. */ readonly score: string;
    /** By axis, then the score; null where it has none. */ readonly at: readonly (number | null)[];
    readonly nudge: number;
    /** By axis, in words. */ readonly values: readonly string[];
  }[];
};

/** What the page's script needs to tell which trial a pointer is at; null where there is no chart. */
export function policyTrace(report: Searched): PolicyTrace | null {
  if (report.search.axes.length === 0 || report.search.trials.length === 0) return null;
  const { axes } = shownAxes(report);
  return {
    frames: [NARROW, WIDE, FULL].map((width) => frame(axes, width)),
    axes: axes.map((axis) => axis.label),
    trials: lines(report, axes).map(({ trial, index, chosen, at, nudge }) => ({
      index,
      name: trial.name,
      status: chosen ? "chosen" : trial.status,
      chosen,
      score: loss(trial.score),
      at: at.map((q) => (q === null ? null : Number(q.toFixed(4)))),
      nudge,
      values: axes.map((axis) => (isOn(axis, trial) ? value(trial.values[axis.id] ?? null) : "off")),
    })),
  };
}

function frame(axes: readonly ReportAxis[], width: number): Frame {
  const places = (at: (i: number) => number) => Array.from({ length: axes.length + 1 }, (_, i) => at(i));
  if (spacing(axes, width).fits) {
    const { X, top, bottom } = uprightPlace(axes, width);
    return { width, lying: false, at: places(X), ends: [bottom, top], spread: UPRIGHT_SPREAD };
  }
  const { Y, left, right } = lyingPlace(width);
  return { width, lying: true, at: places(Y), ends: [left, right], spread: LYING_SPREAD };
}
/** Lines that meet in one point are set apart by their nudge times this: at the end of an axis, and along it. */
const [UPRIGHT_SPREAD, LYING_SPREAD] = [[1.5, 0.7] as const, [1.3, 0.7] as const];
const spread = ([end, along]: readonly [number, number], l: Line, q: number, isScore: boolean): number =>
  isScore ? 0 : l.nudge * (q === 0 ? end : along);

/** A trial's line and, where it failed, its cross. Where it has no value it leaps over the axis. */
function trialMarks(l: Line, points: readonly Point[], crowded: boolean): Mark[] {
  if (l.chosen) return [line(points, "paper", { width: 8 }), line(points, "good", { width: 4 })];
  const { status } = l.trial;
  const how = { width: 1.1, opacity: crowded ? 0.2 : 0.5, ...(status === "rejected" ? {} : { dash: [4, 3] }) };
  const end = points.at(-1);
  return [line(points, "bad", how), ...(status === "failed" && end ? cross(...end) : [])];
}

/** Marks and values of the chosen trial, on top of all lines. */
function chosenMarks(
  axes: readonly ReportAxis[],
  l: Line,
  point: (i: number, q: number) => Point,
  /** null: what stands there says it already. */ write: (at: Point, i: number, words: string) => Mark | null,
): Mark[] {
  return axes.flatMap((axis, i): Mark[] => {
    const q = l.at[i];
    if (q === null || q === undefined) return [];
    const at = point(i, q);
    if (!isOn(axis, l.trial)) return [offMark(...at)];
    const written = write(at, i, value(l.trial.values[axis.id] ?? null));
    return [disc(at[0], at[1], 5, "good", { stroke: "paper" }), ...(written ? [written] : [])];
  });
}

function uprightPlace(axes: readonly ReportAxis[], width: number) {
  const { left, gap, size } = spacing(axes, width);
  const labels = axes.map((axis) => {
    const words = wrap(nameOf(axis), gap - 4, 3, size, true);
    return suffix(axis) ? [...words, suffix(axis)] : words;
  });
  const top = 56 + Math.max(2, ...labels.map((l) => l.length)) * 14;
  return { labels, top, bottom: top + 268, X: (i: number) => left + i * gap };
}

function upright(report: Searched, axes: readonly ReportAxis[], width: number, word: string): Plot {
  const n = axes.length;
  const { large, gap, size } = spacing(axes, width);
  const small = { size };
  const { labels, top, bottom, X } = uprightPlace(axes, width);
  const Y = (q: number) => bottom - q * (bottom - top);
  const marks: Mark[] = [];

  // Names of stages may reach beyond their brackets, but not into each other.
  const reach = Math.min(24, gap / 2 - 2);
  const heads = [...stages(axes), { name: "result", from: n, to: n }].map((g) => {
    const [x0, x1] = [X(g.from) - reach, X(g.to) + reach];
    return { ...g, x0, x1, start: Math.max(0, (x0 + x1 - textWidth(g.name, small.size)) / 2) };
  });
  heads.forEach((g, i) => {
    const room = (heads[i + 1]?.start ?? width) - 8 - g.start;
    marks.push(bracket(g.x0, g.x1, 21, "axis", -5), text(g.start, 10, g.name, { colour: "ink2", room, ...small }));
  });
  const chosen = chosenTrial(report);
  const all = lines(report, axes);
  const best = all.find((l) => l.chosen);
  for (const [i, axis] of axes.entries()) {
    const on = chosen !== null && isOn(axis, chosen);
    const words = labels[i]!;
    words.forEach((w, k) =>
      marks.push(
        text(X(i), top - 25 - (words.length - 1 - k) * 14, w, {
          align: "center",
          bold: on,
          colour: on ? "ink" : "ink2",
          ...small,
        }),
      ),
    );
    const { bottom: low, top: high } = ends(axis);
    // A chosen value at an axis' end is named by that end.
    const named = (q: number) => on && best?.at[i] === q;
    const endStyle = (q: number): TextStyle => ({
      size: 11,
      align: "center",
      room: gap - 4,
      bold: named(q),
      colour: named(q) ? "good" : "ink2",
    });
    marks.push(
      segment(X(i), top, X(i), bottom, "axis"),
      text(X(i), top - 11, high, endStyle(1)),
      text(X(i), bottom + 15, low, endStyle(0)),
    );
  }
  marks.push(
    text(X(n), top - 39, "validation", { align: "center", bold: large, ...small }),
    text(X(n), top - 25, "loss", { align: "center", bold: large, ...small }),
    text(X(n), top - 11, "best", { colour: "ink2", size: 11, align: "center" }),
    segment(X(n), top, X(n), bottom, "axis"),
    text(X(n), bottom + 15, "worst", { colour: "ink2", size: 11, align: "center" }),
  );

  for (const l of all) {
    const points = l.at.flatMap((q, i): Point[] =>
      q === null ? [] : [[X(i), Y(q) + spread(UPRIGHT_SPREAD, l, q, i === n)]],
    );
    marks.push(...trialMarks(l, points, all.length > 60));
  }
  if (best) {
    marks.push(
      ...chosenMarks(
        axes,
        best,
        (i, q) => [X(i), Y(q)],
        ([x, y], i, words) => {
          if (best.at[i] === 0 || best.at[i] === 1) return null;
          const next = best.at[i + 1];
          const rising = next !== null && next !== undefined && Y(next) < y;
          return text(x + 8, rising ? y + 13 : y - 12, words, {
            bold: true,
            colour: "good",
            halo: true,
            room: gap - 10,
            ...small,
          });
        },
      ),
    );
    marks.push(...results(report, best, (q) => Y(q), X(n), small, word));
  }
  return { height: bottom + 26, panels: [{ ...whole(width, bottom + 26), draw: () => marks }] };
}

/** The chosen score, and the plain trial's where there is room beside it. */
function results(
  report: Searched,
  best: Line,
  Y: (q: number) => number,
  x: number,
  small: { size: 11 | 12 },
  word: string,
): Mark[] {
  const q = best.at.at(-1);
  if (q === null || q === undefined) return [];
  const marks: Mark[] = [
    regimenMark(x, Y(q)),
    text(x + 10, Y(q), loss(best.trial.score), { bold: true, colour: "good", ...small }),
    text(x + 10, Y(q) + 14, word, { colour: "good", ...small }),
  ];
  const plain = plainTrial(report);
  if (plain?.score != null && plain !== best.trial) {
    const at = scorePosition(report, plain.score);
    const y = Y(at);
    // At the bottom the words go upwards, away from the axis' end.
    const lift = at < 0.08 ? 15 : 0;
    if (Math.abs(y - Y(q)) > 34 + lift) {
      marks.push(
        segment(x - 4, y, x + 7, y, "axis"),
        text(x + 10, y - lift, loss(plain.score), small),
        text(x + 10, y + 14 - lift, "plain", { colour: "ink2", ...small }),
      );
    }
  }
  return marks;
}

function lyingPlace(width: number) {
  const narrow = width < 400;
  return { left: narrow ? 122 : 200, right: width - (narrow ? 16 : 40), Y: (i: number) => 34 + i * 44 };
}

function lying(report: Searched, axes: readonly ReportAxis[], width: number, word: string): Plot {
  const n = axes.length;
  const { left, right, Y } = lyingPlace(width);
  const X = (q: number) => left + q * (right - left);
  const chosen = chosenTrial(report);
  const marks: Mark[] = [
    text(left, 10, "off", { colour: "ink2", align: "center" }),
    text(right, 10, "strongest", { colour: "ink2", align: "right" }),
  ];
  const name = (i: number, words: readonly string[], on: boolean) =>
    words.forEach((w, k) =>
      marks.push(
        text(0, Y(i) + (k - (words.length - 1) / 2) * 15, w, {
          bold: on,
          colour: on ? "ink" : "ink2",
          room: left - 14,
        }),
      ),
    );
  for (const [i, axis] of axes.entries()) {
    name(
      i,
      wrap(`${nameOf(axis)} ${suffix(axis)}`.trim(), left - 16, 2, 12, true),
      chosen !== null && isOn(axis, chosen),
    );
    marks.push(segment(left, Y(i), right, Y(i), "axis"));
  }
  name(n, ["validation", "loss"], true);
  marks.push(segment(left, Y(n), right, Y(n), "axis"));

  const all = lines(report, axes);
  for (const l of all) {
    const points = l.at.flatMap((q, i): Point[] =>
      q === null ? [] : [[X(q) + spread(LYING_SPREAD, l, q, i === n), Y(i)]],
    );
    marks.push(...trialMarks(l, points, all.length > 60));
  }
  const best = all.find((l) => l.chosen);
  for (const [i, axis] of axes.entries()) {
    // An axis without off has its own ends; the others start at off.
    const { bottom, top } = ends(axis);
    if (bottom === "off") continue;
    const style = (q: number): TextStyle => ({
      size: 11,
      halo: true,
      room: 70,
      bold: best?.at[i] === q,
      colour: best?.at[i] === q ? "good" : "ink2",
    });
    marks.push(
      text(left, Y(i) + 16, bottom, { ...style(0), align: "center" }),
      text(right, Y(i) + 16, top, { ...style(1), align: "right" }),
    );
  }
  if (best) {
    marks.push(
      ...chosenMarks(
        axes,
        best,
        (i, q) => [X(q), Y(i)],
        ([x, y], i, words) => {
          const q = best.at[i];
          if ((q === 0 || q === 1) && ends(axes[i]!).bottom !== "off") return null;
          const before = best.at[i - 1];
          const fromRight = (before !== null && before !== undefined && X(before) > x + 20) || x > right - 40;
          return text(x + (fromRight ? -9 : 9), y - 11, words, {
            bold: true,
            colour: "good",
            halo: true,
            align: fromRight ? "right" : "left",
            room: 80,
          });
        },
      ),
    );
    const q = best.at.at(-1);
    if (q !== null && q !== undefined) {
      marks.push(
        regimenMark(X(q), Y(n)),
        text(Math.min(X(q), right), Y(n) + 20, `${loss(best.trial.score)} ${word}`, {
          bold: true,
          colour: "good",
          align: "right",
        }),
      );
    }
    const plain = plainTrial(report);
    if (plain?.score != null && plain !== best.trial && q !== null && q !== undefined) {
      const x = X(scorePosition(report, plain.score));
      if (X(q) - x > 150) {
        marks.push(
          bracket(x, x, Y(n) + 6, "axis", 12),
          text(x, Y(n) + 20, `${loss(plain.score)} plain`, { align: "center" }),
        );
      }
    }
  }
  const height = Y(n) + 34;
  return { height, panels: [{ ...whole(width, height), draw: () => marks }] };
}
