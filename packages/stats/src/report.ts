import {
  addCost,
  imagesSeen,
  shortName,
  zeroCost,
  type Attribution,
  type Calibration,
  type ClassEvaluation,
  type Cost,
  type Evaluation,
  type FitResult,
  type Fragment,
  type Point,
  type Problem,
  type Report,
  type RunRecord,
  type Source,
  type Splits,
  type Task,
  type TrainOptions,
  type Trial,
} from "@regimen/contracts";
import { calibrationBins, eceOf } from "./calibration.ts";
import { confusion } from "./confusion.ts";
import { exhibitsOf, measuresOf } from "./exhibits.ts";
import { gradedDifference, isGraded, worstImages } from "./graded.ts";
import { curvesOf, trialsOf } from "./searched.ts";
import { mcnemar, pairedCounts, pairedInterval, verdict } from "./paired.ts";

/** What a run has shown. `regimen` and `baseline` are evaluations on the test split, or on validation where there is none. */
export interface Measured {
  readonly record: RunRecord;
  readonly options: TrainOptions;
  readonly splits: Splits;
  readonly duplicates: { readonly within: number; readonly across: number | null };
  readonly result: FitResult;
  readonly regimen: Evaluation;
  readonly baseline:
    { readonly evaluation: Evaluation; readonly cost: Cost; readonly points: readonly Point[] } | undefined;
  /**
   * The plain training that was forked. The search pays for it where no baseline was trained; else it is the baseline's, and is
   * counted with the final training too where that goes on from it.
   */
  readonly trunk: Cost;
  readonly final: { readonly cost: Cost; readonly points: readonly Point[] };
  readonly search: {
    readonly metalearner: string;
    readonly problem: Problem;
    readonly trials: readonly Trial[];
    readonly best: Fragment;
    readonly spent: Cost;
    /** What the metalearner says it left undone. */ readonly why?: string;
    /** What was trained in the end: the best without what was refused. */ readonly policy: Fragment;
  };
  readonly attribution: Attribution;
  /** Images of a plain run. */ readonly plain: number;
  readonly model: string;
  readonly task: Task;
}

/** Everything that a run has shown, as `report.json` has it. */
export function buildReport(measured: Measured): Report {
  const { record, splits, result, regimen, baseline, search, attribution, plain, final, duplicates } = measured;
  const { test, train, validation, unlabeled } = splits;
  const before = baseline?.evaluation ?? null;
  const searchCost = addCost(addCost(search.spent, attribution.cost), baseline ? zeroCost : measured.trunk);
  const shared = baseline && result.policy.train.plainEpochs ? measured.trunk : zeroCost;
  const done = addCost(searchCost, final.cost);
  const total = addCost(done, shared);
  const all = addCost(done, baseline?.cost ?? zeroCost);
  // What the command line keeps there; other callers keep what they like.
  const config = record.config as { command?: string; auto?: Report["run"]["chosen"] } | null;
  const over = (cost: Cost): number | null => (baseline ? imagesSeen(cost) / imagesSeen(baseline.cost) : null);
  const counts = [train, validation, ...(test ? [test] : [])].map((part) => perClass(part, measured.task));
  const skipped = skippedOf(splits);
  return {
    format: 1,
    run: {
      folder: result.folder,
      name: result.policy.name,
      started: record.started,
      seed: result.seed,
      engine: record.engine,
      node: record.node,
      backend: `${record.backend.name} (${record.backend.version})`,
      captured: result.captured,
      machine: record.machine,
      imagesPerSecond: result.imagesPerSecond,
      command: config?.command ?? null,
      chosen: config?.auto ?? {},
    },
    dataset: {
      name: measured.options.data.name ?? train.name,
      task: measured.task,
      splits: {
        train: train.length,
        validation: validation.length,
        test: test?.length ?? null,
        unlabeled: unlabeled?.length ?? null,
      },
      classes: train.classes.map((name, at) => ({
        name,
        count: counts.reduce((sum, each) => sum + each[at]!, 0),
        train: counts[0]![at]!,
        validation: counts[1]![at]!,
        test: counts[2]?.[at] ?? null,
      })),
      imageShape: [train.format.h, train.format.w, train.format.c],
      duplicates: duplicates.within,
      acrossSplits: duplicates.across,
      unreadable: skipped.length,
      unreadableFiles: skipped,
      samples: null,
    },
    model: { name: measured.model, parameters: result.parameters },
    policy: {
      name: result.policy.name,
      engine: result.policy.engine,
      train: result.policy.train,
      steps: result.policy.steps,
    },
    search: {
      metalearner: search.metalearner,
      ...trialsOf(search),
      refused: search.policy.refused ?? [],
      cost: {
        baselineSeconds: baseline ? baseline.cost.seconds : null,
        searchSeconds: searchCost.seconds,
        finalSeconds: final.cost.seconds,
        searchOverBaseline: over(searchCost),
        totalOverBaseline: over(total),
        imagesSeen: imagesSeen(all),
        plainRunImages: plain,
        stages: [
          ...(baseline ? [stage("baseline", baseline.cost)] : []),
          ...(baseline && shared === zeroCost ? [] : [stage("plain trunk", baseline ? shared : measured.trunk)]),
          stage("search", search.spent),
          stage("worth of techniques", attribution.cost),
          stage("final training", final.cost),
        ],
      },
    },
    techniques: attribution.worth.map(({ use, loss, lossWithout, interval, verdict: told }, order) => ({
      use,
      label: shortName(use),
      order,
      kept: search.policy.steps.some((step) => step.use === use),
      validationLoss: loss,
      validationLossWithout: lossWithout,
      interval,
      verdict: told,
    })),
    classes: regimen.classes.map(({ name, support, ...now }, at) => ({
      name,
      support,
      baseline: before && ratesOf(before.classes[at]!),
      regimen: ratesOf(now),
    })),
    confusion: { baseline: before && confusionOf(before), regimen: confusionOf(regimen) },
    error: { split: test ? "test" : "validation", ...compared(before, regimen) },
    terms: regimen.terms ?? null,
    measures: measuresOf(before, regimen),
    exhibits: exhibitsOf(before, regimen),
    loss: { baseline: before?.loss ?? null, regimen: regimen.loss },
    calibration: { baseline: before && calibrationOf(before), regimen: calibrationOf(regimen) },
    unlabeled: null,
    ...unlabeledUse(search),
    curves: curvesOf(measured),
    misclassified: worstOf(before, regimen),
    worst: isGraded(regimen) ? worstImages(before, regimen) : null,
    overlays: null,
    augmented: null,
    synthetic: [],
    cost: all,
    limits: limitsOf(measured),
  };
}

/** Techniques that need unlabelled images, in the final policy and in the trials. */
function unlabeledUse({
  problem,
  policy,
  trials,
}: Measured["search"]): Pick<Report, "unlabeledUse" | "unlabeledTried"> {
  const need = problem.techniques.filter(({ order }) => order.needs?.includes("unlabeled")).map(({ name }) => name);
  const within = (steps: Fragment["steps"]): string[] => need.filter((name) => steps.some(({ use }) => use === name));
  return { unlabeledUse: within(policy.steps), unlabeledTried: within(trials.flatMap((trial) => trial.policy.steps)) };
}

const stage = (name: string, cost: Cost): { stage: string; imagesSeen: number; seconds: number } => ({
  stage: name,
  imagesSeen: imagesSeen(cost),
  seconds: cost.seconds,
});
const skippedOf = ({ train, validation, test, unlabeled }: Splits): { file: string; why: string }[] => [
  ...new Map(
    [train, validation, test, unlabeled].flatMap((part) => part?.skipped ?? []).map((skip) => [skip.file, skip]),
  ).values(),
];
/** Rows of each class: by the largest label where classes exclude each other, else all that have any of it. */
function perClass(of: Source, task: Task): number[] {
  const exclusive = task === "classification" || task === "binary_classification";
  const labels = of.labels();
  const k = of.classes.length;
  const counts = of.classes.map(() => 0);
  for (let row = 0; labels && row < of.length; row++) {
    const own = labels.subarray(row * k, (row + 1) * k);
    if (Number.isNaN(own[0])) continue;
    if (exclusive) counts[own.indexOf(Math.max(...own))]!++;
    else own.forEach((label, at) => label > 0 && counts[at]!++);
  }
  return counts;
}

const ratesOf = ({
  precision,
  recall,
  averagePrecision,
  rocAuc,
  f1,
  iou,
  dice,
  threshold,
}: Omit<ClassEvaluation, "name" | "support">) => ({
  precision,
  recall,
  ...(averagePrecision !== undefined && { averagePrecision }),
  ...(rocAuc !== undefined && { rocAuc }),
  ...(f1 !== undefined && { f1 }),
  ...(iou !== undefined && { iou }),
  ...(dice !== undefined && { dice }),
  ...(threshold !== undefined && { threshold }),
});
const labelled = ({ predictions }: Evaluation) => predictions.filter(({ label }) => label >= 0);
const confusionOf = (of: Evaluation): Report["confusion"]["regimen"] =>
  of.confusion ??
  confusion(
    labelled(of).map(({ label }) => label),
    labelled(of).map(({ predicted }) => predicted),
    of.classes.length,
  );
function calibrationOf(of: Evaluation): Calibration {
  if (of.calibration) return of.calibration;
  if (!labelled(of).length) return { ece: Number.NaN, bins: [] };
  const flat = Float32Array.from(labelled(of).flatMap(({ probabilities }) => probabilities));
  const bins = calibrationBins(
    flat,
    labelled(of).map(({ label }) => label),
    of.classes.length,
  );
  return { ece: eceOf(bins), bins };
}

function compared(before: Evaluation | null, regimen: Evaluation): Omit<Report["error"], "split"> {
  const now = { images: regimen.images, regimen: regimen.error, improved: null, worsened: null };
  if (!before)
    return {
      ...now,
      baseline: null,
      reduction: null,
      fixed: null,
      broken: null,
      interval: null,
      p: null,
      verdict: "no-difference",
      longer: null,
    };
  if (isGraded(regimen))
    return {
      ...now,
      baseline: before.error,
      reduction: before.error > 0 ? 1 - regimen.error / before.error : null,
      fixed: null,
      broken: null,
      p: null,
      ...gradedDifference(before, regimen),
      longer: null,
    };
  const wrong = (of: Evaluation): boolean[] => labelled(of).map(({ label, predicted }) => label !== predicted);
  const { fixed, broken, images } = pairedCounts(wrong(before), wrong(regimen));
  return {
    ...now,
    baseline: before.error,
    reduction: before.error > 0 ? 1 - regimen.error / before.error : null,
    fixed,
    broken,
    interval: pairedInterval(wrong(before), wrong(regimen)),
    p: mcnemar(fixed, broken),
    verdict: verdict({ fixed, broken, images, baselineError: before.error }),
    longer: null,
  };
}

/** How many wrong answers the report lists: the surest ones. */
const WORST = 60;
function worstOf(before: Evaluation | null, regimen: Evaluation): Report["misclassified"] {
  return labelled(regimen)
    .map((now, at) => ({ now, then: before && labelled(before)[at]! }))
    .filter(({ now }) => now.label !== now.predicted)
    .sort((a, b) => b.now.probabilities[b.now.predicted]! - a.now.probabilities[a.now.predicted]!)
    .slice(0, WORST)
    .map(({ now, then }) => ({
      id: now.id,
      label: now.label,
      regimen: { predicted: now.predicted, probability: now.probabilities[now.predicted]! },
      baseline: then && { predicted: then.predicted, probability: then.probabilities[then.predicted]! },
      image: null,
    }));
}

/** How the limit begins that a longer plain training takes away. */
export const UNTRIED = "Whether longer plain training would have done as well";
function limitsOf({ baseline, search, attribution, splits, plain, final, result }: Measured): string[] {
  const { plainEpochs = 0 } = result.policy.train;
  const times = (final.cost.trained + plainEpochs * splits.train.length) / plain;
  const longer = times > 1.05;
  return [
    "One seed: another seed would give somewhat other figures; how far they spread was not measured.",
    ...(!splits.test
      ? [
          "There was no test split: errors are measured on the validation images that chose the policy, and look better than they are. Set some images aside as a test split.",
        ]
      : []),
    ...(baseline ? [] : ["No baseline was trained: nothing is compared."]),
    ...(baseline && longer
      ? [
          `${UNTRIED}: the final training ran ${times.toFixed(1)} times as long as the baseline${plainEpochs ? `, the ${Number(plainEpochs.toFixed(2))} epochs included that it began with plainly` : ""}.`,
        ]
      : []),
    ...(result.policy.train.withValidation
      ? [
          `The final training also had the ${splits.validation.length} validation images, once they had chosen its policy${baseline ? "; the baseline had not" : ""}.`,
        ]
      : []),
    ...(search.why === undefined ? [] : [`Left undone by the search: ${search.why}.`]),
    ...(attribution.images
      ? [
          `What each technique is worth was measured on short trainings of ${attribution.images} images forked from the plain training, one seed; techniques that act early (dropout, weight decay) are judged badly that way.`,
        ]
      : search.best.steps.length
        ? ["What each technique is worth was not measured: the budget was too small."]
        : []),
    `Pictures unlike these ${splits.train.length} and classes other than these ${splits.train.classes.length} were not tried.`,
  ];
}
