// What a task measures beside its error, drawn from its data alone: bars and curves, the baseline's beside Regimen's.
import type { Line, Report, ReportExhibit } from "@regimen/core";
import type { BarsShown, CurvesShown } from "../facts.ts";
import { BOTH, type Chart, type Panel } from "../draw.ts";
import { box, disc, line, segment, text, type Mark, type Point } from "../marks.ts";
import { capital, many, percent } from "../words.ts";

/** Of more rows the lowest are drawn. */
export const MOST_ROWS = 20;
export const MOST_LINES = 12;

/** Fit for a file's name and an address, whatever the task calls it. */
export const slug = (id: string): string =>
  id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40) || "measured";

/** A chart for each exhibit, named as it is. */
export const exhibitCharts = ({ exhibits }: Report): Chart[] =>
  exhibits.flatMap((exhibit) => exhibitChart(exhibit) ?? []);
/** null where it has no row. */
export const exhibitChart = (exhibit: ReportExhibit): Chart | null =>
  exhibit.kind === "bars" ? barsChart(exhibit) : curvesChart(exhibit);

const lowestFirst = <T>(rows: readonly T[], value: (row: T) => number | null): T[] =>
  [...rows].sort((a, b) => (value(a) ?? 2) - (value(b) ?? 2));

/** The rows that are drawn: all, or those with the lowest first measure. */
function shownRows({ rows, ordered }: BarsShown): BarsShown["rows"] {
  const sorted = lowestFirst(rows, ({ regimen }) => regimen[0] ?? null);
  if (!ordered) return sorted.slice(0, MOST_ROWS);
  const kept = new Set(sorted.slice(0, MOST_ROWS));
  return rows.filter((row) => kept.has(row));
}
const shownLines = ({ lines }: CurvesShown): CurvesShown["lines"] =>
  lowestFirst(lines, ({ regimen }) => regimen.value).slice(0, MOST_LINES);

const ROW = 44;
const [HEAD, FOOT] = [34, 30];
const shown = (v: number | null): string => (v === null ? "not measured" : percent(v));

function barsChart(exhibit: BarsShown): Chart | null {
  const rows = shownRows(exhibit);
  if (rows.length === 0) return null;
  const { measures, unit } = exhibit;
  return {
    name: `measured-${slug(exhibit.id)}`,
    label: `${rows
      .map(
        (row) =>
          `${row.name}: ${measures.map((name, m) => `${name} ${row.baseline ? `${shown(row.baseline[m] ?? null)} before, ` : ""}${shown(row.regimen[m] ?? null)}`).join("; ")}`,
      )
      .join(". ")}.`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const left = narrow ? 112 : 136;
      const columns = narrow ? 1 : Math.min(2, measures.length);
      const gap = 60;
      const room = (width - left - 46 - (columns - 1) * gap) / columns;
      const height = rows.length * ROW;
      const panels = measures.map((measure, m): Panel => {
        const at = left + (m % columns) * (room + gap);
        const top = Math.floor(m / columns) * (HEAD + height + FOOT + 14);
        const scale = { from: 0, to: 100, ticks: {} };
        return {
          left: at,
          top: top + HEAD,
          width: room,
          height,
          x: scale,
          y: { from: 0, to: rows.length, inverse: true },
          draw: (x, y) => [
            text(at, top + 10, `${capital(measure)}, %`, { size: 14, bold: true, room: room + 40 }),
            segment(x(0), y(0), x(0), y(rows.length), "axis"),
            ...rows.flatMap((row, i) => [
              ...(m % columns === 0
                ? [
                    text(0, y(i + 0.5) - 8, row.name, { room: left - 14 }),
                    text(0, y(i + 0.5) + 8, many(row.count, unit), { colour: "ink2", size: 11, room: left - 14 }),
                  ]
                : []),
              ...pair(row.baseline?.[m] ?? null, row.regimen[m] ?? null, y(i + 0.5), (v) => x(100 * v)),
            ]),
          ],
        };
      });
      return { height: Math.ceil(measures.length / columns) * (HEAD + height + FOOT + 14) - 14, panels };
    },
  };
}

/** The baseline's bar above Regimen's; red, with its mark, where that is shorter. */
function pair(before: number | null, now: number | null, y: number, x: (v: number) => number): Mark[] {
  const worse = before !== null && now !== null && shortOf(now) < shortOf(before);
  const bar = (v: number, top: number, height: number, colour: "base" | "good" | "bad"): Mark =>
    box(x(0), top, Math.max(x(0) + 1.5, x(Math.min(1, v))), top + height, colour);
  return [
    ...(before === null
      ? []
      : [
          bar(before, y - 15, 9, "base"),
          text(x(before) + 6, y - 10.5, figure(before), { colour: "ink2", size: 11, halo: true }),
        ]),
    ...(now === null
      ? [text(x(0) + 6, y + 5, "nothing to measure", { colour: "ink2", halo: true })]
      : [
          bar(now, y - 3, 14, worse ? "bad" : "good"),
          text(x(now) + 6, y + 4, `${worse ? "▼ " : ""}${figure(now)}`, {
            bold: true,
            colour: worse ? "bad" : "good",
            halo: true,
          }),
        ]),
  ];
}
const figure = (v: number): string => (100 * v).toFixed(1);
/** As it is printed: what looks the same is not called worse. */
const shortOf = (v: number): number => Number(figure(v));

const CELL = { head: 40, foot: 26, gap: 26 } as const;

/** A small square for each line, so that none hides another. */
function curvesChart(exhibit: CurvesShown): Chart | null {
  const lines = shownLines(exhibit);
  if (lines.length === 0) return null;
  const { measure } = exhibit;
  return {
    name: `measured-${slug(exhibit.id)}`,
    label: `${lines.map(({ name, baseline, regimen }) => `${name}: ${measure} ${baseline ? `${shown(baseline.value)} before, ` : ""}${shown(regimen.value)}`).join("; ")}.`,
    widths: BOTH,
    plot: (width) => {
      const columns = width < 400 ? 2 : lines.length > 6 ? 4 : 3;
      const left = 32;
      const side = (width - left - 10 - (columns - 1) * CELL.gap) / columns;
      const panels = lines.map(({ name, baseline, regimen }, i): Panel => {
        const at = left + (i % columns) * (side + CELL.gap);
        const top = Math.floor(i / columns) * (CELL.head + side + CELL.foot);
        return {
          left: at,
          top: top + CELL.head,
          width: side,
          height: side,
          x: { from: 0, to: 100, ticks: { about: 2 } },
          y: { from: 0, to: 100, ...(i % columns === 0 ? { ticks: { about: 2 } } : {}) },
          draw: (x, y) => [
            box(x(0), y(0), x(100), y(100), "none", { stroke: "rule", width: 1 }),
            text(at, top + 8, name, { bold: true, room: side }),
            ...value(measure, baseline?.value ?? null, regimen.value, at, top + 25, side),
            ...(baseline ? drawn(baseline, "base", x, y) : []),
            ...drawn(regimen, "good", x, y),
          ],
        };
      });
      return { height: Math.ceil(lines.length / columns) * (CELL.head + side + CELL.foot), panels };
    },
  };
}

function value(measure: string, before: number | null, now: number | null, x: number, y: number, room: number): Mark[] {
  if (now === null) return [text(x, y, "nothing to measure", { colour: "ink2", room })];
  const worse = before !== null && shortOf(now) < shortOf(before);
  const words = `${measure} ${before === null ? "" : `${figure(before)} → `}${figure(now)}`;
  return [text(x, y, `${worse ? "▼ " : ""}${words}`, { colour: worse ? "bad" : "good", bold: true, room })];
}

/** Steps: between two points the second one's height holds. */
function drawn(
  { points, at }: Line,
  colour: "base" | "good",
  x: (v: number) => number,
  y: (v: number) => number,
): Mark[] {
  const place = ([across, up]: readonly [number, number]): Point => [x(100 * across), y(100 * up)];
  const path = points.flatMap((point, i): Point[] => [place([points[i - 1]?.[0] ?? 0, point[1]]), place(point)]);
  const [cx, cy] = at ? place(at) : [0, 0];
  return [
    ...(path.length ? [line(path, colour, { width: colour === "good" ? 2.4 : 1.8 })] : []),
    ...(at
      ? [
          colour === "good"
            ? disc(cx, cy, 5, "good", { stroke: "paper" })
            : disc(cx, cy, 4.5, "paper", { stroke: "base", width: 2 }),
        ]
      : []),
  ];
}
