import type { Report } from "@regimen/core";
import { termsOf } from "../facts.ts";
import { html, trusted, type Html } from "../html.ts";
import { count, list, many, percent } from "../words.ts";
import { figure, folded, isPicture, table, type Section } from "./section.ts";

type Worst = NonNullable<Report["worst"]>[number];
const COLOUR = /^#[0-9a-f]{6}$/;

/** Where answers are graded: the images with the largest errors, with both models' answers where somebody drew them. */
export function worst(report: Report, all: readonly Worst[]): Section {
  const [first] = all;
  const of = `${report.error.split} image`;
  const place = { id: "mistakes", name: "Worst images" };
  if (!first)
    return { ...place, title: "No image has an error of its own", body: html`<p class="words">Nothing to show.</p>` };
  if (first.error === 0)
    return {
      ...place,
      title: `Every ${of} is answered without an error`,
      body: html`<p class="words">Nothing to show.</p>`,
    };
  const drawn = all.filter(({ image }) => isPicture(image));
  const both = all.some(({ baseline }) => baseline !== null);
  const rose = all.filter(({ error, baseline }) => baseline !== null && error > baseline).length;
  return {
    ...place,
    title: `The worst image has an error of ${percent(first.error, 0)}${first.baseline === null ? "" : `; the baseline had ${percent(first.baseline, 0)} there`}`,
    body: html`${figure(
      caption(report, drawn.length),
      drawn.length
        ? html`${legend(report)}
            <div class="strips">${drawn.map((one) => card(one, report))}</div>`
        : null,
    )}${folded(
      table(
        `The ${many(all.length, of)} with the largest errors`,
        ["image", ...(both ? ["error, baseline"] : []), "error, Regimen"],
        all.map(({ id, error, baseline }) => [
          id,
          ...(both ? [baseline === null ? "–" : percent(baseline)] : []),
          percent(error),
        ]),
      ),
    )}`,
    note: html`<p>
        An image's own error is not the error above, ${termsOf(report).error}, which is of all images together; but it
        tells which to look at.
      </p>
      ${rose ? html`<p>Of these ${many(all.length, "image")}, ${count(rose)} came out worse than with the baseline.</p>` : null}
      <p>An image that looks well answered and stands here often has a wrong truth.</p>`,
  };
}

function caption({ overlays }: Report, shown: number): Html {
  if (!shown) return html`The images with the largest errors, worst first; nobody drew them.`;
  const columns = overlays ? html` From left to right: ${list(overlays.columns)}.` : null;
  return html`The ${many(shown, "image")} with the largest errors, worst first.${columns}`;
}

/** Which class has which colour. */
function legend({ overlays }: Report): Html | null {
  const marked = overlays?.colours.filter(({ colour }) => colour !== null && COLOUR.test(colour)) ?? [];
  if (!marked.length) return null;
  return html`<ul class="keys" aria-label="Colours of the classes">
    ${marked.map(({ name, colour }) => html`<li><i style="background:${trusted(colour!)}"></i>${name}</li>`)}
  </ul>`;
}

function card({ id, error, baseline, image, several }: Worst, report: Report): Html {
  const columns = report.overlays?.columns ?? ["image"];
  const names = (chosen: readonly number[]): string =>
    list(
      chosen.map((k) => report.dataset.classes[k]?.name ?? `class ${k}`),
      8,
    ) || "none";
  const tone = baseline === null ? "" : error > baseline ? "r" : error < baseline ? "g" : "s";
  return html`<div class="strip${columns.length > 1 ? "" : " single"}">
    <div>
      ${columns.length > 1 ? html`<p class="columns" aria-hidden="true" style="--columns:${columns.length}">${columns.map((c) => html`<span>${c}</span>`)}</p>` : null}
      <p class="pictures" style="--columns:${columns.length}"><img alt="${list(columns)} of ${id}" src="${image}" /></p>
    </div>
    <div>
      <p>
        error
        <b class="${tone}">${percent(error, 0)}</b
        >${baseline === null ? null : html` <span class="s">· baseline ${percent(baseline, 0)}</span>`}
      </p>
      ${
        several
          ? html`<p>has: <b>${names(several.labels)}</b></p>
              ${several.baseline ? html`<p class="s">baseline: ${names(several.baseline)}</p>` : null}
              <p>Regimen: <b>${names(several.regimen)}</b></p>`
          : null
      }
      <p class="file">${id}</p>
    </div>
  </div>`;
}
