import * as tf from "@tensorflow/tfjs-core";
import type { Change, Hooks, Optimizer, Plan, Run, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { inPhases } from "./phases.ts";
import { applyLoss, applyViews, unlabelledOf, type How, type Recipe } from "./semi-supervised.ts";
import { Teacher } from "./teacher.ts";
import { drawViews, viewsWithout } from "./views.ts";

type FixMatch = {
  ratio: number;
  tau: number;
  weight: number;
  recipe: string;
  decay: number;
  strength: number;
  supervised: number;
};

/** The share of the second phase's steps in which batch normalisation alone learns. */
const WARM_UP = 0.01;

/** What an average of the model answers to a weak view of an unlabelled image is the label of its strong view. */
export const fixmatch: Technique<FixMatch> = {
  name: manifest.name,
  version: manifest.version,
  group: "ssl",
  prior: 0.5,
  paper: "Sohn et al. 2020, FixMatch: Simplifying Semi-Supervised Learning, arXiv:2001.07685",
  space: {
    ratio: { kind: "r", range: [0, 7], default: 1, off: 0 },
    tau: { kind: "value", range: [0, 0.99], default: 0.8 },
    weight: { kind: "value", range: [0.1, 10], scale: "log", default: 1 },
    recipe: { kind: "choice", of: ["soft", "fixmatch", "flexmatch", "mean-teacher"], default: "soft" },
    decay: { kind: "value", range: [0, 0.999], default: 0.99 },
    strength: { kind: "value", range: [0, 1], default: 0.33 },
    supervised: { kind: "value", range: [0, 0.9], default: 0.75 },
  },
  tasks: ["classification"],
  order: { slot: "pseudo", needs: ["unlabeled"], conflicts: ["@regimen/technique-noisy-student"] },
  validates: true,
  create: (params) => ({
    async train(run, next) {
      const twin = await run.twin();
      try {
        const teacher = new Teacher(twin, params.decay);
        if (params.supervised === 0) return await next({ name: "semi", ...semiSupervised(params, run, teacher, 0) });
        return await inPhases(next, params.supervised, async (begin, from) => {
          if (from.snapshot) await run.restore(from.snapshot, twin.weights);
          return semiSupervised(params, run, teacher, begin);
        });
      } finally {
        twin.dispose();
      }
    },
  }),
};

/** The second phase, or all of the training: `begin` is the share of the plan that is over. */
function semiSupervised(params: FixMatch, run: Run, teacher: Teacher, begin: number): Omit<Change, "name"> {
  const { ratio, tau, weight } = params;
  const unlabeled = run.data.unlabeled!;
  // Where the policy draws transforms itself, the strong view has those: nothing is done twice.
  const isDrawn = run.techniques.some(({ group }) => group === "augmentation-policy");
  const views = viewsWithout(run.refused, isDrawn ? 0 : params.strength);
  const among = unlabelledOf(run.plan.batch, ratio);
  const recipe = params.recipe as Recipe;
  const how: How = { recipe, tau, weight, among, shown: Math.min(1, among / unlabeled.length), begin };
  // The teacher's answers go forward alone.
  const cost = 1 + among / run.plan.batch / 3;
  const hooks: Hooks = {
    draw: (rng, shape) => drawViews(views, rng, { ...shape, n: among }),
    batch: (batch, step) => applyViews(batch, step, how, views, (images) => teacher.answer(images, lasting(step))),
    loss: (inner) => applyLoss(inner, recipe),
    average: (weights, step) => {
      teacher.follow(weights, lasting(step));
      return {};
    },
    ...(begin > 0 && { optimizer: warmUp(run.plan, begin, cost) }),
  };
  // Before the policy's own hooks: the views are of images as they were read, and labels are there before any mixing.
  return { extra: [{ source: unlabeled, ratio, of: "batch" }], slot: "sample", hooks, cost };
}

/** The step under one name in all parts of a training, so that its states go on. */
const lasting = (step: Parameters<NonNullable<Hooks["batch"]>>[1]) => step.of(manifest.name);

/** Weights stand still in the first steps of the second phase, while batch normalisation gets used to strong views. */
const warmUp =
  ({ images, batch }: Plan, begin: number, cost: number) =>
  (inner: Optimizer): Optimizer =>
  (evaluate, weights, step) => {
    const steps = Math.round((WARM_UP * (1 - begin) * images) / (batch * cost));
    const done = lasting(step).state("warm-up", () => tf.scalar(0));
    const moving = tf.cast(tf.greaterEqual(done, steps), "float32");
    const direction = inner(evaluate, weights, step);
    done.assign(tf.add(done, 1));
    const by = Object.entries(direction.by).map(([name, move]) => [name, tf.mul(move, moving)] as const);
    return { ...direction, by: Object.fromEntries(by) };
  };
