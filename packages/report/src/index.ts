import type { Report } from "@regimen/core";
import { allCharts } from "./charts/index.ts";
import { alone } from "./draw.ts";

export { renderReport } from "./page.ts";
export { chartPng } from "./png.ts";
export { headline, proof, verdictWords } from "./sentences.ts";

/** The page's charts, each as an SVG file of its own on light paper; `name` is fit for a file name. */
export const reportCharts = (report: Report): { name: string; svg: string }[] =>
  allCharts(report).map((chart) => ({
    name: chart.name,
    svg: alone(chart, Math.max(...chart.widths)),
  }));
