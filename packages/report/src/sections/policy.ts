import type { Report } from "@regimen/core";
import { shownAxes } from "../charts/axes.ts";
import { policyChart, policyTrace } from "../charts/policy.ts";
import { chosenTrial, isOn, stepsOn, techniqueName } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { bare, count, list, loss, many, value } from "../words.ts";
import { figure, folded, picture, table, type Cell, type MakeSection } from "./section.ts";

/** What the policy has beyond the trial that it came from. */
function added(report: Report): string {
  const trial = chosenTrial(report);
  const untried = stepsOn(report).filter(({ use }) => {
    const axes = report.search.axes.filter((axis) => axis.use === use);
    return !axes.some((axis) => trial && isOn(axis, trial));
  });
  return untried.length
    ? `, before ${list(untried.map(({ use }) => techniqueName(report, use)))} joined it untried, being usual`
    : "";
}

export const policy: MakeSection = (report) => {
  const { axes, trials } = report.search;
  const chart = policyChart(report);
  const { folded: left } = shownAxes(report);
  const statuses = new Set(trials.map((t) => t.status));
  return {
    id: "policy",
    name: "Training policy",
    title: title(report),
    wide: true,
    body: html`${
        chart
          ? html`<div data-trials="${JSON.stringify(policyTrace(report))}">
              ${figure(
                html`Each line is one trial: one way to train. It crosses each axis at the strength it used; the axes
                  stand in the order in which they were searched.
                  ${
                    statuses.has("optimal")
                      ? html`The <b class="g">thick green line with dots</b> is the chosen policy,
                          <b class="policy">${report.policy.name}</b>${added(report)}; `
                      : html`No trial became the policy; `
                  }the <span class="r">thin red lines</span> were tried and not
                  chosen${statuses.has("stopped") ? ", dashed ones were stopped early" : ""}${statuses.has("failed") ? ", and a cross marks what failed" : ""}.`,
                picture(chart),
                html`<p class="foot">
                  Lines that meet in one point are spread by a few pixels, so that each can be seen. The loss on the
                  last axis is that of answers made as sure as suits the trial best: it is lower than the loss itself,
                  which the next section
                  shows.${left ? ` ${many(left, "more axis", "more axes")}, off in every trial or a detail of another, ${left === 1 ? "stands" : "stand"} in the table only.` : ""}${lower(report)}
                </p>`,
                folded(
                  trialTable(report),
                  trials.length === 1 ? "The trial as a table" : `All ${count(trials.length)} trials as a table`,
                ),
              )}
            </div>`
          : html`<p class="words">
              ${axes.length === 0 ? "Nothing was searched: the policy was given, there were too few images for a trial to tell anything, or no technique was installed that could be tried." : "No trial was run."}
              The policy is <b class="policy">${report.policy.name}</b>.
            </p>`
      }
      <div class="two">
        <div>
          <h3>The policy, step by step</h3>
          ${steps(report)}
        </div>
        ${letters(report)}
      </div>`,
  };
};

/** What the letters mean that stand in the policy or on an axis. */
function letters(report: Report): Html | null {
  const { train } = report.dataset.splits;
  const known: readonly (readonly [string, string, string])[] = [
    ["m", "magnitude", "how strongly it is done, from not at all to the strongest that was allowed"],
    ["rr", "replacement rate", "the share of images it is done to: 0.5 is every second image"],
    ["r", "ratio", `images added for each original one: 0.1 on ${count(train)} adds ${count(train * 0.1)}`],
  ];
  const there = known.filter(
    ([letter]) =>
      report.search.axes.some((axis) => axis.kind === letter) || stepsOn(report).some((s) => letter in s.with),
  );
  if (there.length === 0) return null;
  return html`<div class="terms">
    <h3>What the letters mean</h3>
    <dl>
      ${there.map(
        ([letter, name, meaning]) =>
          html`<div>
            <dt>(${letter}) ${name}</dt>
            <dd>${meaning}</dd>
          </div>`,
      )}
    </dl>
  </div>`;
}

/** A lower loss alone chooses nothing: said where a reader could take it for a mistake. */
function lower(report: Report): string {
  const chosen = chosenTrial(report);
  const lowest = report.search.trials.some((t) => t.score !== null && t.score < (chosen?.score ?? -1));
  return lowest
    ? " Another trial has a lower loss than the chosen one: trials differ in length, a difference has to be more than chance gives, and a short one shows what a technique holds back before it shows what it is good for."
    : "";
}

function title(report: Report): string {
  const on = stepsOn(report);
  const names = [...new Set(on.map((s) => techniqueName(report, s.use)))];
  const searched = report.search.axes.filter((axis) => axis.use !== "train").map((axis) => axis.use);
  const tried = new Set([...searched, ...report.techniques.map((t) => t.use), ...on.map((s) => s.use)]).size;
  if (report.search.trials.length === 0) {
    return on.length === 0
      ? "The policy is the plain one: no technique, and nothing was searched"
      : `The policy was given, or taken on trust; no trial was run: ${list(names)}`;
  }
  if (on.length === 0)
    return tried === 0
      ? "The search found only how to train plainly: no technique was there to try"
      : "No technique was worth having here: the policy is the plain one";
  return on.length < tried
    ? `The search kept ${count(on.length)} of ${many(tried, "technique")}: ${list(names)}`
    : `The policy uses ${list(names)}`;
}

function steps(report: Report): Html {
  const on = stepsOn(report);
  const off = report.techniques.filter((t) => !t.kept).map((t) => bare(t.label));
  if (on.length === 0)
    return html`<p>
      No technique: the plain training of section “Model”.${off.length ? ` Tried and left off: ${list(off, 20)}.` : ""}
    </p>`;
  const rows: Cell[][] = on.map((s) => [
    techniqueName(report, s.use),
    html`${settings(s).map(([key, v]) => html`<span class="setting">${key} = ${value(v)}</span> `)}`,
    html`<code>${s.use}</code> ${s.version}`,
  ]);
  if (off.length)
    rows.push([
      html`<span class="s">Left off</span>`,
      html`<span class="s">off</span>`,
      html`<span class="s">${list(off, 20)}</span>`,
    ]);
  return table("The policy's steps", ["Technique", "Set to", "Package"], rows, { words: [1, 2], plain: true });
}

type Step = Report["policy"]["steps"][number];
/** Without words that say nothing: a list that is empty. */
const settings = ({ with: all }: Step): [string, Step["with"][string]][] =>
  Object.entries(all).filter(([, v]) => v !== "");

function trialTable(report: Report): Html {
  const { axes, trials } = report.search;
  const chosen = chosenTrial(report);
  return table(
    "All trials",
    [
      "trial",
      "result",
      "validation loss",
      "validation error",
      ...axes.map((a) => a.label),
      "images seen",
      "seconds",
      "why",
    ],
    trials.map((t) => [
      t.name,
      t === chosen ? html`<b class="g">${t.status}</b>` : t.status,
      loss(t.score),
      t.error === null ? "–" : t.error.toFixed(3),
      ...axes.map((a) => {
        const v = t.values[a.id] ?? null;
        return v !== null && v === a.off ? "off" : value(v);
      }),
      count(t.imagesSeen),
      t.seconds.toFixed(t.seconds < 10 ? 1 : 0),
      t.why ?? "",
    ]),
    { words: [1, axes.length + 6] },
  );
}
