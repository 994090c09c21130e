import type { Cost } from "./json.ts";

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
