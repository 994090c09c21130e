import type { Report } from "@regimen/core";
import { wilson } from "@regimen/stats";
import { BOTH, type Chart, type Panel } from "../draw.ts";
import { classRows, countsImages, isGraded, termsOf, type ClassRow } from "../facts.ts";
import { baselineMark, box, diamond, regimenMark, segment, text, textWidth, type Mark } from "../marks.ts";
import { count, many } from "../words.ts";

export const MOST_CLASS_ROWS = 20;
const ROW = 40;

/** The lowest figure that is drawn, rounded down to a tenth: where the scale starts, in percent. */
export function scaleStart(rows: readonly ClassRow[]): number {
  const all = rows.flatMap((r) => [r.recall, r.precision, r.baseline?.recall ?? null, r.baseline?.precision ?? null]);
  const lowest = Math.min(1, ...all.filter((v) => v !== null));
  return Math.min(90, Math.max(0, Math.floor(10 * lowest - 0.3) * 10));
}

/** Recall and precision of each class, weakest first, baseline beside Regimen. */
export function classesChart(report: Report): Chart {
  const rows = classRows(report).slice(0, MOST_CLASS_ROWS);
  const from = scaleStart(rows);
  const [{ unit }, told] = [termsOf(report), countsImages(report)];
  return {
    name: "classes",
    label: rows
      .map(
        (r) =>
          `${r.name}: recall ${fromTo(r.baseline?.recall, r.recall)}, precision ${fromTo(r.baseline?.precision, r.precision)}`,
      )
      .join("; "),
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const left = narrow ? 112 : 136;
      const room = narrow ? width - left - 30 : 246;
      const height = rows.length * ROW;
      const what = { recall: "of this class, the share found, %", precision: "of its calls, the share right, %" };
      const panel = (key: "recall" | "precision", at: number, top: number, names: boolean): Panel => ({
        left: at,
        top: top + 40,
        width: room,
        height,
        x: { from, to: 100, ticks: {} },
        y: { from: 0, to: rows.length, inverse: true },
        draw: (x, y) => [
          text(at, top + 8, key === "recall" ? "Recall" : "Precision", { size: 14, bold: true }),
          text(at, top + 25, what[key], { colour: "ink2" }),
          ...rows.flatMap((r, i) => [
            ...(names
              ? [
                  text(0, y(i + 0.5) - 8, r.name, { bold: i === 0, room: left - 14 }),
                  text(0, y(i + 0.5) + 8, many(r.support, unit), { colour: "ink2", size: 11 }),
                ]
              : []),
            ...figures(r, key, y(i + 0.5), (v) => x(Math.max(from, 100 * v)), told ? unit : null),
          ]),
        ],
      });
      const first = panel("recall", left, 0, true);
      const second = narrow
        ? panel("precision", left, height + 84, true)
        : panel("precision", width - room - 30, 0, false);
      return { height: second.top + height + 28, panels: [first, second] };
    },
  };
}

const fromTo = (before: number | null | undefined, after: number | null) =>
  `${before === undefined || before === null ? "" : `${(100 * before).toFixed(0)} to `}${after === null ? "not defined" : `${(100 * after).toFixed(0)} %`}`;

/** `counted`: what the interval is one of; null where none can be told. */
function figures(
  r: ClassRow,
  key: "recall" | "precision",
  y: number,
  x: (v: number) => number,
  counted: string | null,
): Mark[] {
  const now = r[key];
  const before = r.baseline?.[key] ?? null;
  const marks: Mark[] = [];
  if (now === null) {
    const why = key === "recall" ? "nothing to find" : "never answered";
    return [
      text(x(0) + 2, y, why, { colour: "ink2", halo: true }),
      ...(before === null ? [] : [baselineMark(x(before), y)]),
    ];
  }
  const worse = before !== null && now < before;
  const of = key === "recall" ? r.support : r.answered;
  if (counted !== null && of > 0) {
    const [lo, hi] = wilson(r.found, of);
    marks.push(box(x(lo), y - 8, x(hi), y + 8, "goodSoft", { opacity: 0.55 }));
  }
  if (before !== null)
    marks.push(
      segment(x(before), y, x(now), y, worse ? "bad" : "good", { width: worse ? 2.5 : 3 }),
      baselineMark(x(before), y),
    );
  marks.push(worse ? diamond(x(now), y, "bad") : regimenMark(x(now), y));
  const shown = (v: number) => (100 * v).toFixed(0);
  if (before !== null && shown(before) !== shown(now)) {
    const right = now < before;
    marks.push(
      text(x(before) + (right ? 11 : -10), y, shown(before), {
        colour: "ink2",
        halo: true,
        align: right ? "left" : "right",
      }),
    );
  }
  marks.push(
    text(x(now) + (worse ? -11 : 11), y, shown(now), {
      bold: true,
      colour: worse ? "bad" : "good",
      halo: true,
      align: worse ? "right" : "left",
    }),
  );
  return marks;
}

export type Pair = {
  readonly a: number;
  readonly b: number;
  readonly regimen: number;
  readonly baseline: number | null;
};

/** Pairs of classes that are taken for each other, most often first. */
export function confusedPairs({ confusion }: Report): Pair[] {
  const { regimen, baseline } = confusion;
  const pairs: Pair[] = [];
  for (let a = 0; a < regimen.length; a++) {
    for (let b = a + 1; b < regimen.length; b++) {
      const both = (m: readonly (readonly number[])[]) => (m[a]?.[b] ?? 0) + (m[b]?.[a] ?? 0);
      if (both(regimen) + (baseline ? both(baseline) : 0) > 0)
        pairs.push({ a, b, regimen: both(regimen), baseline: baseline ? both(baseline) : null });
    }
  }
  return pairs.sort((p, q) => q.regimen - p.regimen || (q.baseline ?? 0) - (p.baseline ?? 0));
}

/** Whether there is anything in the matrices to draw. */
const hasConfusion = ({ confusion }: Report): boolean =>
  confusion.regimen.some((row) => row.some((value) => value > 0));

/** What stands beside the diagonal. */
export const wrongIn = (m: readonly (readonly number[])[]): number =>
  m.reduce((sum, row, i) => sum + row.reduce((s, v, j) => s + (i === j ? 0 : v), 0), 0);

export const MOST_MATRIX = 12;

/** The classes that are drawn, weakest first. */
export const matrixOrder = (report: Report): number[] =>
  classRows(report)
    .slice(0, MOST_MATRIX)
    .map((r) => r.index);

/** Confusion matrices of both models; of more than 12 classes, the 12 weakest. */
export function confusionChart(report: Report): Chart | null {
  if (!hasConfusion(report)) return null;
  const { confusion, classes } = report;
  const order = matrixOrder(report);
  const name = (i: number) => classes[i]?.name ?? `${i}`;
  const worst = confusedPairs(report)[0];
  const matrices = [
    ...(confusion.baseline ? [["Baseline", confusion.baseline] as const] : []),
    ["Regimen", confusion.regimen] as const,
  ];
  const graded = isGraded(report);
  const wrong = (m: readonly (readonly number[])[]) => {
    const n = wrongIn(m);
    return `${count(n)} ${graded ? "mixed up" : "wrong"}`;
  };
  return {
    name: "confusion",
    label: `Confusion matrices, rows true, columns answered. ${matrices.map(([who, m]) => `${who}: ${wrong(m)}`).join("; ")}.${worst ? ` Most confused: ${name(worst.a)} and ${name(worst.b)}, ${count(worst.regimen)} times by Regimen.` : ""}`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400 || (order.length > 7 && matrices.length > 1);
      const left = width < 400 ? 104 : 116;
      const most = width < 400 && order.length > 8 ? 58 : 98;
      const longest = Math.min(most, Math.max(...order.map((i) => textWidth(name(i)))));
      // Column names lean to the right, out of the last column.
      const lean = Math.max(30, 0.74 * longest - 10);
      const room = (narrow ? width - left - lean : (width - left - 50 - lean) / 2) / order.length;
      const cell = Math.min(order.length < 4 ? 64 : 46, Math.max(17, Math.floor(room)));
      const side = cell * order.length;
      const head = 46 + 0.67 * longest;
      const blocks = matrices.map(([who, m], i) => ({
        who,
        m,
        x: narrow || i === 0 ? left : left + Math.max(side + 58, 190),
        y: narrow ? i * (head + side + 30) : 0,
        names: narrow || i === 0,
      }));
      const height = Math.max(...blocks.map((b) => b.y)) + head + side + 4;
      return {
        height,
        panels: [
          {
            left: 0,
            top: 0,
            width,
            height,
            x: { from: 0, to: 1 },
            y: { from: 0, to: 1 },
            draw: () =>
              blocks.flatMap(({ who, m, x, y: top, names }) => {
                const y = top + head;
                const marks: Mark[] = [text(x, top + 9, `${who}: ${wrong(m)}`, { size: 14, bold: true })];
                if (names) {
                  marks.push(
                    text(x - 8, y - 28, "answer →", { colour: "ink2", align: "right" }),
                    text(x - 8, y - 11, "truth ↓", { colour: "ink2", align: "right" }),
                  );
                }
                order.forEach((j, k) =>
                  marks.push(
                    text(x + k * cell + cell / 2 + 2, y - 8, name(j), { colour: "ink2", turn: 0.73, room: most }),
                  ),
                );
                order.forEach((i, r) => {
                  if (names)
                    marks.push(text(x - 8, y + r * cell + cell / 2, name(i), { align: "right", room: left - 10 }));
                  const sum = m[i]?.reduce((s, v) => s + v, 0) ?? 0;
                  order.forEach((j, k) =>
                    marks.push(
                      ...square(m[i]?.[j] ?? 0, sum, i === j, x + k * cell, y + r * cell, cell, worst, i, j, graded),
                    ),
                  );
                });
                return marks;
              }),
          },
        ],
      };
    },
  };
}

function square(
  v: number,
  sum: number,
  right: boolean,
  x: number,
  y: number,
  cell: number,
  worst: Pair | undefined,
  i: number,
  j: number,
  graded: boolean,
): Mark[] {
  // The tint stays below a half, so that ink stays readable on it.
  const tint = 0.1 + 0.4 * Math.min(1, (4.4 * v) / Math.max(1, sum));
  const middle: [number, number] = [x + cell / 2 - 1, y + cell / 2 - 1];
  const marked =
    worst !== undefined &&
    worst.regimen > 0 &&
    !right &&
    [worst.a, worst.b].includes(i) &&
    [worst.a, worst.b].includes(j);
  const size = cell < 28 ? 11 : 12;
  return [
    right
      ? box(x, y, x + cell - 2, y + cell - 2, "baseSoft")
      : v > 0
        ? box(x, y, x + cell - 2, y + cell - 2, "bad", { opacity: tint })
        : box(x, y, x + cell - 2, y + cell - 2, "grid", { opacity: 0.6 }),
    ...(marked ? [box(x + 1, y + 1, x + cell - 3, y + cell - 3, "none", { stroke: "bad", width: 2 })] : []),
    v > 0
      ? text(...middle, graded ? share(v, sum) : String(v), { align: "center", bold: !right, size })
      : text(...middle, "·", { align: "center", colour: "ink2" }),
  ];
}

/** Counts of pixels have too many digits for a cell: the share of the row in per cent. */
const share = (v: number, sum: number): string => {
  const percent = (100 * v) / Math.max(1, sum);
  return percent < 1 ? "<1" : percent > 99 && v < sum ? ">99" : percent.toFixed(0);
};
