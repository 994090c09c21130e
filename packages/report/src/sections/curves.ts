import type { Curve, Report } from "@regimen/core";
import { curvesChart, lastValidation, ofRole } from "../charts/curves.ts";
import { html } from "../html.ts";
import { count, loss } from "../words.ts";
import { figure, folded, picture, table, type MakeSection } from "./section.ts";

export const curves: MakeSection = (report) => {
  const chart = curvesChart(report);
  const finals = ofRole(report, "final");
  const blind = finals.length > 0 && finals.every((c) => lastValidation(c) === null);
  const status = new Map(report.search.trials.map((t) => [t.name, t.status]));
  return {
    id: "curves",
    name: "Learning curves",
    title: chart ? title(report) : "No learning curve was recorded",
    body: chart
      ? html`${figure(
          html`How surprised each model was by the right answers while it learnt. <b>Bold lines</b>: on validation
            images, which it does not learn from. <span class="s">Faint lines</span>: on the training images. A gap that
            widens between the two means learning by heart.`,
          picture(chart),
          folded(
            table(
              "Loss at the end of each training",
              ["training", "images seen", "training loss", "validation loss", "validation error"],
              report.curves
                .filter((c) => c.points.length > 0)
                .map((c) => {
                  const end = c.points.at(-1)!;
                  const s = status.get(c.name);
                  return [
                    c.role === "trial"
                      ? `trial ${c.name}${s ? `, ${s}` : ""}`
                      : c.name === c.role
                        ? c.name
                        : `${c.role}: ${c.name}`,
                    count(end.images),
                    loss(end.train),
                    loss(lastValidation(c)),
                    end.error === null ? "–" : end.error.toFixed(3),
                  ];
                }),
            ),
          ),
        )}${blind ? html`<p class="words">The final training has no validation curve: its validation images were given back to it to learn from, and the test images are not looked at while it learns.</p>` : null}`
      : html`<p class="words">Nothing was trained here that kept a record of its progress.</p>`,
    note: chart
      ? html`<p>
          Under a policy the training loss may stay high on purpose: mixed and altered images are harder than those the
          model is tested on. Compare bold with bold only.
        </p>`
      : undefined,
  };
};

type Turn = { readonly least: number; readonly at: number; readonly end: number };
/** Where the validation loss was lowest, and where it ended. */
function turn(curve: Curve | undefined): Turn | null {
  const known = curve?.points.flatMap((p) => (p.validation === null ? [] : [{ at: p.images, v: p.validation }])) ?? [];
  if (known.length < 3) return null;
  const least = known.reduce((a, b) => (b.v < a.v ? b : a));
  return { least: least.v, at: least.at, end: known.at(-1)!.v };
}
const rose = (t: Turn) => t.end > t.least * 1.05 && t.end - t.least > 0.01;
const around = (n: number) => count(Number(n.toPrecision(2)));

function title(report: Report): string {
  const baseline = turn(ofRole(report, "baseline")[0]);
  const final = turn(ofRole(report, "final").at(-1));
  const two = (v: number) => v.toFixed(2);
  if (baseline && rose(baseline)) {
    const then = final
      ? `; Regimen's ${rose(final) ? `turned too, and ended at ${two(final.end)}` : `ended at ${two(final.end)}`}`
      : "";
    return `The baseline began to memorise after ${around(baseline.at)} images: its validation loss rose from ${two(baseline.least)} to ${two(baseline.end)}${then}`;
  }
  const one = final ?? baseline;
  if (!one) return "No validation loss was recorded often enough to see where a training turned";
  const who = final ? "Regimen's validation loss" : "The baseline's validation loss";
  if (rose(one))
    return `${who} rose again after ${around(one.at)} images, from ${two(one.least)} to ${two(one.end)}: shorter training may do`;
  const curve = final ? ofRole(report, "final").at(-1) : ofRole(report, "baseline")[0];
  const known = curve!.points.flatMap((p) => (p.validation === null ? [] : [p.validation]));
  const late = known[Math.floor(known.length * 0.8)] ?? known[0]!;
  return late - one.end > 0.02 * late
    ? `${who} was still falling at the end, at ${two(one.end)}: longer training may help`
    : `${who} had levelled off by the end, at ${two(one.end)}`;
}
