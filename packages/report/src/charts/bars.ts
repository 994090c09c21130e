import type { Report } from "@regimen/core";
import { wilson } from "@regimen/stats";
import { BOTH, type Chart } from "../draw.ts";
import { isGraded, plainRuns, regimenImages, termsOf } from "../facts.ts";
import { box, interval, segment, text, type Mark } from "../marks.ts";
import type { Colour } from "../palette.ts";
import { count, many, percentOf, signless } from "../words.ts";

type Bar = {
  readonly name: string;
  readonly under: string;
  readonly error: number;
  readonly colour: Colour;
  readonly stroke?: Colour;
  readonly tone: Colour;
};

/** Error rates from 0, each with its own 95 % interval where it counts mistakes; else `graded` is what the error is. */
function errorBars(name: string, bars: readonly Bar[], images: number, split: string, graded?: string): Chart {
  const rows = bars.map((bar) => ({
    ...bar,
    ends: graded === undefined ? wilson(Math.round(bar.error * images), images) : ([bar.error, bar.error] as const),
  }));
  const most = Math.max(...rows.map((r) => r.ends[1]));
  return {
    name,
    label: `${rows.map((r) => `${r.name}: error ${percentOf(r.error, images)}${graded === undefined ? `, 95 % interval ${percentOf(r.ends[0], images)} to ${percentOf(r.ends[1], images)}` : ""}`).join("; ")}.`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const row = narrow ? 54 : 46;
      const left = narrow ? 6 : 190;
      const height = rows.length * row;
      return {
        height: height + 46,
        panels: [
          {
            left,
            top: 2,
            width: width - left - (narrow ? 14 : 140),
            height,
            x: {
              from: 0,
              to: 100 * most,
              nice: true,
              ticks: {
                name: graded === undefined ? `wrong answers, % of ${split} images` : `${graded}, %`,
                about: narrow ? 4 : 6,
              },
            },
            y: { from: 0, to: rows.length, inverse: true },
            draw: (x, y) => [
              segment(x(0), y(0), x(0), y(rows.length), "axis"),
              ...rows.flatMap((r, i): Mark[] => {
                const middle = narrow ? y(i) + 37 : y(i + 0.5);
                const half = narrow ? 9 : 11;
                const wrong = graded === undefined ? many(Math.round(r.error * images), "wrong", "wrong") : "";
                const figure = percentOf(r.error, images);
                const whisker = graded === undefined ? interval(x(100 * r.ends[0]), x(100 * r.ends[1]), middle, 5) : [];
                const bar = box(
                  x(0),
                  middle - half,
                  Math.max(x(0) + 1, x(100 * r.error)),
                  middle + half,
                  r.colour,
                  r.stroke ? { stroke: r.stroke } : {},
                );
                if (narrow) {
                  return [
                    text(0, y(i) + 17, r.name, { bold: true, halo: true }),
                    text(width, y(i) + 17, wrong ? `${figure} · ${wrong}` : figure, {
                      bold: true,
                      align: "right",
                      colour: r.tone,
                      halo: true,
                    }),
                    bar,
                    ...whisker,
                  ];
                }
                return [
                  text(0, middle - 8, r.name, { bold: true, room: left - 12 }),
                  text(0, middle + 8, r.under, { colour: "ink2", room: left - 12 }),
                  bar,
                  ...whisker,
                  text(x(100 * r.ends[1]) + 10, wrong ? middle - 8 : middle, figure, {
                    bold: true,
                    size: 14,
                    colour: r.tone,
                    halo: true,
                  }),
                  ...(wrong ? [text(x(100 * r.ends[1]) + 10, middle + 8, wrong, { colour: "ink2", halo: true })] : []),
                ];
              }),
            ],
          },
        ],
      };
    },
  };
}

/** Error of the baseline and of Regimen. */
export function errorChart(report: Report): Chart {
  const { error, search } = report;
  const runs = (n: number | null) => (n === null ? "" : `${signless(n, 2)} plain runs, with search`);
  const regimen: Bar = {
    name: "Regimen",
    under: runs(search.cost.totalOverBaseline ?? plainRuns(report, regimenImages(report))),
    error: error.regimen,
    colour: "good",
    tone: "good",
  };
  const plain = { colour: "base", tone: "ink" } as const;
  const bars: Bar[] = [
    ...(error.baseline === null ? [] : [{ name: "Baseline", under: "1 plain run", error: error.baseline, ...plain }]),
    ...(error.longer === null
      ? []
      : [
          {
            name: "Plain, longer",
            under: `${signless(error.longer.epochs, 1)} epochs`,
            error: error.longer.error,
            ...plain,
          },
        ]),
    regimen,
  ];
  return errorBars("error", bars, error.images, error.split, isGraded(report) ? termsOf(report).error : undefined);
}

/** Error without and with the unlabelled images; null where there were none. */
export function unlabeledChart({ unlabeled, error, dataset }: Report): Chart | null {
  if (!unlabeled) return null;
  const { splits } = dataset;
  return errorBars(
    "unlabelled",
    [
      {
        name: "Labelled images only",
        under: many(splits.train, "training image"),
        error: unlabeled.withoutError,
        colour: "goodSoft",
        stroke: "good",
        tone: "ink",
      },
      {
        name: "With unlabelled images",
        under: splits.unlabeled === null ? "" : `and ${count(splits.unlabeled)} without labels`,
        error: unlabeled.withError,
        colour: "good",
        tone: "good",
      },
    ],
    error.images,
    error.split,
  );
}
