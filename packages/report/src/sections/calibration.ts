import type { Report } from "@regimen/core";
import { calibrationChart, FEW } from "../charts/calibration.ts";
import { isGraded, termsOf } from "../facts.ts";
import { html } from "../html.ts";
import { count, many, percent, points } from "../words.ts";
import { figure, folded, picture, table, type MakeSection } from "./section.ts";

/** null, and so absent, where answers are no probabilities. */
export const calibration: MakeSection = (report) => {
  const { calibration: c, error } = report;
  const chart = calibrationChart(report);
  if (!chart) return null;
  const graded = isGraded(report);
  const answers = graded ? "answers" : `${error.split} images`;
  const judged = c.regimen.bins.reduce((sum, bin) => sum + bin.images, 0);
  const unit = termsOf(report).unit;
  const models = [...(c.baseline ? [["Baseline", c.baseline] as const] : []), ["Regimen", c.regimen] as const];
  const bands = c.regimen.bins.length;
  return {
    id: "calibration",
    name: "Calibration",
    title: title(report),
    body: figure(
      html`When a model says it is 80${"\u202f"}% sure, it should be right 8 times in 10. Each dot gathers the
      ${answers}${graded ? (unit === "image" ? ", a yes or no for each image and class," : `, one for each ${unit},`) : ""}
      of one band of confidence; its size is their number, hollow dots are fewer than ${FEW}. On the diagonal,
      confidence and truth agree.`,
      picture(chart),
      folded(
        table(
          "Reliability per band of confidence",
          [
            "confidence band",
            ...models.flatMap(([name]) => [`${name}: ${graded ? "answers" : "images"}`, "mean confidence", "right"]),
          ],
          c.regimen.bins.map((bin, i) => [
            `${count(100 * bin.from)}–${count(100 * bin.to)} %`,
            ...models.flatMap(([, m]) => {
              const b = m.bins[i];
              return b && b.images > 0
                ? [count(b.images), percent(b.confidence), percent(b.accuracy)]
                : ["0", "–", "–"];
            }),
          ]),
        ),
      ),
    ),
    note: html`<p>
        <b>ECE</b>, expected calibration error: the mean distance from the diagonal, each band weighted by its
        ${graded ? "answers" : "images"}. ${many(bands, "band")} of equal width,
        ${graded ? many(judged, "answer") : many(error.images, `${error.split} image`)}.
      </p>
      <p>A hollow dot may sit anywhere: do not read a trend into them.</p>`,
  };
};

/** Surer than right on average, by more than a tenth of the distance: the side of the diagonal that matters. */
function title({ calibration: { baseline, regimen } }: Report): string {
  const off = `off by ${points(regimen.ece)} points on average`;
  const images = regimen.bins.reduce((sum, b) => sum + b.images, 0);
  const lean = regimen.bins.reduce((sum, b) => sum + b.images * (b.confidence - b.accuracy), 0) / Math.max(1, images);
  const side =
    lean > 0.25 * regimen.ece
      ? "It is surer than it is right"
      : lean < -0.25 * regimen.ece
        ? "It is right more often than it says"
        : "It is now too sure, now not sure enough";
  if (!baseline) return regimen.ece < 0.03 ? `Its confidence can be taken at its word: ${off}` : `${side}: ${off}`;
  const other = `the baseline by ${points(baseline.ece)}`;
  if (regimen.ece < 0.03) return `Its confidence can be taken at its word: ${off}, ${other}`;
  return regimen.ece < baseline.ece
    ? `${side}, less so than the baseline: ${off}, ${other}`
    : `${side}: ${off}, ${other}`;
}
