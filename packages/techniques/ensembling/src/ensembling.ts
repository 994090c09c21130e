import {
  addCost,
  shareImages,
  zeroCost,
  type Predictor,
  type Run,
  type Technique,
  type Train,
  type Trained,
} from "@regimen/core";
import { joinModels } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };

/**
 * log of the mean of the members' probabilities (Lakshminarayanan 2017, section 2.4); of `independent` labels its log-odds.
 * [n, …, classes] each, logits.
 */
export function averageLogits<T extends Tensor>(outputs: readonly T[], independent = false): T {
  const logMean = (each: readonly Tensor[]): Tensor =>
    tf.sub(tf.logSumExp(tf.stack([...each]), 0), Math.log(outputs.length));
  if (!independent) return logMean(outputs.map((logits) => tf.logSoftmax(logits))) as T;
  const yes = logMean(outputs.map((logits) => tf.logSigmoid(logits)));
  const no = logMean(outputs.map((logits) => tf.logSigmoid(tf.neg(logits))));
  return tf.sub(yes, no) as T;
}

/**
 * Several predictors as one, which owns them. `features` are the members' side by side, in order. `plain` is one model with
 * the members in one graph.
 */
export function averageOf(members: readonly Predictor[], independent = false): Predictor {
  return {
    forward: (images, mode) =>
      tf.tidy(() => {
        const seen = members.map((member) => member.forward(images, mode));
        return {
          features: tf.concat(
            seen.map(({ features }) => features),
            1,
          ),
          outputs: averageLogits(
            seen.map(({ outputs }) => outputs),
            independent,
          ),
          maps: [],
        };
      }),
    async plain() {
      const plain = await Promise.all(members.map((member) => member.plain()));
      try {
        return await joinModels(plain);
      } finally {
        for (const model of plain) model.dispose();
      }
    },
    dispose() {
      for (const member of members) member.dispose();
    },
  };
}

/**
 * The members one after the other, each with its share of the plan. "seeds": each from random numbers of its own, the first
 * from those of the plain training. "snapshots" (Huang 2017, equation 2): one training in cycles, each of which starts from
 * the last one's weights at the full rate and comes down along a cosine.
 */
async function trainMembers(run: Run, next: Train, count: number, by: string, into: Trained[]): Promise<void> {
  const shares = shareImages(run.plan, Array<number>(count).fill(1 / count));
  for (const [at, images] of shares.entries()) {
    const last = into.at(-1)?.snapshot;
    into.push(
      await next({
        name: `member-${at + 1}`,
        plan: { images, ...(by === "snapshots" && { schedule: { use: "cosine", with: {} } }) },
        ...(at > 0 && { stream: at + 1 }),
        ...(by === "snapshots" && last && { from: last }),
      }),
    );
  }
}

/** The average of several members, which share one plan. */
export const ensembling: Technique<{ members: number; by: string }> = {
  name: manifest.name,
  version: manifest.version,
  group: "ensembling",
  prior: 0.1,
  paper:
    "Lakshminarayanan et al. 2017, Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles, arXiv:1612.01474; Huang et al. 2017, Snapshot Ensembles, arXiv:1704.00109",
  tasks: ["binary_classification", "classification", "multilabel_classification", "semantic_segmentation"],
  space: {
    members: { kind: "m", range: [2, 5], scale: "integer", default: 3, off: 1 },
    by: { kind: "choice", of: ["seeds", "snapshots"], default: "seeds" },
  },
  order: { slot: "ensemble" },
  create: ({ members: count, by }) => ({
    async train(run, next) {
      const members: Trained[] = [];
      try {
        await trainMembers(run, next, count, by, members);
        const independent = run.task === "multilabel_classification";
        const model = averageOf(
          members.map((member) => member.model),
          independent,
        );
        const cost = members.map((member) => member.cost).reduce(addCost, zeroCost);
        return { model, cost, score: await run.score(model, run.data.validation) };
      } catch (error) {
        for (const { model } of members) model.dispose();
        throw error;
      }
    },
  }),
};
