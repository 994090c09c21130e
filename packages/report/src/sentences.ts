// The sentences at the head of the report; the command line ends with the same ones.
import type { Report, Verdict } from "@regimen/core";
import { detectableChange, imagesNeeded } from "@regimen/stats";
import { isGraded, termsOf } from "./facts.ts";
import { capital, count, fewer, howOften, less, many, percentOf, points, pValue, signed, signless } from "./words.ts";

/** Whether there is a baseline to compare with. */
const isCompared = ({ error }: Report): boolean => error.baseline !== null;

type Compared = Report["error"] & {
  readonly baseline: number;
  readonly fixed: number;
  readonly broken: number;
};
/** A report's error where there is a baseline to compare with, mistake by mistake, else null. */
const compared = ({ error }: Report): Compared | null =>
  error.baseline === null || error.fixed === null || error.broken === null ? null : (error as Compared);

/** What to do with a result that is worse. */
const KEEP = "Keep the baseline: it lies in the run's folder, under baseline/.";

/** The answer in one sentence: better, worse, no difference, too few images; or the error alone, without a baseline. */
export function headline(report: Report): string {
  const { error } = report;
  const on = `${many(error.images, `${error.split} image`)}`;
  const show = (share: number) => percentOf(share, error.images);
  if (isGraded(report)) return gradedHeadline(report, on, show);
  const e = compared(report);
  if (!e) return `Error is ${show(error.regimen)} on ${on}; no baseline was trained to compare it with`;
  const [before, after] = [show(e.baseline), show(e.regimen)];
  switch (e.verdict) {
    case "better":
      return `${fewer(e.reduction ?? 1 - e.regimen / e.baseline)} mistakes: error fell from ${before} to ${after} on ${on}`;
    case "worse":
      return `More mistakes: error rose from ${before} to ${after} on ${on}`;
    case "no-difference":
      return `No difference that ${on} can show: error ${before} before, ${after} after`;
    case "too-few-images":
      return `Too few images to tell: error ${before} before, ${after} after, on only ${on}`;
  }
}

function gradedHeadline(report: Report, on: string, show: (share: number) => string): string {
  const { error } = report;
  const name = termsOf(report).error;
  if (error.baseline === null)
    return `${capital(name)} is ${show(error.regimen)} on ${on}; no baseline was trained to compare it with`;
  const [before, after] = [show(error.baseline), show(error.regimen)];
  switch (error.verdict) {
    case "better":
      return `${less(error.reduction ?? 1 - error.regimen / error.baseline)} error: ${name} fell from ${before} to ${after} on ${on}`;
    case "worse":
      return `More error: ${name} rose from ${before} to ${after} on ${on}`;
    case "no-difference":
      return `No difference that ${on} can show: ${name} ${before} before, ${after} after`;
    case "too-few-images":
      return `Too few images to tell: ${name} ${before} before, ${after} after, on only ${on}`;
  }
}

const changed = (e: Compared) => {
  if (e.fixed + e.broken === 0) return "Both models are wrong on the same images: none fixed, none newly broken.";
  return `${many(e.fixed, "image")} fixed, ${count(e.broken)} newly broken`;
};
const range = (lo: number, hi: number) => `95\u202f% interval ${points(lo)} to ${points(hi)}`;

/** Why the headline may be believed, or may not: images fixed and broken, interval, chance in words. */
export function proof(report: Report): string {
  const e = compared(report);
  if (!isCompared(report)) {
    return "Without the baseline, nothing here says whether the search was worth it. Run again without --no-baseline to know.";
  }
  const told = e && !isGraded(report) ? sentences(e) : gradedSentences(report);
  // Validation images chose the policy, so they flatter it.
  return report.error.split === "test"
    ? told
    : `${told} There was no test split: the validation images also steered the search, so expect a little less on new images.`;
}

/** Images better and worse, and the interval of the error itself. */
function gradedSentences({ error }: Report): string {
  const { improved, worsened, interval, baseline, regimen } = error;
  const gain = (baseline ?? 0) - regimen;
  const images =
    improved === null || worsened === null
      ? ""
      : `${capital(many(improved, "image"))} came out better, ${count(worsened)} worse. `;
  if (!interval) return `${images}An interval from so few images would say little.`;
  const [lo, hi] = interval;
  const drawn = "; it comes from resampling these images";
  switch (error.verdict) {
    case "better":
      return `${images}The gain is ${points(gain)} percentage points (${range(lo, hi)}${drawn}).`;
    case "worse":
      return `${images}The loss is ${points(-gain)} percentage points (${range(-hi, -lo)}${drawn}). ${KEEP}`;
    default:
      return `${images}The true change of the error is likely between ${signed(-100 * hi, 1)} and ${signed(-100 * lo, 1)} percentage points, by resampling these images.`;
  }
}

function sentences(e: Compared): string {
  const gain = e.baseline - e.regimen;
  const p = e.p === null ? "" : ` (${pValue(e.p)})`;
  const [lo, hi] = e.interval ?? [null, null];
  switch (e.verdict) {
    case "better":
      return `${changed(e)}. The gain is ${points(gain)} percentage points${lo === null ? "" : ` (${range(lo, hi)})`}; if the two models were equally good, a gap this large would turn up ${howOften(e.p ?? 0)}${p}.`;
    case "worse":
      return `${changed(e)}. The loss is ${points(-gain)} percentage points${lo === null ? "" : ` (${range(-hi, -lo)})`}; if the two models were equally good, a gap this large would turn up ${howOften(e.p ?? 0)}${p}. ${KEEP}`;
    case "no-difference": {
      const chance =
        e.fixed + e.broken === 0
          ? changed(e)
          : `${changed(e)}: models that are equally good differ this much ${howOften(e.p ?? 1)}${p}.`;
      return lo === null
        ? chance
        : `${chance} The true change of the error is likely between ${signed(-100 * hi, 1)} and ${signed(-100 * lo, 1)} percentage points.`;
    }
    case "too-few-images": {
      const least = detectableChange(e.fixed, e.broken, e.images);
      const needed = imagesNeeded(e.fixed, e.broken, e.images);
      const could =
        least >= 1
          ? `With ${many(e.images, "image")}, no change at all could be told from chance`
          : `With ${many(e.images, "image")}, only a change of more than about ${signless(100 * least, 0)} percentage points could be told from chance`;
      const enough = Number.isFinite(needed)
        ? `; about ${count(Number(needed.toPrecision(2)))} ${e.split} images would show a change of this size`
        : "";
      return `${changed(e)}${e.fixed + e.broken === 0 ? "" : "."} ${could}${enough}.`;
    }
  }
}

const WORDS: Readonly<Record<Verdict, { readonly sign: string; readonly words: string }>> = {
  better: { sign: "▲", words: "Better, by more than chance" },
  worse: { sign: "▼", words: "Worse, by more than chance" },
  "no-difference": { sign: "=", words: "Could be chance" },
  "too-few-images": { sign: "?", words: "Too few images to say" },
};

/** The verdict in a few words, with its sign. */
export function verdictWords(report: Report): { readonly sign: string; readonly words: string } {
  return isCompared(report) ? WORDS[report.error.verdict] : { sign: "–", words: "Not compared: no baseline" };
}
