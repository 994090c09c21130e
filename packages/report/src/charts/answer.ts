import type { Report } from "@regimen/core";
import type { Chart, Panel } from "../draw.ts";
import { NARROW } from "../draw.ts";
import { isGraded, mistakes } from "../facts.ts";
import { box, bracket, disc, line, segment, text, textWidth, type Mark } from "../marks.ts";
import { count, many, percentOf, points, signless } from "../words.ts";

const COLUMNS = 23;
const PITCH = 15;
const SIDE = 13;
const MOST = 120;

/** How many images one square stands for: 1, unless that would be more than 120 squares. */
export const perSquare = (report: Report): number => {
  const { regimen, baseline } = mistakes(report);
  return Math.max(1, Math.ceil(Math.max(regimen, baseline ?? 0) / MOST));
};

/** One square per wrong answer, before and after; below, the gain with its interval. Graded answers: bars of the error. */
export function answerChart(report: Report): Chart {
  if (isGraded(report)) return gradedChart(report);
  const { error } = report;
  const wrong = mistakes(report);
  const per = perSquare(report);
  const squares = (n: number) => (n === 0 ? 0 : Math.max(1, Math.round(n / per)));
  const rows = Math.max(3, Math.ceil(squares(Math.max(wrong.regimen, wrong.baseline ?? 0)) / COLUMNS));
  const blockHeight = rows * PITCH + 58;

  const block = (top: number, name: string, share: number, n: number, both: number, changed: "fixed" | "broken") => {
    const marks: Mark[] = [
      text(0, top + 8, name, { size: 14, bold: true }),
      text(NARROW, top + 8, `${count(n)} wrong · ${percentOf(share, error.images)}`, { size: 14, align: "right" }),
    ];
    const first = squares(both);
    const total = Math.max(first, squares(n));
    for (let i = 0; i < total; i++) {
      const x = Math.floor(i / rows) * PITCH;
      const y = top + 22 + (i % rows) * PITCH;
      marks.push(...square(x, y, i < first ? "both" : changed));
    }
    if (total === 0) marks.push(text(0, top + 30, "no mistakes", { colour: "ink2" }));
    if (wrong.both === null) return marks;
    const base = top + 22 + rows * PITCH + 6;
    const middle = (Math.floor((first - 1) / rows) + 1) * PITCH - 2;
    const end = Math.ceil(total / rows) * PITCH - 2;
    const words = `${count(both)} wrong in both`;
    const after =
      changed === "fixed" ? `${count(error.fixed ?? 0)} fixed by Regimen` : `${count(error.broken ?? 0)} newly broken`;
    const tone = changed === "fixed" ? "good" : "bad";
    if (first > 0) marks.push(bracket(0.5, middle, base, "axis"), text(0, base + 12, words, { colour: "ink2" }));
    if (total > first) {
      const from = first % rows === 0 ? middle + 2 : middle - 11;
      const room = textWidth(after, 12, true);
      const x = Math.min(Math.max(first > 0 ? textWidth(words) + 14 : 0, middle + 2), NARROW - room);
      marks.push(
        bracket(Math.max(0.5, first > 0 ? Math.max(from, middle + 2) : 0.5), Math.max(end, middle + 6), base, tone),
        text(x, base + 12, after, { colour: tone, bold: true }),
      );
    }
    return marks;
  };

  const plot = () => {
    const marks =
      wrong.both === null || error.baseline === null
        ? block(0, "Regimen", error.regimen, wrong.regimen, wrong.regimen, "broken")
        : [
            ...block(0, "Baseline", error.baseline, wrong.baseline ?? 0, wrong.both, "fixed"),
            ...block(blockHeight, "Regimen", error.regimen, wrong.regimen, wrong.both, "broken"),
          ];
    const top = (wrong.both === null ? 1 : 2) * blockHeight;
    const gain = error.baseline === null || error.interval === null ? null : gainPanel(report, top);
    const panel: Panel = { ...WHOLE(top), draw: () => marks };
    return { height: gain ? top + 88 : top, panels: gain ? [panel, gain] : [panel] };
  };
  return { name: "answer", label: spoken(report), widths: [NARROW], plot };
}

const BAR = 26;

function gradedChart(report: Report): Chart {
  const { error } = report;
  const rows = [
    ...(error.baseline === null ? [] : [["Baseline", error.baseline, "base"] as const]),
    ["Regimen", error.regimen, "good"] as const,
  ];
  const most = Math.max(...rows.map(([, share]) => share), 1e-9);
  const marks = rows.flatMap(([name, share, colour], i): Mark[] => {
    const top = i * 62;
    return [
      text(0, top + 8, name, { size: 14, bold: true }),
      text(NARROW, top + 8, percentOf(share, error.images), { size: 14, align: "right" }),
      box(0, top + 22, Math.max(1.5, (NARROW * share) / most), top + 22 + BAR, colour),
    ];
  });
  const top = rows.length * 62;
  const gain = error.baseline === null || error.interval === null ? null : gainPanel(report, top);
  const spokenRows = rows.map(([name, share]) => `${name}: error ${percentOf(share, error.images)}`).join("; ");
  const range = error.interval
    ? ` Gain ${points((error.baseline ?? 0) - error.regimen)} percentage points, 95 % interval ${points(error.interval[0])} to ${points(error.interval[1])}.`
    : "";
  return {
    name: "answer",
    label: `${spokenRows}, on ${count(error.images)} ${error.split} images.${range}`,
    widths: [NARROW],
    plot: () => {
      const panel: Panel = { ...WHOLE(top), draw: () => marks };
      return { height: gain ? top + 88 : top, panels: gain ? [panel, gain] : [panel] };
    },
  };
}

const WHOLE = (height: number) => ({
  left: 0,
  top: 0,
  width: NARROW,
  height,
  x: { from: 0, to: 1 },
  y: { from: 0, to: 1 },
});

function square(x: number, y: number, kind: "both" | "fixed" | "broken"): Mark[] {
  if (kind === "both") return [box(x, y, x + SIDE, y + SIDE, "base")];
  if (kind === "fixed") {
    return [
      box(x + 0.75, y + 0.75, x + SIDE - 0.75, y + SIDE - 0.75, "goodSoft", { stroke: "good" }),
      line(
        [
          [x + 3, y + 6.6],
          [x + 5.6, y + 9.3],
          [x + 10.2, y + 3.7],
        ],
        "good",
        { width: 2 },
      ),
    ];
  }
  return [
    box(x, y, x + SIDE, y + SIDE, "bad"),
    segment(x + 3.6, y + 3.6, x + 9.4, y + 9.4, "paper", { width: 2 }),
    segment(x + 9.4, y + 3.6, x + 3.6, y + 9.4, "paper", { width: 2 }),
  ];
}

function gainPanel({ error }: Report, top: number): Panel {
  const gain = 100 * ((error.baseline ?? 0) - error.regimen);
  const [lo, hi] = [100 * error.interval![0], 100 * error.interval![1]];
  const good = gain >= 0;
  // Green and red only where it is more than chance.
  const told = error.verdict === "better" || error.verdict === "worse";
  const colour = !told ? "base" : good ? "good" : "bad";
  return {
    left: 10,
    top: top + 34,
    width: NARROW - 24,
    height: 26,
    x: {
      from: Math.min(0, lo),
      to: Math.max(0, hi),
      nice: true,
      ticks: {},
    },
    y: { from: 0, to: 1 },
    draw: (x, y) => [
      text(0, top + 6, "Gain in percentage points, with its 95\u202f% interval", { bold: true }),
      segment(x(0), y(1) - 2, x(0), y(0) + 4, "axis", { dash: [2, 3] }),
      box(x(lo), y(0.5) - 3.5, x(hi), y(0.5) + 3.5, told && good ? "goodSoft" : "paper", {
        stroke: colour,
        width: 1,
      }),
      disc(x(gain), y(0.5), 6, colour, { stroke: "paper" }),
      text(x(gain), y(1) - 4, good ? `${signless(gain, 1)} better` : `${signless(-gain, 1)} worse`, {
        bold: true,
        colour: told ? colour : "ink",
        align: x(gain) > NARROW - 60 ? "right" : x(gain) < 60 ? "left" : "center",
        halo: true,
      }),
    ],
  };
}

function spoken(report: Report): string {
  const { error } = report;
  const wrong = mistakes(report);
  if (wrong.baseline === null)
    return `Regimen: ${many(wrong.regimen, "mistake")} on ${count(error.images)} ${error.split} images.`;
  const gain = error.interval
    ? ` Gain ${points((error.baseline ?? 0) - error.regimen)} percentage points, 95 % interval ${points(error.interval[0])} to ${points(error.interval[1])}.`
    : "";
  return `Baseline ${count(wrong.baseline)} wrong, Regimen ${count(wrong.regimen)} wrong: ${count(error.fixed ?? 0)} fixed, ${count(error.broken ?? 0)} newly broken, ${count(wrong.both ?? 0)} wrong in both.${gain}`;
}
