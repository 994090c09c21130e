import { addCost, zeroCost, type Run, type Snapshot, type Technique, type Train, type Trained } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** Steps that a part must have at least: fewer say nothing. */
const STEPS = 4;

type How = { readonly patience: number; readonly parts: number; /** Share of the plan. */ readonly cooldown: number };

/**
 * Trains part after part, each going on where the one before ended, until validation has not improved `patience` times in a row. Then the
 * schedule's last `cooldown` is trained, from the best part on: what a falling rate brings is not lost. Returns the best part's model; the
 * cost is that of all.
 */
async function stopped(run: Run, next: Train, { patience, parts, cooldown }: How): Promise<Trained> {
  const { images, batch } = run.plan;
  const count = Math.max(1, Math.min(parts, Math.floor(images / (batch * STEPS))));
  let best: Trained | undefined;
  let from: Snapshot | undefined;
  let [cost, stale, at] = [zeroCost, 0, 0];
  const train = async (name: string, span: readonly [number, number]): Promise<boolean> => {
    const part = await next({ name, span, ...(from && { from }) });
    cost = addCost(cost, part.cost);
    from = part.snapshot;
    const better = !best || part.score.loss < best.score.loss;
    (better ? best : part)?.model.dispose();
    if (better) best = part;
    return better;
  };
  try {
    while (at < count && stale < patience) {
      const better = await train(`part-${at}`, [at / count, (at + 1) / count]);
      at++;
      stale = better ? 0 : stale + 1;
      // Nothing to go on from: a technique inside hands on no weights.
      if (!from) break;
    }
    run.log({ "stopped at": at / count, "best at": (at - stale) / count });
    from = best!.snapshot;
    if (stale === patience && at < count && cooldown > 0 && from)
      await train("cooldown", [Math.max(at / count, 1 - cooldown), 1]);
  } catch (error) {
    best?.model.dispose();
    throw error;
  }
  return { ...best!, cost };
}

/** Training goes to its end early when validation no longer improves, and the best is kept. */
export const earlyStopping: Technique<How> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.05,
  group: "regularization",
  paper: "Prechelt 1998, Early Stopping - But When?, Neural Networks: Tricks of the Trade, 55-69",
  space: {
    patience: { kind: "value", range: [1, 10], scale: "integer", default: 3, off: 0 },
    parts: { kind: "value", range: [4, 40], scale: "integer", default: 10 },
    cooldown: { kind: "value", range: [0, 0.5], default: 0.2 },
  },
  order: { slot: "average" },
  validates: true,
  create: (how) => ({ train: (run, next) => stopped(run, next, how) }),
};
