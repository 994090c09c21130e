import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import type { Optimizer, Rng, Run, ScaffoldModel, Snapshot, Source, Stage } from "@regimen/contracts";
import { presetFor, withoutRefused, type TwoViews } from "./recipes.ts";
import { projector } from "./projector.ts";
import { applyViews, drawViews } from "./views.ts";

/** A self-supervised method: what two views of one image are to have in common. */
export type Method = {
  /** What the loss is called in logs. */ readonly name: string;
  readonly views: { readonly small: TwoViews; readonly large: TwoViews };
  /** Hidden layers and output of the projector. */ readonly projector: readonly number[];
  /** Projections [n, d] of the first and of the second views, row i of the same image i. */
  loss(first: Tensor2D, second: Tensor2D): Scalar;
};

export type PretrainHow = {
  readonly method: Method;
  /** How many images may go forward and backward, each view counted. */ readonly images: number;
  /** Images of a step, each in two views; fewer where there are fewer. */ readonly batch: number;
  readonly refused?: readonly string[];
};

/** The peak of Adam's learning rate. For batches of a few hundred: the papers' LARS is for thousands. */
const RATE = 3e-3;
/** Each image is seen twice. */
export const VIEWS = 2;
/** The optimizer's name. */
export const OPTIMIZER = "adam";

/**
 * Pre-training as a stage: for `run.fit`, or whatever else runs stages. Each step draws two views of every image on the
 * device, sends them through the backbone as one batch, through a projector that lives no longer than the stage, and
 * minimizes the method's loss. Labels are not looked at. `adam`: the optimizer of that name.
 */
export function pretraining(
  model: ScaffoldModel,
  data: Source,
  { rng, adam }: { readonly rng: Rng; readonly adam: Optimizer },
  { method, images, batch, refused = [] }: PretrainHow,
): Stage {
  const [first, second] = presetFor(method.views, data.format);
  const views: TwoViews = [withoutRefused(first, refused), withoutRefused(second, refused)];
  const each = Math.max(1, Math.min(batch, data.length, Math.floor(images / VIEWS)));
  const backbone = model.weights.filter(({ part }) => part === "backbone");
  const widths = [featuresOf(model), ...method.projector];
  return {
    name: "pretrain",
    data,
    cost: VIEWS,
    plan: {
      // Whole steps, and never more than asked for.
      images: VIEWS * each * Math.floor(images / (VIEWS * each)),
      batch: each,
      rates: { default: RATE },
      schedule: { use: "one-cycle", with: { warmUp: 0.1 } },
    },
    weights: backbone,
    draw: (stream, shape) => drawViews(stream, shape, views),
    step: (shown, step) => {
      const head = projector(step, rng.fork("projector"), widths);
      const seen = applyViews(shown.images, shown.shape.range, views, step.fed);
      const loss = step.minimize(
        () => {
          const { features } = model.forward(tf.concat(seen, 0), { training: true, step });
          const [a, b] = tf.split(head.apply(features), VIEWS, 0) as [Tensor2D, Tensor2D];
          return method.loss(a, b);
        },
        [...backbone, ...head.weights],
        adam,
      );
      return { [method.name]: loss };
    },
  };
}

/** How many features a model has. */
function featuresOf(model: ScaffoldModel): number {
  const { h, w, c } = model.format;
  return tf.tidy(() => model.forward(tf.zeros([1, h, w, c])).features.shape[1]);
}

/** `images`: forward and backward, each view counted. `curves`: the loss, one entry an epoch. */
export type Pretrained = {
  readonly snapshot: Snapshot;
  readonly images: number;
  readonly curves: Readonly<Record<string, readonly number[]>>;
};

/**
 * Pre-trains the run's backbone on its labelled and unlabelled images. The snapshot holds the backbone alone: a training
 * that starts from it brings a head of its own.
 */
export async function pretrain(run: Run, how: Omit<PretrainHow, "refused">): Promise<Pretrained> {
  const { train, unlabeled } = run.data;
  const built = await run.blueprint.build(run.rng.fork("init"));
  const model = await run.scaffold(built).finally(() => built.dispose());
  try {
    const stage = pretraining(
      model,
      unlabeled ? train.concat(unlabeled) : train,
      { rng: run.rng, adam: run.optimizer(OPTIMIZER) },
      { ...how, refused: run.refused },
    );
    const { curves } = await run.fit(stage);
    return { snapshot: await run.snapshot("backbone", stage.weights), images: stage.plan.images!, curves };
  } finally {
    model.dispose();
  }
}
