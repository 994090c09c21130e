import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import {
  IGNORED,
  type Change,
  type Extra,
  type Run,
  type Source,
  type Technique,
  type Train,
  type Trained,
} from "@regimen/core";
import { remasked } from "@regimen/sources";
import manifest from "../package.json" with { type: "json" };
import { applyPseudoLabels, unlabelledOf } from "./on-the-fly.ts";
import { balanceClasses, filterConfident, harden } from "./pseudo-labels.ts";
import { applyPseudoMasks, pseudoMasks } from "./pseudo-masks.ts";

type NoisyStudent = {
  ratio: number;
  iterations: number;
  recipe: string;
  start: string;
  threshold: number;
  hard: boolean;
  width: number;
};

/** A student learns, under noise, what a teacher without noise answers for images that nobody labelled; then it teaches. */
export const noisyStudent: Technique<NoisyStudent> = {
  name: manifest.name,
  version: manifest.version,
  group: "ssl",
  prior: 0.4,
  paper: "Xie et al. 2020, Self-training with Noisy Student improves ImageNet classification, arXiv:1911.04252",
  space: {
    ratio: { kind: "r", range: [0, 7], default: 2, off: 0 },
    iterations: { kind: "value", range: [1, 3], scale: "integer", default: 1 },
    recipe: { kind: "choice", of: ["offline", "on-the-fly", "one-shot"], default: "offline" },
    start: { kind: "choice", of: ["teacher", "fresh"], default: "teacher" },
    threshold: { kind: "value", range: [0, 0.99], default: 0.3 },
    hard: { kind: "choice", of: [false, true], default: false },
    width: { kind: "value", range: [1, 2], default: 1 },
  },
  tasks: ["classification", "binary_classification", "multilabel_classification", "semantic_segmentation"],
  order: { slot: "pseudo", needs: ["unlabeled"], conflicts: ["@regimen/technique-fixmatch"] },
  validates: true,
  create: (params) => ({ train: (run, next) => generations(params, run, next) }),
};

/** Teacher and students in turn; the best of them on the validation split is handed on. */
async function generations(params: NoisyStudent, run: Run, next: Train): Promise<Trained> {
  const { ratio, iterations, recipe, start, threshold, hard } = params;
  const [live, once] = [recipe === "on-the-fly", recipe === "one-shot"];
  const trainings = iterations + 1;
  const share = ratio / (1 + ratio);
  const pool = live ? run.data.unlabeled! : poolOf(run, (run.plan.images / trainings) * share);
  // Forward passes for labels are paid from the same budget.
  const images = (run.plan.images - (live ? 0 : (iterations * pool.length) / 3)) / trainings;
  const part = (at: number): Partial<Change> =>
    once
      ? { plan: { images: images * trainings }, span: [at / trainings, (at + 1) / trainings] }
      : { plan: { images } };
  const grown =
    params.width > 1 && !once && run.blueprint.grows ? run.blueprint.grow({ width: params.width }) : undefined;
  const size = grown ? params.width ** 2 : 1;

  const all = [await next({ name: "teacher", ...part(0) })];
  let best = all[0]!;
  try {
    for (let at = 1; at <= iterations; at++) {
      const teacher = all.at(-1)!;
      const { model, snapshot } = teacher;
      // A grown student cannot take over weights of another size.
      const goesOn = once || (start === "teacher" && (!grown || at > 1));
      const labelled: Partial<Change> = live
        ? {
            extra: [{ source: pool, ratio, of: "batch" }],
            // Before all noise: the policy then moves, mixes and smooths these examples like any others.
            slot: "sample",
            hooks: {
              batch: (batch) => {
                const among = unlabelledOf(batch.shape.n, ratio);
                return run.task === "semantic_segmentation"
                  ? applyPseudoMasks(batch, model, among, threshold)
                  : applyPseudoLabels(batch, model, among, hard, severalOf(run));
              },
            },
            cost: size + (share * (at > 1 ? size : 1)) / 3,
          }
        : {
            extra:
              run.task === "semantic_segmentation"
                ? await maskedExtra(params, run, teacher, pool, at)
                : await labelledExtra(params, run, teacher, pool, at),
            cost: size,
          };
      const student = await next({
        name: `student-${at}`,
        ...part(at),
        ...labelled,
        ...(grown && { model: grown }),
        ...(goesOn && snapshot && { from: snapshot }),
      });
      all.push(student);
      if (student.score.error <= best.score.error) best = student;
    }
    return best;
  } catch (error) {
    best.model.dispose();
    throw error;
  } finally {
    for (const other of all) if (other !== best) other.model.dispose();
  }
}

const severalOf = ({ task }: Run): boolean => task === "multilabel_classification";

/** No more of the unlabelled images than a student will see; all where it sees more. */
function poolOf(run: Run, seen: number): Source {
  const all = run.data.unlabeled!;
  const rows = Math.max(1, Math.ceil(seen));
  return rows < all.length ? all.subset(run.rng.fork("pool").permutation(all.length).subarray(0, rows)) : all;
}

/**
 * The offline recipe: the teacher's answers, those that are not confident left out, the classes balanced. Where none is
 * confident, there is nothing more to learn from.
 */
async function labelledExtra(
  { ratio, threshold, hard }: NoisyStudent,
  run: Run,
  teacher: Trained,
  pool: Source,
  at: number,
): Promise<readonly Extra[]> {
  const independent = severalOf(run);
  const table = await run.table(`pseudo-${at}`, teacher.model, pool, ({ outputs }) => ({
    p: independent ? tf.sigmoid(outputs) : tf.softmax(outputs as Tensor2D),
  }));
  const answers = { values: table.columns["p"]!.values, classes: pool.classes.length, independent };
  const kept = filterConfident(answers, threshold);
  if (!kept.length) return [];
  // An image that has several labels cannot be counted to one of them.
  const rows = independent ? kept : balanceClasses(answers, kept, run.rng.fork("balance").fork(at));
  return [{ source: pool.relabel(hard ? harden(answers) : answers.values).subset(rows), ratio, of: "batch" }];
}

/** The same pixel by pixel: those of which the teacher is not sure are ignored, and images of nothing else left out. */
async function maskedExtra(
  { ratio, threshold }: NoisyStudent,
  run: Run,
  teacher: Trained,
  pool: Source,
  at: number,
): Promise<readonly Extra[]> {
  const { h, w } = pool.format;
  const table = await run.table(`pseudo-${at}`, teacher.model, pool, ({ outputs }) => ({
    mask: tf.reshape(pseudoMasks(outputs as Tensor4D, threshold), [-1, h * w]),
  }));
  const masks = Uint8Array.from(table.columns["mask"]!.values);
  const rows = Array.from({ length: pool.length }, (_, row) => row).filter((row) =>
    masks.subarray(row * h * w, (row + 1) * h * w).some((pixel) => pixel !== IGNORED),
  );
  return rows.length ? [{ source: remasked(pool, masks).subset(rows), ratio, of: "batch" }] : [];
}
