import type { CostStage, Report } from "@regimen/core";
import { BOTH, type Chart } from "../draw.ts";
import { plainRunImages, plainRuns } from "../facts.ts";
import { box, segment, text, type Mark } from "../marks.ts";
import { count, duration, signless } from "../words.ts";

export type Entry = {
  readonly name: string;
  readonly kind: "baseline" | "search" | "final";
  readonly images: number;
  readonly seconds: number;
};

/** The baseline as the yardstick, then every stage of Regimen in order. */
export function ledger({ search: { cost } }: Report): Entry[] {
  // A stage that was never entered is none.
  const entered = cost.stages.filter((s) => s.imagesSeen > 0 || s.seconds > 0);
  const entries: Entry[] = entered.map((s) => ({
    name: s.stage,
    kind: kindOf(s),
    images: s.imagesSeen,
    seconds: s.seconds,
  }));
  if (cost.baselineSeconds !== null && !entries.some((e) => e.kind === "baseline")) {
    entries.unshift({ name: "baseline", kind: "baseline", images: cost.plainRunImages, seconds: cost.baselineSeconds });
  }
  return [...entries.filter((e) => e.kind === "baseline"), ...entries.filter((e) => e.kind !== "baseline")];
}
const kindOf = ({ stage }: CostStage): Entry["kind"] =>
  /^baseline\b/i.test(stage) ? "baseline" : /^final\b/i.test(stage) ? "final" : "search";

/** Each bar starts where the one above it ended. null where no stage is known. */
export function costChart(report: Report): Chart | null {
  const entries = ledger(report);
  if (entries.length === 0) return null;
  const runs = (images: number) => plainRuns(report, images);
  const unit = (images: number) => runs(images) ?? images;
  const written = (images: number) => {
    const r = runs(images);
    return r === null ? count(images) : signless(r, 2);
  };
  let at = 0;
  const rows = entries.map((e) => {
    const from = e.kind === "baseline" ? 0 : at;
    if (e.kind !== "baseline") at += unit(e.images);
    return { ...e, from, to: from + unit(e.images) };
  });
  const most = Math.max(...rows.map((r) => r.to), 1e-9);
  const fill = {
    baseline: ["base", {}],
    search: ["goodSoft", { stroke: "good", width: 1 }],
    final: ["good", {}],
  } as const;
  return {
    name: "cost",
    label: `Cost in ${runs(1) === null ? "images seen" : "plain runs"}: ${entries.map((e) => `${e.name} ${written(e.images)}`).join(", ")}.`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const row = narrow ? 44 : 32;
      const left = narrow ? 10 : 172;
      const height = rows.length * row;
      return {
        height: height + 48,
        panels: [
          {
            left,
            top: 2,
            width: width - left - (narrow ? 14 : 150),
            height,
            x: {
              from: 0,
              to: most,
              nice: true,
              ticks: {
                ...(runs(1) === null ? { label: count } : {}),
                name: runs(1) === null ? "images seen" : `plain runs (1 = ${count(plainRunImages(report))} images)`,
                about: narrow ? 4 : 6,
              },
            },
            y: { from: 0, to: rows.length, inverse: true },
            draw: (x, y) =>
              rows.flatMap((r, i): Mark[] => {
                const middle = narrow ? y(i) + 31 : y(i + 0.5);
                const half = narrow ? 7 : 9;
                const [colour, how] = fill[r.kind];
                const figures = `${written(r.images)} · ${duration(r.seconds)}`;
                const before = rows[i - 1];
                return [
                  ...(before?.kind === "baseline" && r.kind !== "baseline"
                    ? [segment(0, y(i), width, y(i), "rule")]
                    : []),
                  ...(before && before.kind !== "baseline"
                    ? [
                        segment(x(r.from), middle - half - (row - 2 * half), x(r.from), middle - half, "axis", {
                          dash: [1, 2],
                        }),
                      ]
                    : []),
                  narrow
                    ? text(0, y(i) + 14, r.name, { bold: true, halo: true, room: width - 130 })
                    : text(left - 10, middle, r.name, { bold: true, align: "right", room: left - 12 }),
                  text(width, narrow ? y(i) + 14 : middle, figures, { align: "right", halo: true, bold: narrow }),
                  box(x(r.from), middle - half, Math.max(x(r.from) + 2, x(r.to)), middle + half, colour, how),
                ];
              }),
          },
        ],
      };
    },
  };
}
