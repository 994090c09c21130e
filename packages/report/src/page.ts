import type { Report } from "@regimen/core";
import { completed } from "./completed.ts";
import { html, trusted, type Html } from "./html.ts";
import { answer } from "./sections/answer.ts";
import { calibration } from "./sections/calibration.ts";
import { classes, confusion } from "./sections/classes.ts";
import { cost } from "./sections/cost.ts";
import { curves } from "./sections/curves.ts";
import { data } from "./sections/data.ts";
import { errors, unlabeled } from "./sections/errors.ts";
import { exhibits } from "./sections/exhibits.ts";
import { limits } from "./sections/limits.ts";
import { mistakes } from "./sections/mistakes.ts";
import { model } from "./sections/model.ts";
import { augmented, synthetic } from "./sections/pictures.ts";
import { policy } from "./sections/policy.ts";
import { refused } from "./sections/refused.ts";
import { reproduce } from "./sections/reproduce.ts";
import type { Section } from "./sections/section.ts";
import { techniques } from "./sections/techniques.ts";
import { element, scriptHash } from "./script.ts";
import { headline } from "./sentences.ts";
import { style } from "./style.ts";
import { day, many } from "./words.ts";

/** After the answer, in the page's order. */
const SECTIONS: readonly ((report: Report) => Section | readonly Section[] | null)[] = [
  limits,
  data,
  model,
  policy,
  techniques,
  refused,
  exhibits,
  classes,
  confusion,
  errors,
  unlabeled,
  calibration,
  curves,
  cost,
  mistakes,
  augmented,
  synthetic,
  reproduce,
];

// Nothing may be fetched, and nothing may run but the page's own script: styles and pictures are in the file.
const SAFETY = `default-src 'none'; script-src '${scriptHash}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;

const section = (s: Section, number: number): Html =>
  html`<section id="${s.id}" ${s.wide ? trusted(' class="full"') : null} aria-labelledby="${s.id}-title">
    <header>
      <p class="kicker"><span>${number}</span> ${s.name}</p>
      <h2 id="${s.id}-title">${s.title}</h2>
    </header>
    ${s.body}${s.note ? html`<aside class="note" aria-label="On: ${s.name}">${s.note}</aside>` : null}
  </section> `;

/**
 * The report of a run as one HTML file that needs nothing else: no network, light and dark, for screens from 360 pixels and
 * for paper. Its one script follows the pointer over the policy chart; without it nothing is missing. Every text from the
 * report is escaped.
 *
 * @param given the content of `report.json`; fields that are null leave out, or say so.
 */
export function renderReport(given: Report): string {
  const report = completed(given);
  const sections = SECTIONS.flatMap((make) => make(report) ?? []);
  const { dataset } = report;
  const contents = [{ id: "answer", name: "The answer" }, ...sections];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(SAFETY)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${headline(report).split(":")[0]}: ${dataset.name}, Regimen report</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <a class="skip" href="#answer">To the answer</a>
        <header class="mast">
          <p class="brand">Regimen <span>report</span></p>
          <p class="what">
            ${dataset.name} · ${dataset.task.replaceAll("_", " ")}, ${many(dataset.classes.length, "class", "classes")}
            · ${day(report.run.started)}
          </p>
        </header>
        <main>
          ${answer(report)}
          <nav aria-label="Contents">
            <p>Contents</p>
            <ol>
              ${contents.map(
                (s, i) =>
                  html`<li>
                    <a href="#${s.id}"><span>${i + 1}</span>${s.name}</a>
                  </li>`,
              )}
            </ol>
          </nav>
          ${sections.map((s, i) => section(s, i + 2))}
        </main>
        <footer>
          <p>Made by Regimen ${report.run.engine} from <code>report.json</code>.</p>
        </footer>
        ${trusted(element)}
      </body>
    </html> `.text;
}
