import type { Report } from "@regimen/core";
import { BOTH, type Chart } from "../draw.ts";
import { box, segment, text, textWidth, type Mark } from "../marks.ts";
import { count, many } from "../words.ts";

/** Fills of the splits, from what is learnt from to what is only tested on. */
const FILL = {
  train: ["base", {}],
  validation: ["baseSoft", {}],
  test: ["paper", { stroke: "base", width: 1.2 }],
  unlabelled: ["paper", { stroke: "base", width: 1.2, dash: [3, 2] }],
} as const;
type Split = keyof typeof FILL;

function stack(parts: readonly [Split, number][], left: number, top: number, height: number, x: (n: number) => number) {
  const marks: Mark[] = [];
  const spans: { split: Split; from: number; to: number }[] = [];
  let at = 0;
  for (const [split, n] of parts) {
    if (n === 0) continue;
    const [colour, how] = FILL[split];
    const from = left + x(at);
    const to = Math.max(from + 1.5, left + x(at + n) - 1);
    marks.push(box(from, top, to, top + height, colour, how));
    spans.push({ split, from, to });
    at += n;
  }
  return { marks, spans };
}

/** How all images were shared out. */
export function splitsChart({ dataset: { splits } }: Report): Chart {
  const parts: [Split, number][] = [
    ["train", splits.train],
    ["validation", splits.validation],
    ["test", splits.test ?? 0],
    ["unlabelled", splits.unlabeled ?? 0],
  ];
  const total = Math.max(
    1,
    parts.reduce((sum, [, n]) => sum + n, 0),
  );
  const present = parts.filter(([, n]) => n > 0);
  return {
    name: "splits",
    label: `Splits: ${present.map(([split, n]) => `${split} ${count(n)}`).join(", ")} images.`,
    widths: BOTH,
    plot: (width) => ({
      height: 68,
      panels: [
        {
          ...whole(width, 68),
          draw: () => {
            const { marks, spans } = stack(parts, 0, 20, 22, (n) => (n / total) * width);
            // The outer splits are named above, the inner ones below, pushed apart where they would touch.
            const named = spans.map((span) => {
              const words = `${span.split} ${count(parts.find(([name]) => name === span.split)![1])}`;
              return { words, middle: (span.from + span.to) / 2, room: textWidth(words, 12, true) };
            });
            const [first, last] = [named[0], named.length > 1 ? named.at(-1) : undefined];
            if (first) marks.push(text(0, 10, first.words, { bold: true }));
            if (last) marks.push(text(width, 10, last.words, { bold: true, align: "right" }));
            const inner = named.slice(1, -1);
            // The furthest to the right that each may stand, so that those after it still fit.
            const latest = inner.map((_, i) => width - inner.slice(i).reduce((sum, l) => sum + l.room + 14, -14));
            let free = 0;
            inner.forEach((l, i) => {
              const x = Math.min(Math.max(free, l.middle - l.room / 2), latest[i]!);
              free = x + l.room + 14;
              marks.push(segment(l.middle, 43, l.middle, 51, "axis"), text(x, 59, l.words, { bold: true }));
            });
            return marks;
          },
        },
      ],
    }),
  };
}

const MOST_CLASSES = 24;

/** Labelled images of each class by split, commonest first; of very many classes only both ends. */
export function balanceChart({ dataset: { classes } }: Report): Chart {
  const sorted = [...classes].sort((a, b) => b.count - a.count);
  const folded = sorted.length - MOST_CLASSES;
  const half = MOST_CLASSES / 2;
  const shown = folded > 0 ? [...sorted.slice(0, half), null, ...sorted.slice(-half)] : sorted;
  const most = Math.max(1, sorted[0]?.count ?? 1);
  const height = shown.length * 26 + 2;
  return {
    name: "class-balance",
    label: `Labelled images per class: ${shown.map((c) => (c ? `${c.name} ${count(c.count)}` : `${count(folded)} more`)).join(", ")}.`,
    widths: BOTH,
    plot: (width) => {
      const left = width < 400 ? 112 : 150;
      return {
        height,
        panels: [
          {
            ...whole(width, height),
            draw: () =>
              shown.flatMap((c, i): Mark[] => {
                const y = i * 26 + 12;
                if (!c)
                  return [text(left, y, `… ${many(folded, "class", "classes")} between these`, { colour: "ink2" })];
                const room = width - left - 52;
                const parts: [Split, number][] = [
                  ["train", c.train],
                  ["validation", c.validation],
                  ["test", c.test ?? 0],
                ];
                const { marks, spans } = stack(parts, left, y - 10, 20, (n) => (n / most) * room);
                const end = spans.at(-1)?.to ?? left;
                const rare = c === sorted.at(-1);
                return [
                  text(left - 8, y, c.name, { align: "right", room: left - 8, bold: rare }),
                  ...marks,
                  text(end + 7, y, count(c.count), { bold: rare }),
                ];
              }),
          },
        ],
      };
    },
  };
}

/** A panel over the whole picture, in pixels: for charts whose only scale is a share of their width. */
export const whole = (width: number, height: number) => ({
  left: 0,
  top: 0,
  width,
  height,
  x: { from: 0, to: width },
  y: { from: height, to: 0, inverse: true },
});
