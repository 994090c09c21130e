import { html } from "../html.ts";
import { many, points } from "../words.ts";
import type { MakeSection } from "./section.ts";

/** What nobody should read into this page. */
export const limits: MakeSection = (report) => {
  const { error, run } = report;
  const n = report.limits.length;
  const width = error.interval === null ? null : (error.interval[1] - error.interval[0]) / 2;
  return {
    id: "limits",
    name: "What this report does not know",
    title: `One seed, one split, ${many(error.images, `${error.split} image`)}: beyond these, nothing was measured`,
    body: html`<p class="words">
        Every figure here comes from one seed (${run.seed}), one split of the data and
        ${many(error.images, `${error.split} image`)}.${
          width === null
            ? null
            : ` The luck of those images alone can move the difference of the two errors by about ${points(width)} percentage points either way; the luck of the seed comes on top and was not measured.`
        }
      </p>
      ${
        n === 0
          ? null
          : html`<ul class="limits">
              ${report.limits.map((l) => html`<li>${l}</li>`)}
            </ul>`
      }`,
    note: html`<p>
      <b>Chance</b>, on this page, is the luck of which images happened to be in the ${error.split} split. Images from
      elsewhere, taken otherwise, may differ more than any interval says.
    </p>`,
  };
};
