import type { Report } from "@regimen/core";
import { costChart, ledger } from "../charts/cost.ts";
import { plainRuns, regimenImages, regimenSeconds } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { count, duration, signless } from "../words.ts";
import { figure, picture, table, type MakeSection } from "./section.ts";

export const cost: MakeSection = (report) => {
  const chart = costChart(report);
  return {
    id: "cost",
    name: "Search cost ledger",
    title: title(report),
    body: html`${
      chart
        ? figure(
            html`One plain run is one ordinary training. Each bar starts where the one above it ended, so that the last
              one ends at the whole cost of Regimen. <span class="s">Grey</span>: the yardstick;
              <span class="g">pale green</span>: search; <b class="g">green</b>: the final training.`,
            picture(chart),
          )
        : null
    }${entries(report)}`,
    note: html`<p>
        <b>How images are counted.</b> An image that is learnt from counts 1, one that is only looked at counts ⅓.
        Teachers, probes and failed trials are all included.
      </p>
      <p>
        The whole run, baseline included: ${count(report.cost.trained)} images learnt from,
        ${count(report.cost.inferred)} looked at, ${duration(report.cost.seconds)}.
      </p>`,
  };
};

function title(report: Report): string {
  const { cost: c } = report.search;
  const time = duration(regimenSeconds(report));
  if (c.totalOverBaseline === null)
    return `Search and final training took ${time} and ${count(regimenImages(report))} images; no plain run was there to compare with`;
  if (c.searchSeconds === 0)
    return `Nothing was searched; the final training cost ${signless(c.totalOverBaseline, 2)} plain trainings, ${time}`;
  return `The search cost ${signless(c.searchOverBaseline ?? 0, 2)} of one plain training; search and final training together ${signless(c.totalOverBaseline, 2)}, in ${time}`;
}

function entries(report: Report): Html {
  const { cost: c } = report.search;
  const runs = (images: number) => {
    const r = plainRuns(report, images);
    return r === null ? "–" : signless(r, 2);
  };
  const rows = ledger(report).map((e) => [
    e.kind === "baseline"
      ? html`${e.name} <span class="s">one plain run: the yardstick</span>`
      : e.name === "plain trunk" && c.baselineSeconds !== null
        ? html`${e.name} <span class="s">the baseline's beginning, which the final training goes on from</span>`
        : e.name,
    count(e.images),
    runs(e.images),
    duration(e.seconds),
  ]);
  const total = [
    html`<b>Regimen</b> <span class="s">without the baseline</span>`,
    html`<b>${count(regimenImages(report))}</b>`,
    html`<b>${c.totalOverBaseline === null ? runs(regimenImages(report)) : signless(c.totalOverBaseline, 2)}</b>`,
    html`<b>${duration(regimenSeconds(report))}</b>`,
  ];
  return table("What each stage cost", ["Stage", "Images seen", "Plain runs", "Time"], [...rows, total], {
    plain: true,
  });
}
