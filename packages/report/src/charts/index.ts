import type { Report } from "@regimen/core";
import type { Chart } from "../draw.ts";
import { answerChart } from "./answer.ts";
import { errorChart, unlabeledChart } from "./bars.ts";
import { calibrationChart } from "./calibration.ts";
import { classesChart, confusionChart } from "./classes.ts";
import { costChart } from "./cost.ts";
import { curvesChart } from "./curves.ts";
import { exhibitCharts } from "./exhibits.ts";
import { balanceChart, splitsChart } from "./data.ts";
import { policyChart } from "./policy.ts";
import { refusedChart } from "./refused.ts";
import { techniquesChart } from "./techniques.ts";

/** Every chart of a report, in the page's order; those without anything to show are left out. */
export const allCharts = (report: Report): Chart[] =>
  [
    answerChart,
    splitsChart,
    balanceChart,
    policyChart,
    techniquesChart,
    refusedChart,
    exhibitCharts,
    classesChart,
    confusionChart,
    errorChart,
    unlabeledChart,
    calibrationChart,
    curvesChart,
    costChart,
  ].flatMap((make) => make(report) ?? []);
