import type { Calibration, Report } from "@regimen/core";
import { BOTH, type Chart, type Panel } from "../draw.ts";
import { isGraded } from "../facts.ts";
import { disc, segment, text, type Mark } from "../marks.ts";
import type { Colour } from "../palette.ts";
import { count, percent, points } from "../words.ts";

const SIDE = 290;
/** Fewer images than this in a band, and its dot may sit anywhere. */
export const FEW = 10;

/** Reliability: how often a model is right, over how sure it says it is. */
export function calibrationChart(report: Report): Chart | null {
  const { calibration } = report;
  const unit = isGraded(report) ? "answers" : "images";
  if (!calibration.regimen.bins.some(({ images }) => images > 0)) return null;
  const models = [
    ...(calibration.baseline ? [["Baseline", calibration.baseline, "base"] as const] : []),
    ["Regimen", calibration.regimen, "good"] as const,
  ];
  return {
    name: "calibration",
    label: `Expected calibration error: ${models.map(([name, c]) => `${name} ${percent(c.ece)}`).join(", ")}.`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const panels = models.map(([name, model, colour], i) =>
        reliability(name, model, colour, unit, {
          left: narrow || i === 0 ? 52 : width - SIDE - 16,
          top: 30 + (narrow ? i * (SIDE + 88) : 0),
          first: i === 0,
        }),
      );
      return { height: Math.max(...panels.map((p) => p.top + p.height)) + 44, panels };
    },
  };
}

function reliability(
  name: string,
  model: Calibration,
  colour: Colour,
  unit: string,
  at: { left: number; top: number; first: boolean },
): Panel {
  const scale = (title: string) => ({ from: 0, to: 100, ticks: { name: title } });
  return {
    left: at.left,
    top: at.top,
    width: SIDE,
    height: SIDE,
    x: scale("how sure the model says it is, %"),
    y: scale("how often it is right, %"),
    draw: (x, y) => {
      const marks: Mark[] = [
        text(at.left, at.top - 18, `${name} · off by ${points(model.ece)} points (ECE)`, { size: 14, bold: true }),
        segment(x(0), y(0), x(100), y(100), "ink2", { dash: [4, 3] }),
        text(x(7), y(7) - 10, "ideal", { colour: "ink2", halo: true, turn: Math.PI / 4, align: "center" }),
      ];
      if (at.first) {
        marks.push(
          text(x(60), y(24), "below the line:", { colour: "ink2" }),
          text(x(60), y(24) + 15, "surer than right", { colour: "ink2" }),
        );
      }
      const images = model.bins.reduce((sum, b) => sum + b.images, 0);
      const largest = Math.max(...model.bins.map((b) => b.images));
      for (const bin of model.bins) {
        if (bin.images === 0) continue;
        const few = bin.images < FEW;
        const [cx, cy] = [x(100 * bin.confidence), y(100 * bin.accuracy)];
        const r = Math.max(3, Math.sqrt(bin.images / images) * 16);
        if (!few) marks.push(segment(cx, y(100 * bin.confidence), cx, cy, colour, { width: 3 }));
        marks.push(few ? disc(cx, cy, r, "paper", { stroke: colour }) : disc(cx, cy, r, colour, { opacity: 0.85 }));
        if (bin.images === largest) {
          marks.push(
            text(cx - r - 6, cy + (cy < at.top + 8 ? 8 : 0), `${count(bin.images)} ${unit}`, {
              colour: "ink2",
              align: "right",
              halo: true,
            }),
          );
        }
      }
      return marks;
    },
  };
}
