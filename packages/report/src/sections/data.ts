import type { Report } from "@regimen/core";
import { balanceChart, splitsChart } from "../charts/data.ts";
import { isGraded } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { capital, count, list, many } from "../words.ts";
import { figure, folded, picture, sheetOf, table, type MakeSection } from "./section.ts";

const MOST_FILES = 20;

export const data: MakeSection = (report) => {
  const { dataset } = report;
  const { splits } = dataset;
  const none = (n: number | null) => (n === null ? "–" : count(n));
  const nothing =
    splits.test === null
      ? html`There is no test split: the errors below are of the validation images, which also steered the search.`
      : html`Nothing looked at the ${many(splits.test, "test image")} before this report.`;
  return {
    id: "data",
    name: "Data set",
    title: title(report),
    body: html`${figure(
        html`How the images were shared out. The model learns from the training images, the search looks at the
        validation images. ${nothing}`,
        picture(splitsChart(report)),
        html`<p class="sub">
          Labelled images per class${isGraded(report) ? ", which an image may have several of" : ""}
          <span class="s">(dark: training, pale: validation${splits.test === null ? "" : ", hollow: test"})</span>
        </p>`,
        picture(balanceChart(report)),
        folded(
          table(
            "Images per class and split",
            ["class", "train", "validation", "test", "all"],
            dataset.classes.map((c) => [c.name, count(c.train), count(c.validation), none(c.test), count(c.count)]),
          ),
        ),
      )}
      ${samples(report)}
      <h3>What was found wrong with the files, and what was done</h3>
      ${wrong(report)}`,
    note: html`<p>
        <b>${dataset.name}</b><br />${dataset.task.replaceAll("_", " ")},
        ${many(dataset.classes.length, "class", "classes")}<br />images of ${dataset.imageShape.join(" × ")} numbers
      </p>
      <p>The split is written in <code>splits.csv</code>.</p>`,
  };
};

/** A row of images for each class. */
function samples(report: Report): Html | null {
  const { samples: sheet, classes } = report.dataset;
  // All images in one row: a class that every image has, such as the background of masks.
  if (sheet && isGraded(report) && sheet.rows.length === 1 && classes.length > 1) return null;
  const drawn = sheet && sheetOf(sheet, `training images of ${list(sheet.rows, sheet.rows.length)}`);
  if (!sheet || !drawn) return null;
  const fewer = sheet.rows.length < classes.length;
  return html`<h3>What the classes look like</h3>
    ${figure(
      html`Training images, a row for each
      class${isGraded(report) ? " (an image of several stands in one)" : ""}${fewer ? ` (the ${count(sheet.rows.length)} rarest of ${count(classes.length)} that have images)` : ""}.
      An image that stands in the wrong row is a wrong label.`,
      drawn,
    )}`;
}

function title(report: Report): string {
  const { classes, acrossSplits, splits } = report.dataset;
  if (acrossSplits)
    return `${capital(many(acrossSplits, "test image"))} also ${acrossSplits === 1 ? "stands" : "stand"} in training or validation: the error is flattered`;
  const sorted = [...classes].sort((a, b) => a.count - b.count);
  const [rare, common] = [sorted[0], sorted.at(-1)];
  if (!rare || !common) return "No class has an image";
  const labelled = splits.train + splits.validation + (splits.test ?? 0);
  const all = count(isGraded(report) ? labelled : classes.reduce((sum, c) => sum + c.count, 0));
  if (rare.count === 0) return `${capital(rare.name)} has no image at all, among ${all}`;
  const times = common.count / rare.count;
  if (times < 1.5)
    return rare.count === common.count
      ? `The classes are even: ${many(rare.count, "labelled image")} each`
      : `The classes are about even: ${count(rare.count)} to ${many(common.count, "labelled image")} each`;
  return `${capital(rare.name)} is the rarest class: ${count(rare.count)} of ${all} labelled images, ${times < 10 ? times.toFixed(1) : count(times)} times fewer than ${common.name}`;
}

function wrong({ dataset }: Report): Html {
  const { duplicates, acrossSplits, unreadable, unreadableFiles } = dataset;
  const files = unreadableFiles.slice(0, MOST_FILES).map((u) => html`<li><code>${u.file}</code> (${u.why})</li>`);
  const more = unreadable - files.length;
  return table(
    "What was found wrong with the files",
    ["Found", "Images", "Done"],
    [
      [
        "Exact duplicates in training",
        count(duplicates),
        duplicates ? "Left in: the model sees these more often than others." : "Nothing to do.",
      ],
      [
        "Test images that also stand in training or validation",
        acrossSplits === null ? "–" : count(acrossSplits),
        acrossSplits === null
          ? "No test split."
          : acrossSplits
            ? "Left in, since the splits were given: take them out of one side, and run again."
            : "None: what was learnt is not what was tested.",
      ],
      [
        "Unreadable files",
        count(unreadable),
        unreadable === 0
          ? "Nothing to do."
          : html`Left
            out.${
              files.length
                ? html`<ul class="files">
                    ${files}${more > 0 ? html`<li>and ${list([many(more, "more", "more")])}</li>` : null}
                  </ul>`
                : null
            }`,
      ],
    ],
    { words: [2], plain: true },
  );
}
