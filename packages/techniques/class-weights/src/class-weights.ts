import type { Source, Technique } from "@regimen/core";
import { reweighted } from "@regimen/sources";
import manifest from "../package.json" with { type: "json" };

/**
 * One weight a class, E^−power with the effective number E = (1 − βⁿ) / (1 − β) of its n examples (Cui 2019, equation 2), which
 * is n where β = 1. Their mean over all examples is 1. `counts`: examples by class; a class without any has weight 0.
 */
export function classWeightsOf(counts: readonly number[], power: number, beta: number): number[] {
  const effective = (n: number): number => (beta === 1 ? n : (1 - beta ** n) / (1 - beta));
  const raw = counts.map((n) => (n > 0 ? effective(n) ** -power : 0));
  const total = counts.reduce((sum, n) => sum + n, 0);
  const sum = raw.reduce((all, weight, k) => all + weight * counts[k]!, 0);
  return raw.map((weight) => (weight * total) / sum);
}

/** The source, the loss of each example times its class' weight: the mean of its classes' by its label, where that is soft. */
export function weighClasses(inner: Source, power: number, beta: number): Source {
  const labels = inner.labels();
  if (!labels) return inner;
  const k = inner.classes.length;
  const labelled = Array.from({ length: inner.length }, (_, row) => labels.subarray(row * k, (row + 1) * k));
  const known = labelled.filter((label) => !Number.isNaN(label[0]));
  const counts = inner.classes.map((_, at) => known.reduce((sum, label) => sum + label[at]!, 0));
  const weights = classWeightsOf(counts, power, beta);
  const own = (label: Float32Array): number =>
    Number.isNaN(label[0]) ? 1 : label.reduce((sum, share, at) => sum + share * weights[at]!, 0);
  return reweighted(inner, Float32Array.from(labelled, own));
}

/** Rare classes count more in the loss. */
export const classWeights: Technique<{ power: number; beta: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.1,
  group: "imbalance",
  paper: "Cui et al. 2019, Class-Balanced Loss Based on Effective Number of Samples, arXiv:1901.05555",
  space: {
    power: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
    beta: { kind: "value", range: [0.9, 1], default: 1 },
  },
  tasks: ["classification", "binary_classification"],
  order: { slot: "sample", conflicts: ["@regimen/technique-balanced-sampling"] },
  create: ({ power, beta }) => ({ sample: (inner) => weighClasses(inner, power, beta) }),
};
