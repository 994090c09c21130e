import type { Report } from "@regimen/core";
import { answerChart, perSquare } from "../charts/answer.ts";
import {
  chosenTrial,
  classRows,
  inOrder,
  isGraded,
  lowestRow,
  mainBars,
  mistakes,
  refusals,
  stepsOn,
  strength,
  termsOf,
  totalSeconds,
} from "../facts.ts";
import { html, type Html } from "../html.ts";
import { headline, proof, verdictWords } from "../sentences.ts";
import { capital, count, inWords, list, many, minutes, percent, signless } from "../words.ts";
import { picture } from "./section.ts";

/** The first screen: the answer, whether it could be chance, what it cost, where it is weak, what is not known. */
export function answer(report: Report): Html {
  const verdict = verdictWords(report);
  const { error } = report;
  const tone = error.baseline === null ? "none" : error.verdict;
  const per = perSquare(report);
  const { error: name, means } = termsOf(report);
  const each = isGraded(report)
    ? `Shorter is better. ${capital(name)}${means ? `: ${means}` : ""}.`
    : per === 1
      ? `Each square is one ${error.split} image answered wrongly.`
      : `Each square stands for ${count(per)} ${error.split} images answered wrongly.`;
  return html`<section id="answer" class="hero" aria-labelledby="answer-title">
    <div class="say">
      <p class="kicker"><span>1</span> The answer</p>
      <h1 id="answer-title">${headline(report)}</h1>
      <p class="verdict ${tone}">
        <b><i aria-hidden="true">${verdict.sign}</i> ${verdict.words}</b>
      </p>
      <p class="lead">${proof(report)}</p>
    </div>
    <figure class="herofigure">
      <figcaption>${each}</figcaption>
      ${picture(answerChart(report))}
    </figure>
    <dl class="facts">
      <div>
        <dt>Cost</dt>
        <dd>${cost(report)}</dd>
      </div>
      <div>
        <dt>Weakest class</dt>
        <dd>${weakest(report)}</dd>
      </div>
      <div>
        <dt>Policy</dt>
        <dd>${policy(report)}</dd>
      </div>
      <div>
        <dt>Not known</dt>
        <dd>${notKnown(report)}</dd>
      </div>
    </dl>
  </section>`;
}

function cost(report: Report): Html {
  const { cost: c } = report.search;
  const baseline = c.baselineSeconds === null ? "" : `, ${minutes(c.baselineSeconds)} of them for the baseline`;
  const runs =
    c.totalOverBaseline === null
      ? html` No baseline was trained, so there is no plain run to count in.`
      : html` Regimen used
          <b>${signless(c.totalOverBaseline, 2)} plain runs</b
          >${c.searchOverBaseline === null ? "" : `, ${signless(c.searchOverBaseline, 2)} of them to search`}.`;
  return html`<b>${capital(minutes(totalSeconds(report)))}</b> on ${report.run.machine}${baseline}.${runs}`;
}

function weakest(report: Report): Html {
  const bars = mainBars(report);
  const lowest = isGraded(report) && bars ? lowestRow(bars) : null;
  if (lowest)
    return html`<b>${capital(lowest.name)}</b>: ${bars!.measures[0]}
      ${percent(lowest.value)}${lowest.baseline === null ? "" : `; the baseline ${percent(lowest.baseline)}`}.`;
  const rows = classRows(report).filter((r) => r.support > 0);
  const weak = rows[0];
  if (!weak) return html`No ${report.error.split} image has a class.`;
  if (strength(weak) === 1) return html`<b>None</b>: every ${termsOf(report).unit} of every class is found.`;
  const rare = [...report.dataset.classes].sort((a, b) => a.count - b.count)[0];
  const most = Math.max(...report.dataset.classes.map((c) => c.count));
  const rarest = rare?.name === weak.name && most > 1.5 * rare.count ? " It is also the rarest class." : "";
  if ((weak.precision ?? 1) < (weak.recall ?? 0)) {
    const was = weak.baseline?.precision;
    return html`<b>${capital(weak.name)}</b>: right in ${count(weak.found)} of ${count(weak.answered)} answers that name
      it
      (${percent(weak.precision ?? 0, 0)})${was === undefined || was === null ? "" : `; the baseline in ${percent(was, 0)}`}.${rarest}`;
  }
  const before = weak.baseline ? `; the baseline found ${count(weak.baseline.found)}` : "";
  return html`<b>${capital(weak.name)}</b>: finds ${count(weak.found)} of ${count(weak.support)}
    (${percent(weak.found / weak.support, 0)})${before}.${rarest}`;
}

function policy(report: Report): Html {
  const on = stepsOn(report).length;
  const off = inOrder(report).filter(
    (t) => !t.kept && t.verdict !== "not-measured" && !refusals(report).some((r) => r.use === t.use),
  ).length;
  const refused = refusals(report).length;
  const trials = report.search.trials.length;
  const parts = [
    on === 0 ? "no technique on" : `${many(on, "technique")} on`,
    ...(off ? [`${inWords(off)} tried and left off`] : []),
    ...(refused ? [`${inWords(refused)} refused by the data`] : []),
  ];
  const from = chosenTrial(report) === null && trials === 0 ? " No trial was run to choose it." : "";
  return html`<b class="policy">${report.policy.name}</b> ${capital(list(parts))}.${from}`;
}

function notKnown(report: Report): Html {
  const { limits, run } = report;
  const wrong = mistakes(report);
  const few =
    !isGraded(report) && wrong.regimen < 10 && report.error.images > 0
      ? ` Only ${many(wrong.regimen, "mistake")} to judge classes by.`
      : "";
  return html`Other seeds than ${run.seed}, other data.${few}
    <a href="#limits">${limits.length ? capital(many(limits.length, "thing")) : "What"} this report does not know</a>`;
}
