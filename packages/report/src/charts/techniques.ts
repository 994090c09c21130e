import type { Report, ReportTechnique } from "@regimen/core";
import { BOTH, type Chart, type Panel } from "../draw.ts";
import { inOrder } from "../facts.ts";
import { box, diamond, interval, segment, text, type Mark } from "../marks.ts";
import type { Colour } from "../palette.ts";
import { loss, signed } from "../words.ts";

/** "No effect" is said where an effect of more than this share of the loss would have shown. */
const SMALL = 0.1;
/** Whether something is known of the technique: that it helps, that it hurts, or that neither is much. */
export function isKnown({ verdict, interval, validationLossWithout: without }: ReportTechnique): boolean {
  if (verdict === "helps" || verdict === "hurts") return true;
  return interval !== null && without !== null && Math.max(...interval.map(Math.abs)) <= SMALL * without;
}

/** What was found of a technique, and what was done with it. */
export function verdictOf(t: ReportTechnique): string {
  const none = isKnown(t) ? "no effect" : "cannot be told";
  const found = { helps: "helps", hurts: "hurts", "no-effect": none, "not-measured": "not measured" }[t.verdict];
  if (t.verdict === "helps" && t.kept) return found;
  return `${found}, ${t.kept ? "kept" : "left off"}`;
}
const tone = (t: ReportTechnique): Colour => (t.verdict === "helps" ? "good" : t.verdict === "hurts" ? "bad" : "ink2");

/** Both losses, where both were measured. */
export const measured = (t: ReportTechnique): { readonly before: number; readonly after: number } | null =>
  t.validationLoss === null || t.validationLossWithout === null
    ? null
    : { before: t.validationLossWithout, after: t.validationLoss };

/** Whether each kept technique was measured on top of those kept before it: then their changes add up. */
export function addsUp(rows: readonly ReportTechnique[]): boolean {
  const kept = rows.flatMap((t) => (t.kept ? (measured(t) ?? []) : []));
  return kept.length > 0 && kept.every((m, i) => i === 0 || Math.abs(m.before - kept[i - 1]!.after) < 1e-6);
}

/** Top-down in search order: what each technique did to the validation loss. null where none was measured. */
export function techniquesChart(report: Report): Chart | null {
  const rows = inOrder(report);
  if (!rows.some(measured)) return null;
  const values = rows.flatMap((t) => {
    const m = measured(t);
    if (!m) return [];
    return [m.before, m.after, ...(t.interval ?? []).map((d) => m.before + d)];
  });
  const said = rows.map((t) => {
    const m = measured(t);
    return `${t.label}: ${m ? `${signed(m.after - m.before, 3)}, ` : ""}${verdictOf(t)}`;
  });
  return {
    name: "techniques",
    label: `Change of validation loss by technique, in search order. ${said.join("; ")}.`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const row = narrow ? 46 : 36;
      const [left, right] = narrow ? [14, width - 14] : [190, 520];
      const top = 48;
      // Only a sum has a beginning and an end.
      const sum = addsUp(rows);
      const kept = rows.filter((t) => t.kept && measured(t));
      const [first, last] = sum ? [kept[0], kept.at(-1)] : [];
      const count = rows.length + (first ? 1 : 0) + (last ? 1 : 0);
      const height = Math.max(1, count) * row;
      const panel: Panel = {
        left,
        top,
        width: right - left,
        height,
        x: {
          from: values.length ? Math.min(...values) : 0,
          to: values.length ? Math.max(...values) : 1,
          nice: true,
          ...(values.length ? { ticks: { top: true, about: narrow ? 4 : 5 } } : {}),
        },
        y: { from: 0, to: Math.max(1, count), inverse: true },
        draw: (x, y) => {
          const marks: Mark[] = values.length
            ? [text(narrow ? 0 : left, 10, "← lower is better · validation loss, nats per image", { colour: "ink2" })]
            : [];
          const middle = (i: number) => (narrow ? y(i) + 30 : y(i + 0.5));
          const end = (i: number, name: string, v: number, colour: Colour) => {
            marks.push(text(0, narrow ? y(i) + 13 : middle(i), name, { bold: true, halo: true }));
            marks.push(
              text(narrow ? width : right + 16, narrow ? y(i) + 13 : middle(i), loss(v), {
                bold: true,
                colour: colour === "base" ? "ink" : colour,
                align: narrow ? "right" : "left",
              }),
            );
            marks.push(diamond(x(v), middle(i), colour, 8));
          };
          let i = 0;
          let level: { readonly v: number; readonly y: number } | null = null;
          /** A thin line down from the last level, where this bar starts at it. */
          const join = (v: number, to: number) => {
            if (sum && level && Math.abs(level.v - v) < 1e-6)
              marks.push(segment(x(v), level.y, x(v), to, "axis", { dash: [1, 2] }));
          };
          if (first) {
            const v = measured(first)!.before;
            end(i, "no technique", v, "base");
            level = { v, y: middle(i) + 8 };
            i++;
          }
          for (const t of rows) {
            const m = measured(t);
            const yc = middle(i);
            if (m) {
              join(m.before, yc - 7);
              const [x0, x1] = [x(m.before), x(m.after)];
              const hollow = { stroke: t.verdict === "hurts" ? "bad" : "base", dash: [4, 2] } as const;
              const wide = Math.abs(x1 - x0) < 2 ? x0 + 2 : x1;
              marks.push(
                t.kept
                  ? box(
                      x0,
                      yc - 7,
                      wide,
                      yc + 7,
                      t.verdict === "hurts" ? "bad" : t.verdict === "no-effect" ? "base" : "good",
                    )
                  : box(x0, yc - 7, wide, yc + 7, "paper", hollow),
              );
              if (t.interval) marks.push(...interval(x(m.before + t.interval[0]), x(m.before + t.interval[1]), yc));
              // What was left off is not added to the level.
              if (t.kept) level = { v: m.after, y: yc + 7 };
            }
            const change = m ? signed(m.after - m.before, 3) : "";
            const spread = t.interval ? ` (${signed(t.interval[0], 3)} to ${signed(t.interval[1], 3)})` : "";
            const name = { bold: t.kept, colour: t.kept ? "ink" : "ink2", halo: true } as const;
            const word = { bold: t.kept && t.verdict === "helps", colour: tone(t), halo: true } as const;
            if (narrow) {
              marks.push(text(0, y(i) + 13, t.label, { ...name, room: width - 150 }));
              marks.push(
                text(width, y(i) + 13, [verdictOf(t), change].filter(Boolean).join(" "), { ...word, align: "right" }),
              );
            } else {
              marks.push(text(0, yc, t.label, { ...name, room: left - 14 }));
              marks.push(text(right + 16, change ? yc - 8 : yc, verdictOf(t), word));
              if (change) marks.push(text(right + 16, yc + 8, change + spread, { colour: "ink2", halo: true }));
            }
            i++;
          }
          if (last) {
            const v = measured(last)!.after;
            join(v, middle(i) - 8);
            end(i, "the policy", v, "good");
          }
          return marks;
        },
      };
      return { height: top + height + 4, panels: [panel] };
    },
  };
}
