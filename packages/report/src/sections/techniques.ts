import type { Report } from "@regimen/core";
import { addsUp, measured, techniquesChart, verdictOf } from "../charts/techniques.ts";
import { refusedChart, flipsOf } from "../charts/refused.ts";
import { inOrder, refusals, type Refusal } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { bare, capital, count, inWords, list, loss, many, part, pValue, shortUse, signed, value } from "../words.ts";
import { figure, folded, picture, table, type MakeSection } from "./section.ts";

export const techniques: MakeSection = (report) => {
  const rows = inOrder(report);
  const chart = techniquesChart(report);
  const unmeasured = rows.filter((t) => t.verdict === "not-measured").map((t) => bare(t.label));
  return {
    id: "techniques",
    name: "Validation loss per technique",
    title: title(report),
    body: chart
      ? html`${figure(
          html`Read from top to bottom: each bar shows what one technique did to the validation loss (how surprised the
          model is by the right answer); to the left is better. Solid bars were kept, hollow ones left off. The thin
          line through each bar is its 95${"\u202f"}% interval: where it crosses the start of the bar, the technique
          cannot be told from nothing. The scale need not start at 0.`,
          picture(chart),
          folded(
            table(
              "Effect of each technique on validation loss",
              ["technique", "loss without", "loss with", "change", "95 % interval", "verdict"],
              rows.map((t) => {
                const m = measured(t);
                return [
                  t.label,
                  loss(t.validationLossWithout),
                  loss(t.validationLoss),
                  m ? signed(m.after - m.before, 3) : "–",
                  t.interval ? `${signed(t.interval[0], 3)} to ${signed(t.interval[1], 3)}` : "–",
                  verdictOf(t),
                ];
              }),
              { words: [5] },
            ),
          ),
        )}${unmeasured.length ? html`<p class="words"><b>Not measured:</b> ${list(unmeasured, 20)}. No trial compared them with and without; nothing here says that they help.</p>` : null}`
      : html`<p class="words">
          ${
            searchedAny(report)
              ? "Techniques are measured one by one when the search has chosen them; it chose none."
              : "No technique was tried, so there is nothing to compare."
          }
        </p>`,
    note: chart
      ? html`<p>
            <b>Where this was measured.</b> In short trainings with the policy and without each technique, on the same
            ${many(report.dataset.splits.validation, "validation image")}, paired image by image. The final model is
            trained for longer and ends elsewhere.
          </p>
          <p>
            Several comparisons were made: about 1 in 20 techniques without any effect would still seem to have one.
          </p>`
      : undefined,
  };
};

const searchedAny = (report: Report): boolean => report.search.axes.some((axis) => axis.use !== "train");

function title(report: Report): string {
  const rows = inOrder(report);
  if (rows.length === 0) return searchedAny(report) ? "No technique was chosen" : "No technique was tried";
  const gains = rows
    .flatMap((t) => {
      const m = measured(t);
      return m && t.kept && t.verdict === "helps" ? [{ name: bare(t.label), gain: m.before - m.after }] : [];
    })
    .sort((a, b) => b.gain - a.gain);
  const idle = rows.filter((t) => !t.kept && t.verdict !== "not-measured").length;
  const rest = idle ? `; ${inWords(idle)} earned nothing and ${idle === 1 ? "was" : "were"} left off` : "";
  if (gains.length === 0) {
    const any = rows.some((t) => t.verdict !== "not-measured");
    const kept = rows.some((t) => t.kept);
    if (!any) return `Which technique helps was not measured${kept ? ", of those kept neither" : ""}`;
    return kept
      ? "No technique could be told from nothing in the trials, those kept neither"
      : "No technique could be told from nothing; the policy is the plain one";
  }
  const total = gains.reduce((sum, g) => sum + g.gain, 0);
  const [first, second] = gains;
  if (!second) return `${capital(first!.name)} took ${loss(first!.gain)} off the validation loss${rest}`;
  if (gains.length === 2 || !addsUp(rows)) {
    return `${capital(first!.name)} and ${second.name} lowered the validation loss${gains.length > 2 ? " most" : ""}${rest}`;
  }
  return `${capital(first!.name)} and ${second.name} earned ${part((first!.gain + second.gain) / total)} of the fall in validation loss${rest}`;
}

export const refused: MakeSection = (report) => {
  const all = refusals(report);
  if (all.length === 0) {
    return {
      id: "refused",
      name: "Refused",
      title: "Nothing was refused",
      body: html`<p class="words">
        ${
          report.techniques.length
            ? `Each of these was tried with and without, and none was found to hurt: ${list(
                report.techniques.map((t) => bare(t.label)),
                12,
              )}.`
            : "No technique was tested for doing harm."
        }
      </p>`,
    };
  }
  const chart = refusedChart(report);
  const turned = all.filter((r) => flipsOf(r)).length;
  const shift = all.some((r) => flipsOf(r)?.reference != null);
  const worst = Math.max(...all.map((r) => flipsOf(r)?.p ?? 0));
  const tested = all.some((r) => flipsOf(r)?.p != null);
  return {
    id: "refused",
    name: "Refused, and the evidence",
    title:
      turned === all.length
        ? `${capital(inWords(all.length))} ${all.length === 1 ? "change was refused: it turns" : "changes were refused: they turn"} one class into another`
        : `${capital(inWords(all.length))} ${all.length === 1 ? "technique was" : "techniques were"} refused: ${list(
            all.map((r) => shortUse(r.use)),
            4,
          )}`,
    body: html`${
      chart
        ? figure(
            html`Right answers that turned into one certain wrong class when the image was changed.
              ${shift ? html`<span class="s">Grey circle</span>: under a shift by a few pixels, which should not matter; ` : ""}<span
                class="r"
                >red diamond</span
              >: under the refused change.${tested ? ` Each is beyond chance (${pValue(worst)}).` : ""}`,
            picture(chart),
          )
        : null
    }${table(
      "What was refused, and why",
      ["Refused", "Because", "Evidence"],
      all.map((r) => [html`${shortUse(r.use)}`, r.because, evidence(r)]),
      { words: [1, 2], plain: true },
    )}`,
    note: turned
      ? html`<p>
          A change that turns one class into another was never tried in training: a class that it destroys would be
          taught wrongly.
        </p>`
      : html`<p>What is refused here made the validation loss worse when it was added to the rest of the policy.</p>`,
  };
};

/** A count of flips as a sentence; any other JSON as a few words. */
function evidence(refusal: Refusal): Html {
  const e = refusal.evidence;
  const f = flipsOf(refusal);
  const said = f
    ? `${count(f.flips)} of ${count(f.of)} right answers${f.from === null ? "" : ` “${f.from}”`} turned${f.to === null ? "" : ` into “${f.to}”`}${f.reference === null ? "" : `, ${count(f.reference)} under a small shift`}${f.p === null ? "" : ` (${pValue(f.p)})`}. `
    : null;
  if (e === null || typeof e !== "object") return html`${value(e)}`;
  const rest = Array.isArray(e)
    ? e.map((v, i) => [String(i + 1), v] as const)
    : Object.entries(e).filter(([key]) => !f || !["from", "to", "flips", "of", "reference", "p"].includes(key));
  return html`${said}${rest.map(([key, v]) => html`<span class="setting">${key}: ${plain(v ?? null)}</span> `)}`;
}

const plain = (v: Refusal["evidence"]): string => (typeof v === "object" && v !== null ? JSON.stringify(v) : value(v));
