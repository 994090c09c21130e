import type { Report } from "@regimen/core";
import { BOTH, type Chart } from "../draw.ts";
import { refusals, type Refusal } from "../facts.ts";
import { baselineMark, diamond, segment, text, wrap, type Mark } from "../marks.ts";
import { count, percent, shortUse } from "../words.ts";

/** Directed flips: right answers that turned into one wrong class, of how many, and the share that a harmless shift turns. */
export type Flips = {
  readonly from: string | null;
  readonly to: string | null;
  readonly flips: number;
  readonly of: number;
  readonly harmless: number | null;
  readonly p: number | null;
};
type Fields = { readonly [key: string]: unknown };
/** Evidence that is an object, else null. */
export const fieldsOf = ({ evidence }: Refusal): Fields | null =>
  typeof evidence === "object" && evidence !== null && !Array.isArray(evidence) ? (evidence as Fields) : null;
export const numberIn = (fields: Fields, ...keys: readonly string[]): number | null =>
  keys.map((key) => fields[key]).find((v): v is number => typeof v === "number" && Number.isFinite(v)) ?? null;

/** A class by its number, or by the name that stands there already. */
export const className = (report: Pick<Report, "dataset">, v: unknown): string | null =>
  typeof v === "string" ? v : typeof v === "number" ? (report.dataset.classes[v]?.name ?? `class ${v}`) : null;

/** The evidence of a refusal, where it is a count of flips; else null. */
export function flipsOf(report: Pick<Report, "dataset">, refusal: Refusal): Flips | null {
  const e = fieldsOf(refusal);
  if (!e) return null;
  const [flips, of] = [numberIn(e, "flipped", "flips"), numberIn(e, "of")];
  if (flips === null || of === null || of <= 0) return null;
  const reference = numberIn(e, "reference");
  return {
    from: className(report, e["from"]),
    to: className(report, e["to"]),
    flips,
    of,
    harmless: numberIn(e, "harmless") ?? (reference === null ? null : reference / of),
    p: numberIn(e, "p"),
  };
}

/** Why, in words that name classes, for who judged knew only their numbers; the counts after the colon stand in the evidence. */
export function becauseOf(report: Pick<Report, "dataset">, refusal: Refusal): string {
  const e = fieldsOf(refusal);
  const numbered = e && typeof e["from"] === "number" && typeof e["to"] === "number";
  if (!numbered) return refusal.because;
  return refusal.because
    .replace(/: .*$/, "")
    .replace(/\bclass (\d+)\b/g, (_, k: string) => `“${className(report, Number(k))!}”`);
}

const MOST = 12;

/** Each refused change with the answers that it turned; null where no evidence is a count of flips. */
export function refusedChart(report: Report): Chart | null {
  const rows = refusals(report)
    .flatMap((r) => {
      const e = flipsOf(report, r);
      return e ? [{ ...e, use: r.use, because: becauseOf(report, r) }] : [];
    })
    .sort((a, b) => b.flips / b.of - a.flips / a.of)
    .slice(0, MOST);
  if (rows.length === 0) return null;
  const most = Math.max(...rows.map((r) => Math.max(r.flips / r.of, r.harmless ?? 0)));
  return {
    name: "refused",
    label: `Refused: ${rows.map((r) => `${shortUse(r.use)}: ${count(r.flips)} of ${count(r.of)} answers turned${r.harmless === null ? "" : `, where a harmless shift turns at most ${percent(r.harmless, 0)}`}`).join("; ")}.`,
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
                const before = r.harmless === null ? null : x(100 * r.harmless);
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
