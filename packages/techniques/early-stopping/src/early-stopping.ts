import { addCost, zeroCost, type Run, type Snapshot, type Technique, type Train, type Trained } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** Steps that a part must have at least: fewer say nothing. */
const STEPS = 4;

/**
 * Trains part after part, each going on where the one before ended, until validation has not improved `patience` times in a row.
 * Returns the best part's model; the cost is that of all.
 */
async function stopped(run: Run, next: Train, patience: number, parts: number): Promise<Trained> {
  const { images, batch } = run.plan;
  const count = Math.max(1, Math.min(parts, Math.floor(images / (batch * STEPS))));
  let best: Trained | undefined;
  let from: Snapshot | undefined;
  let [cost, stale, at] = [zeroCost, 0, 0];
  try {
    while (at < count && stale < patience) {
      const part = await next({ name: `part-${at}`, span: [at / count, (at + 1) / count], ...(from && { from }) });
      cost = addCost(cost, part.cost);
      from = part.snapshot;
      at++;
      const better = !best || part.score.loss < best.score.loss;
      (better ? best : part)?.model.dispose();
      if (better) best = part;
      stale = better ? 0 : stale + 1;
      // Nothing to go on from: a technique inside hands on no weights.
      if (!from) break;
    }
  } catch (error) {
    best?.model.dispose();
    throw error;
  }
  run.log({ "stopped at": at / count, "best at": (at - stale) / count });
  return { ...best!, cost };
}

/** Training ends when validation no longer improves, and the best is kept. */
export const earlyStopping: Technique<{ patience: number; parts: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.05,
  group: "regularization",
  paper: "Prechelt 1998, Early Stopping - But When?, Neural Networks: Tricks of the Trade, 55-69",
  space: {
    patience: { kind: "value", range: [1, 10], scale: "integer", default: 3, off: 0 },
    parts: { kind: "value", range: [4, 40], scale: "integer", default: 10 },
  },
  order: { slot: "average" },
  validates: true,
  create: ({ patience, parts }) => ({ train: (run, next) => stopped(run, next, patience, parts) }),
};
