import type { Misclassified } from "@regimen/core";
import { mistakes as countMistakes } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { capital, count, inWords, many, sureness } from "../words.ts";
import { figure, folded, isPicture, table, type MakeSection } from "./section.ts";
import { worst } from "./worst.ts";

const SHOWN = 12;
const MOST_ROWS = 300;
const SURE = 0.9;

type Kind = "check the label" | "newly broken" | "wrong in both" | "wrong";

/** Both models surely agree on another class: the label is in doubt. */
function kindOf(m: Misclassified): Kind {
  if (!m.baseline) return "wrong";
  if (m.baseline.predicted === m.label) return "newly broken";
  const agree = m.baseline.predicted === m.regimen.predicted;
  return agree && m.baseline.probability > SURE && m.regimen.probability > SURE ? "check the label" : "wrong in both";
}

export const mistakes: MakeSection = (report) => {
  if (report.worst) return worst(report, report.worst);
  const all = [...report.misclassified].sort(
    (a, b) =>
      Number(kindOf(b) === "check the label") - Number(kindOf(a) === "check the label") ||
      b.regimen.probability - a.regimen.probability,
  );
  const wrong = countMistakes(report).regimen;
  const doubtful = all.filter((m) => kindOf(m) === "check the label").length;
  const name = (i: number) => report.dataset.classes[i]?.name ?? `class ${i}`;
  const first = all[0];
  if (!first) {
    return {
      id: "mistakes",
      name: "Worst misclassified images",
      title:
        wrong === 0
          ? `No ${report.error.split} image is misclassified`
          : "No misclassified image was kept for this page",
      body: html`<p class="words">
        ${wrong === 0 ? "There is nothing to look at here." : `${capital(many(wrong, "image"))} ${wrong === 1 ? "is" : "are"} answered wrongly; regimen evaluate --misclassified FILE.csv lists them.`}
      </p>`,
    };
  }
  const title =
    doubtful > 0
      ? `In ${doubtful === 1 ? "one image" : `${inWords(doubtful)} images`} both models contradict the label with over 90\u202f% confidence: check ${doubtful === 1 ? "that label" : "those labels"} first`
      : `Its surest mistake: ${name(first.label)} taken for ${name(first.regimen.predicted)}, ${sureness(first.regimen.probability)} sure`;
  const order =
    doubtful > 0 ? "first those whose label is in doubt, then those it is surest of" : "those it is surest of first";
  return {
    id: "mistakes",
    name: "Worst misclassified images",
    title,
    body: html`${figure(
      html`Of ${many(wrong, "mistake")} of Regimen, ${order}; with
      ${first.baseline ? "both models' answers" : "its answer"} and how sure of it ${first.baseline ? "each" : "it"}
      was.`,
      html`<div class="cards">${all.slice(0, SHOWN).map((m) => card(m, name))}</div>`,
    )}${folded(
      table(
        `Mistakes of Regimen, ${count(Math.min(all.length, MOST_ROWS))} of ${count(wrong)}`,
        ["image", "label", "baseline", "sure", "Regimen", "sure", "kind"],
        all
          .slice(0, MOST_ROWS)
          .map((m) => [
            m.id,
            name(m.label),
            m.baseline ? name(m.baseline.predicted) : "–",
            m.baseline ? sureness(m.baseline.probability) : "–",
            name(m.regimen.predicted),
            sureness(m.regimen.probability),
            kindOf(m),
          ]),
        { words: [1, 2, 4, 6] },
      ),
    )}`,
    note: html`<p>
        <b>Check the label</b>: both models give the same other answer, each over 90${"\u202f"}% sure. A wrong label
        costs more than a weak policy.
      </p>
      ${report.error.broken === null ? null : html`<p><b>Newly broken</b>: the baseline had it right. ${capital(many(report.error.broken, "such image"))} in all.</p>`}`,
  };
};

function card(m: Misclassified, name: (i: number) => string): Html {
  const kind = kindOf(m);
  const style = { "check the label": "check", "newly broken": "r", "wrong in both": "s", wrong: "s" }[kind];
  const image = isPicture(m.image)
    ? html`<img alt="labelled ${name(m.label)}" src="${m.image}" />`
    : html`<div class="noimage" aria-hidden="true">no picture</div>`;
  return html`<div class="card">
    ${image}
    <div>
      <p class="tag ${style}">${kind}</p>
      <p>label: <b>${name(m.label)}</b></p>
    </div>
    <div class="answers">
      ${m.baseline ? guess("baseline", m.baseline, m.label, name) : null}${guess("Regimen", m.regimen, m.label, name)}
    </div>
    <p class="file">${m.id}</p>
  </div>`;
}

function guess(who: string, a: Misclassified["regimen"], label: number, name: (i: number) => string): Html {
  const right = a.predicted === label;
  const width = Math.round(100 * Math.min(1, Math.max(0, a.probability)));
  return html`<div class="guess">
    <span>${who}</span><b class="${right ? "g" : "r"}">${right ? "✓" : "✕"} ${name(a.predicted)}</b
    ><em>${sureness(a.probability)}</em><i><u class="${right ? "right" : "wrong"}" style="width:${width}%"></u></i>
  </div>`;
}
