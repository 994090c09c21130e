import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { RegimenError, type Policy, type Report } from "@regimen/core";
import { UNTRIED, mcnemar, pairedCounts, pairedInterval, verdict } from "@regimen/stats";
import { isGraded } from "@regimen/report";
import { parse } from "csv-parse/sync";
import { readJson } from "./folder.ts";

/**
 * A run's report with what another training has shown on the same test images: a plain one, which tells what longer training
 * alone would have done, or one by the same policy without its techniques that learn from unlabelled images.
 * Errors: REG_RUN_MISSING, REG_RUN_MISMATCH, REG_TASK.
 */
export function reportAgainst(report: Report, folder: string, other: string): Report {
  if (isGraded(report))
    throw new RegimenError(
      "REG_TASK",
      `${folder} is of the task ${report.dataset.task}, whose answers are more than right or wrong; a report is held against another training image by image only where each image has one class: compare the two test errors instead`,
    );
  const policy = readJson(join(other, "policy.json"), () => missing(other, "policy.json")) as Policy;
  const [own, theirs] = [answersIn(folder), answersIn(other)];
  if (!isDeepStrictEqual([...own.keys()], [...theirs.keys()]))
    throw new RegimenError(
      "REG_RUN_MISMATCH",
      `${other} was tested on other images than ${folder}; give both the same data and seed`,
    );
  const wrong = (of: ReadonlyMap<string, boolean>): boolean[] => [...of.values()].map((right) => !right);
  const [before, after] = [wrong(theirs), wrong(own)];
  const { fixed, broken, images } = pairedCounts(before, after);
  const error = before.filter(Boolean).length / Math.max(1, images);
  const paired = { fixed, broken, interval: pairedInterval(before, after), p: mcnemar(fixed, broken) };
  const steps = stepsOf(policy);
  if (steps.length === 0) {
    const { cost } = report.search;
    const longer = {
      error,
      epochs: policy.train.epochs,
      equalEpochs:
        cost.totalOverBaseline === null
          ? null
          : (cost.totalOverBaseline * cost.plainRunImages) / report.dataset.splits.train,
      ...paired,
      verdict: verdict({ fixed, broken, images, baselineError: error }),
    };
    const limits = report.limits.filter((limit) => !limit.startsWith(UNTRIED));
    return { ...report, error: { ...report.error, longer }, limits };
  }
  const labelled = stepsOf(report.policy).filter(({ use }) => !report.unlabeledUse.includes(use));
  if (report.unlabeledUse.length === 0 || !isDeepStrictEqual(steps, labelled))
    throw new RegimenError(
      "REG_RUN_MISMATCH",
      `${other} was trained by another policy; expected a plain training (regimen fit --policy none)${report.unlabeledUse.length > 0 ? `, or this run's policy without ${report.unlabeledUse.join(", ")}` : ""}`,
    );
  const withError = after.filter(Boolean).length / Math.max(1, images);
  const reduction = error > 0 ? 1 - withError / error : 0;
  return { ...report, unlabeled: { withoutError: error, withError, reduction, ...paired } };
}

const stepsOf = ({ steps }: Pick<Policy, "steps"> | Report["policy"]) =>
  steps.flatMap(({ use, with: params, refused }) => (refused === undefined ? [{ use, with: params }] : []));

/** Right or wrong by image, in the order of their names. */
function answersIn(folder: string): ReadonlyMap<string, boolean> {
  const file = join(folder, "predictions.csv");
  if (!existsSync(file)) missing(folder, "predictions.csv");
  const rows: { id: string; label: string; predicted: string }[] = parse(readFileSync(file, "utf8"), { columns: true });
  const labelled = rows.filter(({ label }) => label !== "").sort((a, b) => (a.id < b.id ? -1 : 1));
  return new Map(labelled.map(({ id, label, predicted }) => [id, label === predicted]));
}

function missing(folder: string, file: string): never {
  throw new RegimenError(
    "REG_RUN_MISSING",
    `${folder} has no ${file}; name the folder of a finished regimen fit on data with test images`,
  );
}
