import type { Report } from "@regimen/core";
import { wilson } from "@regimen/stats";
import { errorChart, unlabeledChart } from "../charts/bars.ts";
import { verdictOf } from "../charts/techniques.ts";
import { html, type Html } from "../html.ts";
import { isGraded, techniqueName, termsOf } from "../facts.ts";
import {
  bare,
  capital,
  count,
  fewer,
  list,
  loss,
  many,
  percent,
  percentOf,
  pValue,
  signed,
  signless,
} from "../words.ts";
import { figure, folded, picture, table, type MakeSection, type Section } from "./section.ts";

export const errors: MakeSection = (report) => {
  const { error } = report;
  if (isGraded(report)) return graded(report);
  const fair =
    error.fixed === null || error.broken === null
      ? ""
      : ` The two models saw the same images, so the fair test counts only those on which they differ: ${count(error.fixed)} to ${count(error.broken)}${error.p === null ? "" : ` (${pValue(error.p)})`}.`;
  return {
    id: "error",
    name: "Error-rate reduction",
    title: title(report),
    body: figure(
      html`The share of ${many(error.images, `${error.split} image`)} answered wrongly; shorter is better. The thin line
      is the 95${"\u202f"}% interval of each bar on its own.${fair}`,
      picture(errorChart(report)),
      longerWords(report) === null
        ? null
        : html`<p class="words"><b>And longer plain training?</b> ${longerWords(report)}</p>`,
      folded(errorTable(report)),
    ),
    note: html`<p>
        <b>Why error and not accuracy?</b> From 88 to 92${"\u202f"}% right sounds small. From 12 to 8${"\u202f"}% wrong
        is the same thing, and means a third fewer mistakes.
      </p>
      ${
        error.longer === null
          ? html`<p>
              <b>Not tried here:</b> plain training for as long as search and final training took together.
              <a href="#limits">What would tell</a>
            </p>`
          : null
      }`,
  };
};

/** The same where the error is no count of mistakes: without intervals of one bar, with the task's further measures. */
function graded(report: Report): Section {
  const { error } = report;
  const { error: name, means } = termsOf(report);
  return {
    id: "error",
    name: "Error-rate reduction",
    title: title(report),
    body: html`${figure(
      html`${capital(name)} on ${many(error.images, `${error.split} image`)}; shorter is
      better.${means ? ` It says ${means}.` : ""}`,
      picture(errorChart(report)),
    )}${measures(report)}${folded(gradedTable(report))}`,
    note: html`<p>
      Whether the two models differ by more than chance is told by drawing as many of these images again and again, each
      time anew: were the ${error.split} images others of their kind, the difference would spread as it does there.
    </p>`,
  };
}

function measures(report: Report): Html | null {
  if (!report.measures.length) return null;
  const both = report.error.baseline !== null;
  const share = (v: number | null): string => (v === null ? "–" : percent(v));
  return html`<h3>The task's usual measures</h3>
    ${table(
      "Measures of the task",
      ["larger is better", ...(both ? ["baseline"] : []), "Regimen"],
      report.measures.map((one) => [one.name, ...(both ? [share(one.baseline)] : []), share(one.regimen)]),
      { plain: true },
    )}`;
}

function gradedTable({ error, loss: l }: Report): Html {
  return table(
    `Error and loss on the ${error.split} images`,
    ["training", "error", "loss, nats"],
    [
      ...(error.baseline === null ? [] : [["baseline", percentOf(error.baseline, error.images), loss(l.baseline)]]),
      ["Regimen", percentOf(error.regimen, error.images), loss(l.regimen)],
    ],
  );
}

function title({ error }: Report): string {
  const show = (v: number) => percentOf(v, error.images);
  if (error.baseline === null)
    return `Error is ${show(error.regimen)}; without a baseline there is no reduction to state`;
  if (error.baseline === error.regimen) return `Error is the same before and after: ${show(error.regimen)}`;
  if (error.baseline === 0) return `The baseline made no mistake; Regimen's error is ${show(error.regimen)}`;
  const chance = error.verdict === "better" || error.verdict === "worse" ? "" : ", which could be chance";
  const r = error.reduction ?? 1 - error.regimen / error.baseline;
  return r > 0
    ? `Error is ${percent(r, 0)} lower than the baseline's${chance}`
    : `Error is ${percent(-r, 0)} higher than the baseline's${chance}`;
}

/** Whether longer plain training would have done it; null where nobody tried. */
export function longerWords({ error }: Report): string | null {
  const { longer } = error;
  if (!longer) return null;
  const { equalEpochs: equal } = longer;
  const show = (v: number) => percentOf(v, error.images);
  const times = equal === null ? null : longer.epochs / equal;
  const cost =
    times === null
      ? ""
      : times > 0.9 && times < 1.1
        ? ", as many images as search and final training together"
        : `, ${signless(times, 2)} times the images of search and final training together`;
  const found = {
    better: "Regimen's is lower, by more than chance: the gain is not one of training time alone.",
    worse: "That is lower than Regimen's, by more than chance: the search was not worth its time here.",
    "no-difference": "The difference to Regimen's could be chance.",
    "too-few-images": "These images are too few to tell it from Regimen's.",
  }[longer.verdict];
  return `Plain training of ${many(Number(longer.epochs.toFixed(1)), "epoch")}${cost}, ends at an error of ${show(longer.error)}; Regimen's is ${show(error.regimen)}. ${found} (${count(longer.fixed)} of its mistakes are right here, ${count(longer.broken)} the other way; ${pValue(longer.p)}.)`;
}

function errorTable(report: Report): Html {
  const { error, loss: l, calibration } = report;
  const row = (name: string, e: number, nats: number | null, ece: number | null) => {
    const ends = wilson(Math.round(e * error.images), error.images);
    return [
      name,
      percentOf(e, error.images),
      count(e * error.images),
      `${percentOf(ends[0], error.images)} to ${percentOf(ends[1], error.images)}`,
      loss(nats),
      ece === null ? "–" : percent(ece),
    ];
  };
  return table(
    `Error, loss and calibration on the ${error.split} images`,
    ["training", "error", "wrong", "95 % interval", "loss, nats", "calibration error"],
    [
      ...(error.baseline === null
        ? []
        : [row("baseline", error.baseline, l.baseline, calibration.baseline?.ece ?? null)]),
      ...(error.longer === null ? [] : [row("plain, longer", error.longer.error, null, null)]),
      row("Regimen", error.regimen, l.regimen, calibration.regimen.ece),
    ],
  );
}

/** null, and so absent, where there were no unlabelled images: else what they brought, or why that is not known. */
export const unlabeled: MakeSection = (report) => {
  const { unlabeled: u, error, dataset } = report;
  const chart = unlabeledChart(report);
  if (!u || !chart) return unknown(report);
  const show = (v: number) => percentOf(v, error.images);
  const n = dataset.splits.unlabeled === null ? "the unlabelled images" : many(dataset.splits.unlabeled, "image");
  const apart = u.p < 0.05;
  return {
    id: "unlabelled",
    name: "With unlabelled data",
    title:
      u.withError < u.withoutError
        ? `Unlabelled images took error from ${show(u.withoutError)} to ${show(u.withError)}${apart ? `: ${fewer(u.reduction).toLowerCase()} mistakes` : ", which could be chance"}`
        : u.withError > u.withoutError
          ? `Unlabelled images ${apart ? "did harm" : "did not help"}: error ${show(u.withoutError)} without them, ${show(u.withError)} with them`
          : `Unlabelled images changed nothing: error ${show(u.withError)} with and without them`,
    body: figure(
      html`The same policy without and with ${n} that nobody labelled. On the images where the two differ,
      ${count(u.fixed)} became right and ${count(u.broken)} wrong (${pValue(u.p)}); the change of the error lies between
      ${signed(-100 * u.interval[1], 1)} and ${signed(-100 * u.interval[0], 1)}
      points${apart ? "" : ", and could be chance"}.`,
      picture(chart),
      folded(
        table(
          "Error with and without unlabelled images",
          ["training", "error", "wrong"],
          [
            ["labelled images only", show(u.withoutError), count(u.withoutError * error.images)],
            ["with unlabelled images", show(u.withError), count(u.withError * error.images)],
          ],
        ),
      ),
    ),
  };
};

/** What is known where nobody trained the policy without its unlabelled images. */
function unknown(report: Report) {
  const { dataset, unlabeledUse: use, techniques } = report;
  const n = dataset.splits.unlabeled ?? 0;
  if (n === 0) return null;
  const names = use.map((each) => techniqueName(report, each));
  const worth = techniques.filter((t) => use.includes(t.use) && t.validationLoss !== null);
  const of = many(n, "unlabelled image");
  return {
    id: "unlabelled",
    name: "With unlabelled data",
    title:
      use.length === 0
        ? `The policy does not use the ${of}`
        : `${capital(list(names))} ${names.length === 1 ? "learns" : "learn"} from ${of}; what that brought in error was not measured`,
    body:
      use.length === 0
        ? html`<p class="words">
            ${
              report.unlabeledTried.length > 0
                ? `${capital(list(report.unlabeledTried.map((each) => techniqueName(report, each))))} tried to learn from them in the search, and did not lower the validation loss by more than chance gives.`
                : "No trial learnt from them: no installed technique can, the budget did not reach that far, or a trial would have been too short to tell anything."
            }
          </p>`
        : html`<p class="words">
              To know, the policy would have to be trained a second time without them, as long as the first time; this
              run spent that on the search. <a href="#limits">What would tell</a>
            </p>
            ${
              worth.length
                ? html`<p class="words">
                    In the short trainings of section “Validation loss per technique”:
                    ${worth.map((t) => `${bare(t.label)} ${loss(t.validationLossWithout)} without, ${loss(t.validationLoss)} with (${verdictOf(t)})`).join("; ")}.
                  </p>`
                : null
            }`,
  };
}
