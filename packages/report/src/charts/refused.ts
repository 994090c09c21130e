import type { Report } from "@regimen/core";
import { BOTH, type Chart } from "../draw.ts";
import { refusals, type Refusal } from "../facts.ts";
import { baselineMark, diamond, segment, text, wrap, type Mark } from "../marks.ts";
import { count, shortUse } from "../words.ts";

/** Directed flips: right answers that turned into one wrong class, of how many, and how many a harmless shift turned. */
export type Flips = {
  readonly from: string | null;
  readonly to: string | null;
  readonly flips: number;
  readonly of: number;
  readonly reference: number | null;
  readonly p: number | null;
};
/** The evidence of a refusal, where it is a count of flips; else null. */
export function flipsOf({ evidence }: Refusal): Flips | null {
  if (typeof evidence !== "object" || evidence === null || Array.isArray(evidence)) return null;
  const e = evidence as { readonly [key: string]: unknown };
  const number = (key: string) => (typeof e[key] === "number" && Number.isFinite(e[key]) ? e[key] : null);
  const name = (key: string) => (typeof e[key] === "string" ? e[key] : null);
  const [flips, of] = [number("flips"), number("of")];
  if (flips === null || of === null || of <= 0) return null;
  return { from: name("from"), to: name("to"), flips, of, reference: number("reference"), p: number("p") };
}

const MOST = 12;

/** Each refused change with the answers that it turned; null where no evidence is a count of flips. */
export function refusedChart(report: Report): Chart | null {
  const rows = refusals(report)
    .flatMap((r) => {
      const e = flipsOf(r);
      return e ? [{ ...e, use: r.use, because: r.because }] : [];
    })
    .sort((a, b) => b.flips / b.of - a.flips / a.of)
    .slice(0, MOST);
  if (rows.length === 0) return null;
  const most = Math.max(...rows.map((r) => Math.max(r.flips, r.reference ?? 0) / r.of));
  return {
    name: "refused",
    label: `Refused: ${rows.map((r) => `${shortUse(r.use)}: ${count(r.flips)} of ${count(r.of)} answers turned${r.reference === null ? "" : `, against ${count(r.reference)} when the image was only shifted`}`).join("; ")}.`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const row = narrow ? 88 : 62;
      const left = narrow ? 10 : 270;
      const height = rows.length * row;
      return {
        height: height + 48,
        panels: [
          {
            left,
            top: 4,
            width: width - left - (narrow ? 24 : 90),
            height,
            x: {
              from: 0,
              to: 100 * most,
              nice: true,
              ticks: { name: "right answers that turned into that wrong class, %", about: 5 },
            },
            y: { from: 0, to: rows.length, inverse: true },
            draw: (x, y) =>
              rows.flatMap((r, i): Mark[] => {
                const middle = narrow ? y(i) + 70 : y(i) + 26;
                const before = r.reference === null ? null : x((100 * r.reference) / r.of);
                const after = x((100 * r.flips) / r.of);
                const nearEnd = after > width - 90;
                return [
                  text(0, y(i) + 14, shortUse(r.use), { bold: true, halo: true, room: narrow ? width : left - 16 }),
                  ...wrap(r.because, narrow ? width - 8 : left - 20, 2).map((words, k) =>
                    text(0, y(i) + 30 + 15 * k, words, { colour: "ink2", halo: true }),
                  ),
                  segment(before ?? x(0), middle, after, middle, "bad", { width: 2.5 }),
                  ...(before === null ? [] : [baselineMark(before, middle)]),
                  diamond(after, middle, "bad"),
                  text(
                    after + (nearEnd && narrow ? -12 : 12),
                    middle + (nearEnd && narrow ? -12 : 0),
                    `${count(r.flips)} of ${count(r.of)}`,
                    {
                      bold: true,
                      colour: "bad",
                      halo: true,
                      align: nearEnd && narrow ? "right" : "left",
                    },
                  ),
                ];
              }),
          },
        ],
      };
    },
  };
}
