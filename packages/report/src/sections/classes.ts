import type { Report } from "@regimen/core";
import {
  classesChart,
  confusedPairs,
  confusionChart,
  wrongIn,
  MOST_CLASS_ROWS,
  MOST_MATRIX,
  matrixOrder,
  scaleStart,
} from "../charts/classes.ts";
import { classRows, countsImages, isGraded, mistakes, strength, termsOf } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { capital, count, inWords, list, many, percent } from "../words.ts";
import { figure, folded, picture, table, type MakeSection } from "./section.ts";

const share = (v: number | null | undefined) => (v === null || v === undefined ? "–" : percent(v));

export const classes: MakeSection = (report) => {
  const rows = classRows(report);
  const start = scaleStart(rows.slice(0, MOST_CLASS_ROWS));
  const compared = report.error.baseline !== null;
  const few = rows.length > MOST_CLASS_ROWS;
  const { unit } = termsOf(report);
  const cut = rows.some((r) => r.threshold !== null);
  return {
    id: "classes",
    name: "Recall and precision per class",
    title: title(report),
    body: html`${figure(
      html`Weakest class first${few ? `; of ${count(rows.length)} classes, the ${MOST_CLASS_ROWS} weakest` : ""}.
      ${compared ? html`<span class="s">Grey circle</span>: baseline; <b class="g">green dot</b>: Regimen; <span class="r">red diamond</span>: Regimen, where it lost.` : html`<b class="g">Green dot</b>: Regimen.`}
      ${countsImages(report) ? "The pale band is the 95\u202f% interval of Regimen's figure, wide where images are few." : `What is counted are ${unit}s.`}
      ${start > 0 ? `The scale starts at ${start}\u202f%.` : ""}`,
      picture(classesChart(report)),
      folded(
        table(
          "Recall and precision per class",
          [
            "class",
            `${report.error.split} ${unit}s`,
            ...(compared ? ["recall, baseline"] : []),
            "recall, Regimen",
            ...(compared ? ["precision, baseline"] : []),
            "precision, Regimen",
            ...(cut ? ["answered from a score of"] : []),
          ],
          rows.map((r) => [
            r.name,
            count(r.support),
            ...(compared ? [share(r.baseline?.recall)] : []),
            share(r.recall),
            ...(compared ? [share(r.baseline?.precision)] : []),
            share(r.precision),
            ...(cut ? [r.threshold === null ? "–" : r.threshold.toFixed(2)] : []),
          ]),
        ),
      ),
    )}${inBrief(report)}`,
    note: html`<p>
        <b>Low recall</b>: ${unit}s of this class slip through.<br /><b>Low precision</b>: when the model says this
        class, it is often another.
      </p>
      <p>A good average can hide one bad class; this is where it shows.</p>`,
  };
};

function title(report: Report): string {
  const rows = classRows(report).filter((r) => r.support > 0);
  const [weak, strong] = [rows[0], rows.at(-1)];
  const { unit } = termsOf(report);
  const what = unit === "image" ? `${report.error.split} image` : unit;
  if (!weak || !strong) return `No class can be judged: none has ${unit}s`;
  if (strength(weak) === 1) return `Every ${unit} of every class is found`;
  // Level: the weakest and the strongest are nearer than one could tell at this size.
  if (rows.length > 1 && strength(strong) - strength(weak) < 0.05)
    return `No class stands out: all between ${percent(strength(weak), 0)} and ${percent(strength(strong), 0)}`;
  const missed = weak.support - weak.found;
  if ((weak.recall ?? 0) <= (weak.precision ?? 1)) {
    return missed === weak.support
      ? `${capital(weak.name)} is never found: all ${many(weak.support, unit)} are missed`
      : `${capital(weak.name)} is the weak class: ${count(missed)} of its ${many(weak.support, what)} ${missed === 1 ? "is" : "are"} missed`;
  }
  return `${capital(weak.name)} is named too often: ${count(weak.answered - weak.found)} of ${count(weak.answered)} such answers are wrong`;
}

function inBrief(report: Report): Html | null {
  const rows = classRows(report).filter((r) => r.support > 0 && r.baseline);
  if (rows.length === 0) return null;
  const change = (r: (typeof rows)[number]) => r.found - (r.baseline?.found ?? 0);
  const best = [...rows].sort((a, b) => change(b) - change(a))[0]!;
  const lost = rows.filter((r) => change(r) < 0).sort((a, b) => change(a) - change(b));
  const gained =
    change(best) > 0
      ? html`${capital(best.name)} gained most: ${many(change(best), termsOf(report).unit)} more found. `
      : html`No class gained. `;
  const losers = lost.length
    ? `${capital(
        list(
          lost.map((r) => `${r.name} (${count(-change(r))})`),
          5,
        ),
      )} lost ${termsOf(report).unit}s that the baseline found.`
    : `No class lost ${termsOf(report).unit}s that the baseline found, net.`;
  return html`<p class="words"><b>In words.</b> ${gained}${losers}</p>`;
}

/** null, and so absent, where the task tells nothing of what is taken for what. */
export const confusion: MakeSection = (report) => {
  const chart = confusionChart(report);
  if (!chart) return null;
  const graded = isGraded(report);
  const { unit } = termsOf(report);
  const rows = classRows(report);
  const name = (i: number) => report.classes[i]?.name ?? String(i);
  const pairs = confusedPairs(report);
  const worst = pairs[0];
  const wrong = graded ? wrongIn(report.confusion.regimen) : mistakes(report).regimen;
  const nowhere =
    report.classes.reduce((sum, c) => sum + c.support, 0) -
    report.confusion.regimen.flat().reduce((sum, v) => sum + v, 0);
  const many12 = rows.length > MOST_MATRIX;
  const drawn = matrixOrder(report);
  const framed = worst && worst.regimen > 0 && drawn.includes(worst.a) && drawn.includes(worst.b);
  const title =
    !worst || worst.regimen === 0
      ? "No class is taken for another"
      : worst.regimen === 1 && wrong > 1
        ? `No pair of classes is confused more than once in ${graded ? `${many(wrong, unit)} mixed up` : `${count(wrong)} mistakes`}`
        : `${capital(name(worst.b))} and ${name(worst.a)} are taken for each other: ${count(worst.regimen)} of the ${graded ? `${many(wrong, unit)} mixed up` : many(wrong, "mistake")}`;
  return {
    id: "confusion",
    name: "Confusion matrices",
    title,
    body: html`${figure(
      html`Each row is what the ${graded ? unit : "image"}s truly show, each column what the model
      answered${many12 ? `; of ${count(rows.length)} classes, the ${MOST_MATRIX} weakest` : ""}. Grey cells on the
      diagonal are right; the redder another cell, the larger the share of its row that went wrong
      there.${graded ? ` Numbers are per cent of their row${nowhere > 0 ? `; the ${many(nowhere, unit)} that no answer fits stand nowhere` : ""}.` : ""}${framed ? " The two framed cells are the pair mixed up most." : ""}`,
      picture(chart),
    )}${
      many12 && pairs.length
        ? html`<h3>The pairs that are taken for each other most often</h3>
            ${table(
              "Most confused pairs",
              ["Pair", ...(worst?.baseline === null ? [] : ["Baseline"]), "Regimen"],
              pairs
                .slice(0, 12)
                .map((p) => [
                  `${name(p.a)} and ${name(p.b)}`,
                  ...(p.baseline === null ? [] : [count(p.baseline)]),
                  count(p.regimen),
                ]),
              { plain: true },
            )}`
        : null
    }${matrixTable(report, "regimen")}${matrixTable(report, "baseline")}`,
    note:
      worst?.baseline === null || worst === undefined
        ? undefined
        : html`<p>
              ${
                graded
                  ? `The baseline mixed these two up in ${many(worst.baseline, unit)}, Regimen in ${count(worst.regimen)}.`
                  : `The baseline took ${name(worst.a)} and ${name(worst.b)} for each other ${inWords(worst.baseline)} ${worst.baseline === 1 ? "time" : "times"}, Regimen ${inWords(worst.regimen)}.`
              }
            </p>
            <p>More images of the weaker of the two often help more than more search.</p>`,
  };
};

function matrixTable(report: Report, who: "baseline" | "regimen"): Html | null {
  const m = report.confusion[who];
  if (!m || m.length === 0) return null;
  const name = (i: number) => report.classes[i]?.name ?? String(i);
  const title = who === "regimen" ? "Regimen" : "The baseline";
  // A hundred classes are ten thousand cells; then only the cells that are not 0 are listed.
  const content =
    m.length <= 20
      ? table(
          `${title}: rows true, columns answered`,
          ["true class", ...m.map((_, i) => name(i))],
          m.map((row, i) => [name(i), ...row.map((v) => count(v))]),
        )
      : table(
          `${title}: wrong answers`,
          ["true class", "answered", `${termsOf(report).unit}s`],
          m
            .flatMap((row, i) => row.flatMap((v, j) => (i !== j && v > 0 ? [[name(i), name(j), count(v)]] : [])))
            .slice(0, 400),
          { words: [1] },
        );
  return folded(content, `${title} as a table`);
}
