import type { Report } from "@regimen/core";
import { addsUp, measured, techniquesChart, verdictOf } from "../charts/techniques.ts";
import { inOrder } from "../facts.ts";
import { html } from "../html.ts";
import { bare, capital, inWords, list, loss, many, part, signed } from "../words.ts";
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
          cannot be told from nothing. “Helps” is said only where the loss would fall as well if both models were as
          sure as suits them best: an overconfident model becomes less so by anything that disturbs it. “No effect” is
          said only where the interval is narrow, within a tenth of the loss. The scale need not start at 0.
          ${addsUp(rows) ? "" : "All bars end at the loss of the whole policy; each begins where the loss stands without that technique."}`,
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
            rows.length
              ? `${capital(list(unmeasured, 20))}: nothing here says that they help. What techniques are worth is measured on the baseline: there was none, or there were too few images for it.`
              : searchedAny(report)
                ? "Techniques are measured one by one when the search has chosen them; it chose none."
                : "No technique was tried, so there is nothing to compare."
          }
        </p>`,
    note: chart
      ? html`<p>
            <b>Where this was measured.</b> In short trainings from one half-trained model, with one technique more
            each, in this order, on the same ${many(report.dataset.splits.validation, "validation image")}, paired image
            by image. A technique that does the same as an earlier one has little left to show. The final model is
            trained for longer and ends elsewhere.
          </p>
          <p>
            Short trainings underrate what makes training harder, such as mixed or strongly changed images: a bar to the
            right by less than about a seventh of the loss is not held against a technique.
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
    if (!any) return "What each technique is worth was not measured";
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
