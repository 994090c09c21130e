import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  RegimenError,
  addCost,
  loadModel,
  shareImages,
  zeroCost,
  type Cost,
  type Hooks,
  type Predictor,
  type Run,
  type Technique,
  type Train,
} from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };
import { distillationLoss, softTargets } from "./loss.ts";

/** How much wider a larger teacher is. */
const WIDER = 2;
/** A teacher whose labels were smoothed tells less of how classes are alike (Müller 2019), so none trains with it. */
const WITHOUT = ["@regimen/technique-label-smoothing"];
/** The batch's column of what the teachers say. */
const TARGETS = `${manifest.name}/targets`;

/**
 * The student's hooks. Teachers see the images that the student sees, augmented and mixed (Beyer 2022), and infer. They are
 * asked in a `batch` hook: once a step however often the loss is evaluated, and outside of the gradient.
 */
function taughtBy(teachers: readonly Predictor[], alpha: number, temperature: number, independent: boolean): Hooks {
  return {
    batch: (batch) => {
      const said = teachers.map((teacher) => teacher.forward(batch.images).outputs as Tensor2D);
      return { ...batch, also: { ...batch.also, [TARGETS]: softTargets(said, temperature, independent) } };
    },
    loss: (inner) => (seen, batch, step) => {
      const targets = batch.also[TARGETS] as Tensor2D;
      const soft = distillationLoss(targets, seen.outputs as Tensor2D, temperature, independent);
      return tf.add(tf.mul(inner(seen, batch, step), 1 - alpha), tf.mul(soft, alpha)) as Tensor1D;
    },
  };
}

type Teachers = { readonly models: Predictor[]; cost: Cost };

/** Teachers that are trained here, each with its share of the plan. */
async function trainTeachers(
  run: Run,
  next: Train,
  shares: readonly number[],
  larger: boolean,
  into: Teachers,
): Promise<void> {
  for (const [at, images] of shares.entries()) {
    const { model, cost } = await next({
      name: `teacher-${at + 1}`,
      plan: { images },
      stream: `teacher-${at + 1}`,
      without: WITHOUT,
      ...(larger && run.blueprint.grows && { model: run.blueprint.grow({ width: WIDER }) }),
    });
    into.models.push(model);
    into.cost = addCost(into.cost, cost);
  }
}

/** A teacher that there is already. It takes raw pixels as they are. Errors: REG_MODEL_*. */
async function openTeacher(run: Run, teacher: string, given: LayersModel | undefined): Promise<Predictor> {
  if (teacher === "given") {
    if (given) return run.scaffold(given, { normalize: false });
    throw new RegimenError(
      "REG_PARAM",
      `${manifest.name}: teacher is "given", and no model was; pass distillFrom(model) of ${manifest.name} to createRegimen's plugins`,
    );
  }
  const known = classesBeside(teacher);
  const { classes } = run.data.train;
  if (known && String(known) !== String(classes))
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the teacher in ${teacher} tells ${known.join(", ")} apart, and the data has ${classes.join(", ")}; expected the same classes in the same order`,
    );
  const saved = await loadModel(teacher);
  try {
    return await run.scaffold(saved, { normalize: false });
  } finally {
    saved.dispose();
  }
}

/** The classes of a model that Regimen saved; undefined where nothing says them. */
function classesBeside(model: string): readonly string[] | undefined {
  const file = join(model.endsWith(".json") ? dirname(model) : model, "metadata.json");
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly classes?: readonly string[] }).classes;
}

type Params = { alpha: number; temperature: number; teacher: string; members: number; share: number };

/** With a teacher of the user's own. */
export const distillationWith = (given?: LayersModel): Technique<Params> => ({
  name: manifest.name,
  version: manifest.version,
  group: "distillation",
  prior: 0.1,
  paper: "Hinton et al. 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531",
  tasks: ["binary_classification", "classification", "multilabel_classification"],
  space: {
    alpha: { kind: "m", range: [0, 1], default: 0.9, off: 0 },
    temperature: { kind: "value", range: [1, 10], scale: "log", default: 4 },
    teacher: { kind: "text", default: given ? "given" : "self" },
    members: { kind: "value", range: [1, 5], scale: "integer", default: 1 },
    share: { kind: "value", range: [0.1, 0.9], default: 0.5 },
  },
  order: { slot: "teach" },
  create: ({ alpha, temperature, teacher, members, share }) => ({
    async train(run, next) {
      const teachers: Teachers = { models: [], cost: zeroCost };
      const trained = teacher === "self" || teacher === "larger";
      const shares = Array<number>(members).fill(share / members);
      const parts = shareImages(run.plan, [...shares, 1 - share]);
      try {
        if (trained) await trainTeachers(run, next, parts.slice(0, -1), teacher === "larger", teachers);
        else teachers.models.push(await openTeacher(run, teacher, given));
        const student = await next({
          name: "student",
          ...(trained && { plan: { images: parts.at(-1)! } }),
          hooks: taughtBy(teachers.models, alpha, temperature, run.task === "multilabel_classification"),
          cost: 1 + teachers.models.length / 3,
        });
        return { ...student, cost: addCost(teachers.cost, student.cost) };
      } finally {
        for (const model of teachers.models) model.dispose();
      }
    },
  }),
});

/** A student that learns from a teacher's answers, beside the labels. */
export const distillation = distillationWith();
