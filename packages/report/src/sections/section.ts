import type { Report, Sheet } from "@regimen/core";
import { inPage, type Chart } from "../draw.ts";
import { html, trusted, type Html } from "../html.ts";

/** One part of the page. The title is the finding, never the chart's name; `name` is that, for the contents. */
export type Section = {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly body: Html;
  /** Method and definitions, beside the text. */ readonly note?: Html | undefined;
  /** Uses the notes' column too. */ readonly wide?: boolean;
};
export type MakeSection = (report: Report) => Section | null;

/** A chart at each of its widths; the page shows the one that fits. */
export const picture = (chart: Chart): Html =>
  html`${chart.widths.map((width) => html`<div class="chart w${width}">${trusted(inPage(chart, width))}</div>`)}`;

export const figure = (caption: Html, ...content: readonly (Html | null)[]): Html =>
  html`<figure>
    <figcaption>${caption}</figcaption>
    ${content}
  </figure>`;

export type Cell = string | number | Html;
/** A table; all columns but the first are figures, unless `words`. */
export const table = (
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  how: { readonly words?: readonly number[]; readonly plain?: boolean } = {},
): Html => {
  const kind = (i: number) => (i > 0 && !how.words?.includes(i) ? trusted(' class="n"') : null);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table${how.plain ? trusted(' class="plain"') : null}><caption>${caption}</caption><thead><tr>${head.map(
    (h, i) => html`<th scope="col" ${kind(i)}>${h}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>
        ${row.map((c, i) => (i === 0 ? html`<th scope="row">${c}</th>` : html`<td${kind(i)}>${c}</td>`))}
      </tr>`,
  )}</tbody></table></div>`;
};

/** A chart's figures, folded away. */
export const folded = (content: Html, summary = "These figures as a table"): Html =>
  html`<details class="figures">
    <summary>${summary}</summary>
    ${content}
  </details>`;

export const pairs = (rows: readonly (readonly [string, Html | string])[], style = ""): Html =>
  html`<dl class="pairs ${style}">
    ${rows.map(
      ([term, words]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${words}</dd>
        </div>`,
    )}
  </dl>`;

/** Only pictures that are in the page itself: anything else would be a way out to the network. */
const DATA_ADDRESS = /^data:image\/(png|jpeg);base64,[A-Za-z0-9+/]+=*$/;
export const isPicture = (address: string | null | undefined): address is string =>
  typeof address === "string" && DATA_ADDRESS.test(address);

/** Pictures in rows with their words; null where the picture is none. `says`: what is on it, for who cannot see it. */
export function sheetOf(sheet: Sheet, says: string): Html | null {
  if (!isPicture(sheet.image)) return null;
  const words = sheet.columns.some((c) => c !== "");
  return html`<div class="sheet" style="--columns:${sheet.columns.length}">
    ${words ? html`<p class="columns" aria-hidden="true">${sheet.columns.map((c) => html`<span>${c}</span>`)}</p>` : null}
    <ul class="rows">
      ${sheet.rows.map((r) => html`<li><span>${r}</span></li>`)}
    </ul>
    <img alt="${says}" src="${sheet.image}" />
  </div>`;
}
