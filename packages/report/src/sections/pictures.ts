import type { Report } from "@regimen/core";
import { stepsOn, techniqueName } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { capital, count, inWords, list, many, percent, signed, value } from "../words.ts";
import { figure, isPicture, pairs, sheetOf, type MakeSection } from "./section.ts";

/** How the final training saw its images. */
export const augmented: MakeSection = (report) => {
  const sheet = report.augmented;
  const drawn =
    sheet && sheetOf(sheet, `${inWords(sheet.rows.length)} training images and what the policy makes of them`);
  const on = stepsOn(report);
  const names = [...new Set(on.map((s) => techniqueName(report, s.use)))];
  if (!sheet || !drawn) {
    return {
      id: "augmented",
      name: "Augmented images",
      title: on.length === 0 ? "The policy changes no image: it is the plain one" : "No altered image to show",
      body: html`<p class="words">
        ${
          on.length === 0
            ? "The final training saw every image as it is."
            : html`Either none of ${list(names, 8)} changes what an image looks like, or the run was not started from
                the command line, which draws them. To draw them:
                <code>regimen augment --policy RUN --data DATA --out sheet.png</code>`
        }
      </p>`,
    };
  }
  const times = sheet.columns.length - 1;
  return {
    id: "augmented",
    name: "Augmented images",
    title: `What the final training saw: ${many(sheet.rows.length, "image")}, ${inWords(times)} times each`,
    body: figure(
      html`On the left the image as it is, beside it as the policy would give it to the model at ${inWords(times)} other
      times. A change that hides what the image shows would teach the model wrongly: look for such.`,
      drawn,
    ),
    note: html`<p>
      The policy's strengths and rates are at work here: at a low rate (rr) many draws stay as they are. On:
      ${list(names, 12)}.
    </p>`,
  };
};

/** null, and so absent, where the policy made no images. */
export const synthetic: MakeSection = (report) => {
  const { synthetic: all } = report;
  if (all.length === 0) return null;
  const facts = all.map(({ about }) => factsOf(about));
  const images = facts.reduce((sum, f) => sum + (typeof f["images"] === "number" ? f["images"] : 0), 0);
  const decided = facts.map((f) => f["kept"]).filter((kept) => typeof kept === "boolean");
  const kept = decided.filter(Boolean).length;
  const none = facts.every((f) => f["images"] === 0);
  const made = none
    ? "No images were made: the training is too short for a generator"
    : images > 0
      ? `${capital(many(images, "image"))} ${images === 1 ? "was" : "were"} made`
      : "Images were made";
  const rest =
    decided.length === 0 || none
      ? ""
      : kept === decided.length
        ? ", and learnt from: they helped"
        : kept === 0
          ? ", tried, and not used: they did not help"
          : `; ${inWords(kept)} of ${inWords(decided.length)} sets helped and were learnt from`;
  return {
    id: "synthetic",
    name: "Synthetic images",
    title: `${made}${rest}`,
    body: html`${all.map((shown, i) =>
      figure(
        html`${none ? "These are real images of its classes." : kept === 0 && decided.length ? "Nothing of this went into the final model." : "A technique of the policy made these; they do not show anything that exists."}`,
        isPicture(shown.image)
          ? html`<img
              class="shown"
              alt="${none ? "real images of the classes that a generator was asked for" : "synthetic images that the final training was offered"}"
              src="${shown.image}"
            />`
          : html`<p class="words">The picture is too large for this page: <code>${shown.file}</code></p>`,
        pairs(Object.entries(facts[i]!).map(([key, v]) => [NAMES[key] ?? key, words(key, v)])),
      ),
    )}`,
    note: html`<p>Each picture lies in the run's folder too: <code>${all[0]!.file}</code></p>`,
  };
};

type About = Report["synthetic"][number]["about"];
const factsOf = (about: About): { readonly [key: string]: About | undefined } =>
  about !== null && typeof about === "object" && !Array.isArray(about)
    ? (about as { readonly [key: string]: About | undefined })
    : {};

const NAMES: Readonly<Record<string, string>> = {
  images: "Images made",
  classes: "Of the classes",
  recognised: "Recognised by the model as their class",
  featureDistance: "Distance from real images, in the model's features",
  trial: "Short training with them, against one with real images again",
  kept: "Learnt from",
  steps: "Steps that the generator would have had",
  fewest: "Steps below which it makes noise, and none is trained",
};
function words(key: string, v: About | undefined): Html | string {
  if (v === null || v === undefined) return "not measured";
  if (Array.isArray(v))
    return list(
      v.map((each) => words("", each) as string),
      12,
    );
  if (typeof v === "object") {
    const parts = Object.entries(v).map(([name, each]) => {
      const share = key === "recognised" && typeof each === "number";
      const gain = name === "gain" && typeof each === "number";
      return `${name}: ${share ? percent(each) : gain ? signed(each, 3) : Array.isArray(each) ? each.join(" to ") : words("", each)}`;
    });
    return parts.join(", ");
  }
  return typeof v === "number" && Number.isInteger(v) ? count(v) : value(v);
}
