import type { Report } from "@regimen/core";
import { wilson } from "@regimen/stats";
import { errorChart, unlabeledChart } from "../charts/bars.ts";
import { html, type Html } from "../html.ts";
import { count, fewer, loss, many, percent, percentOf, pValue } from "../words.ts";
import { figure, folded, picture, table, type MakeSection } from "./section.ts";

export const errors: MakeSection = (report) => {
  const { error } = report;
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
      folded(errorTable(report)),
    ),
    note: html`<p>
        <b>Why error and not accuracy?</b> From 88 to 92${"\u202f"}% right sounds small. From 12 to 8${"\u202f"}% wrong
        is the same thing, and means a third fewer mistakes.
      </p>
      <p>
        <b>Not tried here:</b> plain training for as long as search and final training took together.
        <code>regimen fit --policy none</code> with more epochs would tell.
      </p>`,
  };
};

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
      row("Regimen", error.regimen, l.regimen, calibration.regimen.ece),
    ],
  );
}

/** null, and so absent, where there were no unlabelled images. */
export const unlabeled: MakeSection = (report) => {
  const { unlabeled: u, error, dataset } = report;
  const chart = unlabeledChart(report);
  if (!u || !chart) return null;
  const show = (v: number) => percentOf(v, error.images);
  const n = dataset.splits.unlabeled === null ? "the unlabelled images" : many(dataset.splits.unlabeled, "image");
  // Each bar's own interval: that they overlap proves nothing, that they do not is enough.
  const [a, b] = [u.withoutError, u.withError].map((e) => wilson(Math.round(e * error.images), error.images));
  const apart = a![0] > b![1] || b![0] > a![1];
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
      html`The same policy without and with ${n} that nobody labelled.
      ${apart ? "The two intervals do not touch." : "The two intervals overlap: this difference alone could be chance."}`,
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
