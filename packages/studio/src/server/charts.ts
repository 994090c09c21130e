import type { Report } from "@regimen/contracts";
import {
  balanceChart,
  calibrationChart,
  classesChart,
  confusionChart,
  costChart,
  curvesChart,
  errorChart,
  exhibitChart,
  inPage,
  policyChart,
  policyTrace,
  splitsChart,
  techniquesChart,
  type Chart,
} from "@regimen/report";
import type { Picture } from "../view.ts";
import type { Drawn } from "./live.ts";

/** Nothing is chosen before the run is finished. */
const BEST = "best yet";

/** Charts that a search has from its first trial on. */
const LIVE: Readonly<Record<string, (of: Drawn) => Chart | null>> = {
  policy: (of) => policyChart(of, BEST),
  curves: (of) => curvesChart(of, BEST),
};
const FINISHED: Readonly<Record<string, (of: Report) => Chart | null>> = {
  policy: (of) => policyChart(of),
  curves: (of) => curvesChart(of),
  techniques: techniquesChart,
  classes: classesChart,
  confusion: confusionChart,
  errors: errorChart,
  calibration: calibrationChart,
  cost: costChart,
  splits: splitsChart,
  balance: balanceChart,
};
const NAMES = Object.keys(FINISHED);

/** What the task measures, by number: the task's own names are anything. */
export const exhibitName = (at: number): string => `measured-${at + 1}`;
function exhibitNamed({ exhibits }: Report, name: string): Chart | null {
  const exhibit = exhibits.find((_, at) => exhibitName(at) === name);
  return exhibit ? exhibitChart(exhibit) : null;
}

const isReport = (of: Report | Drawn): of is Report => "error" in of;

/** The report's own chart of this name; null where it has nothing to show, or where the report lacks what it needs. */
function chart(of: Report | Drawn, name: string): Chart | null {
  try {
    if (!NAMES.includes(name)) return isReport(of) ? exhibitNamed(of, name) : null;
    return isReport(of) ? FINISHED[name]!(of) : (LIVE[name]?.(of) ?? null);
  } catch {
    return null;
  }
}

export const chartNames = (of: Report | Drawn): string[] => {
  const exhibits = isReport(of) ? of.exhibits.map((_, at) => exhibitName(at)) : [];
  return [...NAMES, ...exhibits].filter((name) => chart(of, name) !== null);
};

/** null: as for `chart`. */
export function pictureOf(of: Report | Drawn, name: string): Picture | null {
  const made = chart(of, name);
  if (!made) return null;
  try {
    return {
      label: made.label,
      svg: Object.fromEntries(made.widths.map((width) => [String(width), inPage(made, width)])),
      trace: name === "policy" ? policyTrace(of) : null,
    };
  } catch {
    return null;
  }
}
