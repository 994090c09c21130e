import type { Score, Cost } from "./json.ts";
import type { Plan } from "./technique.ts";

export const zeroCost: Cost = { trained: 0, inferred: 0, seconds: 0 };
export const addCost = (a: Cost, b: Cost): Cost => ({
  trained: a.trained + b.trained,
  inferred: a.inferred + b.inferred,
  seconds: a.seconds + b.seconds,
});
export const scaleCost = (a: Cost, by: number): Cost => ({
  trained: a.trained * by,
  inferred: a.inferred * by,
  seconds: a.seconds * by,
});
export const minusCost = (a: Cost, b: Cost): Cost => addCost(a, scaleCost(b, -1));
/** The currency of every comparison: a forward pass alone is a third of a training pass. */
export const imagesSeen = (cost: Cost): number => cost.trained + cost.inferred / 3;

/**
 * A plan's images for several trainings, one for each of `shares` (which sum to 1 or less): whole batches, the remainder with
 * the last, together never more than the plan has.
 */
export function shareImages({ images, batch }: Pick<Plan, "images" | "batch">, shares: readonly number[]): number[] {
  let [sum, before] = [0, 0];
  return shares.map((share) => {
    sum += share;
    const until = sum > 1 - 1e-6 ? images : Math.min(images, batch * Math.round((sum * images) / batch));
    const own = until - before;
    before = until;
    return own;
  });
}

/** What policies are compared by: the loss at the best temperature, where the task has one. */
export const comparable = ({ calibrated, loss }: Score): number => calibrated ?? loss;
