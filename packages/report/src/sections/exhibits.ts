import type { Report, ReportExhibit } from "@regimen/core";
import { exhibitChart, MOST_LINES, MOST_ROWS, slug } from "../charts/exhibits.ts";
import { lowestRow, type BarsShown, type CurvesShown } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { capital, count, percent, spaced } from "../words.ts";
import { figure, folded, picture, table, type Section } from "./section.ts";

/** A section for each thing that the task measures. */
export const exhibits = (report: Report): Section[] => report.exhibits.flatMap((one, i) => section(one, i) ?? []);

function section(exhibit: ReportExhibit, at: number): Section | null {
  const bars = exhibit.kind === "bars";
  const chart = exhibitChart(exhibit);
  if (!chart) return null;
  return {
    id: `measured-${at + 1}-${slug(exhibit.id)}`,
    name: exhibit.name,
    title: exhibitTitle(exhibit),
    body: figure(
      bars ? barsWords(exhibit) : curvesWords(exhibit),
      picture(chart),
      folded(bars ? barsTable(exhibit) : curvesTable(exhibit)),
    ),
    note: html`<p>${spaced(exhibit.note)}</p>`,
  };
}

/** The lowest row and where it was before. */
export function exhibitTitle(exhibit: ReportExhibit): string {
  const measure = exhibit.kind === "bars" ? (exhibit.measures[0] ?? exhibit.name) : exhibit.measure;
  const lowest = lowestRow(exhibit);
  if (!lowest) return `${exhibit.name}: nothing could be measured`;
  const { name, value, baseline, others } = lowest;
  const words = `${measure} ${percent(value)}${moved(baseline, value)}`;
  if (others === 0) return `${capital(name)}: ${words}`;
  if (exhibit.kind === "curves") return `The lowest curve is that of ${name}: ${words}`;
  return `${capital(name)} is ${exhibit.ordered ? "lowest" : "weakest"}: ${words}`;
}

/** ", up from 41.0 %" */
function moved(before: number | null, now: number): string {
  if (before === null) return "";
  if (percent(before) === percent(now)) return ", as before";
  return `, ${now > before ? "up" : "down"} from ${percent(before)}`;
}

const compared = (rows: readonly { readonly baseline: unknown }[]): boolean =>
  rows.some(({ baseline }) => baseline !== null);
const MARKS = html`<span class="s">Grey, above</span>: baseline; <b class="g">green</b>: Regimen;
  <span class="r">red, with ▼</span>: Regimen, where it lost.`;

function barsWords({ about, ordered, rows }: BarsShown): Html {
  const fewer = rows.length > MOST_ROWS ? `; of ${count(rows.length)}, the ${count(MOST_ROWS)} lowest` : "";
  return html`${spaced(about)} ${ordered ? "" : `The lowest comes first${fewer}. `}${compared(rows) ? MARKS : ""}`;
}

function curvesWords({ about, lines, x, y }: CurvesShown): Html {
  const fewer = lines.length > MOST_LINES ? `; of ${count(lines.length)}, the ${count(MOST_LINES)} lowest` : "";
  const marks = compared(lines)
    ? html` <span class="s">Grey line, hollow dot</span>: baseline; <b class="g">green line, full dot</b>: Regimen.`
    : null;
  return html`${spaced(about)} The lowest comes first${fewer}.${marks} Across: ${x}, %; up: ${y}, %.`;
}

const share = (v: number | null | undefined): string => (v === null || v === undefined ? "–" : percent(v));

function barsTable({ name, measures, rows, unit }: BarsShown): Html {
  const both = compared(rows);
  return table(
    name,
    ["", `${unit}s`, ...measures.flatMap((one) => (both ? [`${one}, baseline`, `${one}, Regimen`] : [one]))],
    rows.map((row) => [
      row.name,
      count(row.count),
      ...measures.flatMap((_, m) => [...(both ? [share(row.baseline?.[m])] : []), share(row.regimen[m])]),
    ]),
  );
}

function curvesTable({ name, measure, lines }: CurvesShown): Html {
  const both = compared(lines);
  return table(
    name,
    [
      "",
      "number",
      ...(both ? [`${measure}, baseline`] : []),
      both ? `${measure}, Regimen` : measure,
      "at the dot, across",
      "at the dot, up",
    ],
    lines.map(({ name: row, count: n, baseline, regimen }) => [
      row,
      count(n),
      ...(both ? [share(baseline?.value)] : []),
      share(regimen.value),
      share(regimen.at?.[0]),
      share(regimen.at?.[1]),
    ]),
  );
}
