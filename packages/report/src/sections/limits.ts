import type { Report } from "@regimen/core";
import { elsewhereCommand, longerCommands, seedCommand, tryCommand, withoutUnlabeledCommands } from "../commands.ts";
import { isKnown } from "../charts/techniques.ts";
import { inOrder, isGraded, techniqueName } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { bare, list, many, points } from "../words.ts";
import { longerWords } from "./errors.ts";
import { pairs, type MakeSection } from "./section.ts";

/** What nobody should read into this page. */
export const limits: MakeSection = (report) => {
  const { error, run } = report;
  const n = report.limits.length;
  const width = error.interval === null ? null : (error.interval[1] - error.interval[0]) / 2;
  const longer = longerWords(report);
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
      }
      ${longer === null ? null : html`<p class="words"><b>Known by now:</b> ${longer}</p>`}
      <h3>What would tell</h3>
      ${pairs(asks(report), "asks")}`,
    note: html`<p>
      <b>Chance</b>, on this page, is the luck of which images happened to be in the ${error.split} split. Images from
      elsewhere, taken otherwise, may differ more than any interval says.
    </p>`,
  };
};

/** So many techniques are asked about, first those that come first. */
const TRIED = 3;

/** Questions, and the commands that would answer them. */
function asks(report: Report): [string, Html][] {
  const { error, unlabeled, unlabeledUse } = report;
  const unknown = inOrder(report)
    .filter((technique) => technique.kept && !isKnown(technique))
    .slice(0, TRIED);
  const commands = (...all: readonly string[]) => html`${all.map((line) => html`<code class="line">${line}</code>`)}`;
  return [
    ...(error.longer === null && error.baseline !== null
      ? [
          [
            "Would plain training, as long as search and final training together, do as well?",
            // Graded answers are not compared by `report --against`: the training's own test error tells.
            commands(...longerCommands(report).slice(0, isGraded(report) ? 1 : 2)),
          ] as [string, Html],
        ]
      : []),
    ...(unlabeled === null && !isGraded(report) && unlabeledUse.length > 0
      ? [
          [
            "What did the unlabelled images bring?",
            html`Copy policy.json to labelled.json, take out
            ${list(
              unlabeledUse.map((use) => techniqueName(report, use)),
              8,
            )},
            then${commands(...withoutUnlabeledCommands(report))}`,
          ] as [string, Html],
        ]
      : []),
    ...unknown.map((technique): [string, Html] => [
      `What is ${bare(technique.label)} worth?`,
      commands(tryCommand(report, technique.use)),
    ]),
    ["Would another seed say the same?", commands(seedCommand(report))],
    ["How does it do on images from elsewhere?", commands(elsewhereCommand(report))],
  ];
}
