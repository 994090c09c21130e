import type { Report } from "@regimen/core";
import { allCharts } from "./charts/index.ts";
import { completed } from "./completed.ts";
import { alone } from "./draw.ts";

export { errorChart } from "./charts/bars.ts";
export { calibrationChart } from "./charts/calibration.ts";
export { classesChart, confusionChart } from "./charts/classes.ts";
export { costChart } from "./charts/cost.ts";
export { curvesChart } from "./charts/curves.ts";
export { balanceChart, splitsChart } from "./charts/data.ts";
export { exhibitChart } from "./charts/exhibits.ts";
export { policyChart, policyTrace, type Frame, type PolicyTrace } from "./charts/policy.ts";
export { techniquesChart } from "./charts/techniques.ts";
export { completed } from "./completed.ts";
export { classRows, isGraded, termsOf, type ClassRow } from "./facts.ts";
export { inPage, type Chart } from "./draw.ts";
export { DARK, LIGHT, variables } from "./palette.ts";
export {
  bare,
  capital,
  count,
  duration,
  list,
  loss,
  many,
  percent,
  percentOf,
  pValue,
  shortUse,
  signed,
  spaced,
  sureness,
  value,
} from "./words.ts";
export { renderReport } from "./page.ts";
export { exhibitTitle } from "./sections/exhibits.ts";
export { chartPng } from "./png.ts";
export { headline, proof, verdictWords } from "./sentences.ts";

/** The page's charts, each as an SVG file of its own on light paper; `name` is fit for a file name. */
export const reportCharts = (report: Report): { name: string; svg: string }[] =>
  allCharts(completed(report)).map((chart) => ({
    name: chart.name,
    svg: alone(chart, Math.max(...chart.widths)),
  }));
