import type { Report } from "@regimen/core";
import { becauseOf, className, fieldsOf, flipsOf, numberIn, refusedChart } from "../charts/refused.ts";
import { refusals, type Refusal } from "../facts.ts";
import { html, type Html } from "../html.ts";
import { bare, capital, count, inWords, list, loss, many, percent, pValue, shortUse, signed, value } from "../words.ts";
import { figure, pairs, picture, type MakeSection } from "./section.ts";

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
  const flips = all.flatMap((r) => flipsOf(report, r) ?? []);
  const shift = flips.some((f) => f.harmless !== null);
  const worst = Math.max(...flips.map((f) => f.p ?? 0));
  const tested = flips.some((f) => f.p !== null);
  const turning = flips.length === all.length;
  return {
    id: "refused",
    name: "Refused, and the evidence",
    title: turning
      ? `${capital(inWords(all.length))} ${all.length === 1 ? "change was refused: it turns" : "changes were refused: they turn"} one class into another`
      : `${capital(inWords(all.length))} ${all.length === 1 ? "technique was" : "techniques were"} refused: ${list(
          all.map((r) => shortUse(r.use)),
          4,
        )}`,
    body: html`${
      chart
        ? figure(
            html`Right answers that turned into one certain wrong class when the image was changed.
              ${shift ? html`<span class="s">Grey circle</span>: what is taken for that anyway, as it is or after a shift by a few pixels; ` : ""}<span
                class="r"
                >red diamond</span
              >: under the refused
              change.${tested ? ` Each is beyond chance (${worst < 0.0005 ? pValue(worst) : `${pValue(worst)} or less`}).` : ""}`,
            picture(chart),
          )
        : html`<p class="words">
            Refused means: it is off in the final policy, and the evidence stands in <code>policy.json</code>.
          </p>`
    }${pairs(
      all.map((r) => [
        shortUse(r.use),
        html`${capital(becauseOf(report, r))}. <span class="s">${evidence(report, r)}</span>`,
      ]),
      "refusals",
    )}`,
    note: html`${
        flips.length
          ? html`<p>
              A change that turns one class into another is never tried in training: a class that it destroys would be
              taught wrongly.
            </p>`
          : null
      }${
        all.some((r) => forks(r))
          ? html`<p>
              Some techniques are refused because the validation loss was higher with them than without, by more than
              chance.
            </p>`
          : null
      }
      <p>
        A refusal holds for these images only. To have a technique tried all the same, name it in the search space.
      </p>`,
  };
};

/** Short trainings with and without the technique: their losses and the interval of the difference. */
function forks(refusal: Refusal) {
  const e = fieldsOf(refusal);
  if (!e) return null;
  const [before, after] = [numberIn(e, "lossWithout"), numberIn(e, "lossWith")];
  const ends = e["interval"];
  if (before === null || after === null) return null;
  const [lo, hi] = Array.isArray(ends) ? (ends as unknown[]) : [];
  const interval = typeof lo === "number" && typeof hi === "number" ? ([lo, hi] as const) : null;
  return { before, after, interval, images: numberIn(e, "images"), each: numberIn(e, "forkImages") };
}

/** Evidence of the kinds that Regimen's own metalearners give, as sentences; any other JSON as a few words. */
function evidence(report: Report, refusal: Refusal): Html {
  const e = refusal.evidence;
  if (e === null) return html`No evidence: it was not measured.`;
  const fields = fieldsOf(refusal);
  if (!fields) return html`${Array.isArray(e) ? JSON.stringify(e) : value(e as string | number | boolean)}`;
  const sentences: string[] = [];
  const told = new Set<string>(["test"]);
  const know = (...keys: readonly string[]) => keys.forEach((key) => told.add(key));
  const f = flipsOf(report, refusal);
  if (f) {
    know("from", "to", "flips", "flipped", "of", "reference", "harmless", "p");
    sentences.push(
      `${count(f.flips)} of ${count(f.of)} right answers${f.from === null ? "" : ` “${f.from}”`} turned${f.to === null ? "" : ` into “${f.to}”`}${f.harmless === null ? "" : `; as they are, or after a small shift, ${percent(f.harmless, 0)} at most are taken for that`}${f.p === null ? "" : ` (${pValue(f.p)})`}.`,
    );
  }
  const fork = forks(refusal);
  if (fork) {
    know("lossWith", "lossWithout", "interval", "images", "forkImages");
    const { interval: i, images, each } = fork;
    sentences.push(
      `Validation loss ${loss(fork.after)} with it, ${loss(fork.before)} without${i ? ` (95\u202f% interval of the difference ${signed(i[0], 3)} to ${signed(i[1], 3)})` : ""}${images === null ? "" : `, on ${many(images, "validation image")}`}${each === null ? "" : `, in trainings of ${many(each, "image")}`}.`,
    );
  }
  const [images, kept, rise] = [numberIn(fields, "images"), numberIn(fields, "kept"), numberIn(fields, "rise")];
  const heldOut = numberIn(fields, "heldOut");
  const known = images !== null && heldOut !== null && heldOut < images;
  if (images !== null && !told.has("images")) {
    know("images", "heldOut");
    sentences.push(
      known
        ? `Seen on ${many(images, "image")}, of which ${count(heldOut)} were held out.`
        : `Seen on ${many(images, "held-out image")}.`,
    );
  }
  if (kept !== null) {
    know("kept");
    sentences.push(`${percent(kept, 0)} of all right answers${known ? " on those" : ""} stayed right.`);
  }
  if (rise !== null) {
    know("rise");
    sentences.push(`The loss rose by ${loss(rise)}.`);
  }
  const right = fields["right"];
  if (Array.isArray(right) && right.every((n) => typeof n === "number")) {
    know("right");
    const each = right.map((n, k) => `${className(report, k)!} ${count(n)}`);
    sentences.push(`Right answers to judge by: ${list(each, 12)}.`);
  }
  const alpha = numberIn(fields, "alpha");
  if (alpha !== null) {
    know("alpha");
    sentences.push(`Refused where p is below ${value(alpha)}, for many changes and pairs of classes were looked at.`);
  }
  const at = fields["with"];
  if (typeof at === "object" && at !== null && !Array.isArray(at)) {
    know("with");
    const set = Object.entries(at as { [key: string]: Refusal["evidence"] }).map(([key, v]) => `${key} = ${plain(v)}`);
    if (set.length) sentences.push(`Tried at ${list(set)}.`);
  }
  const rest = Object.entries(fields).filter(([key]) => !told.has(key));
  return html`${sentences.join(" ")}
  ${rest.map(([key, v]) => html`<span class="setting">${key}: ${plain((v ?? null) as Refusal["evidence"])}</span> `)}`;
}

const plain = (v: Refusal["evidence"]): string => (typeof v === "object" && v !== null ? JSON.stringify(v) : value(v));
