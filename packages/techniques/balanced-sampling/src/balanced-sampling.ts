import type { Source, Technique } from "@regimen/core";
import { classesOf } from "@regimen/sources";
import manifest from "../package.json" with { type: "json" };

/**
 * The chance of each row, n^−exponent for the n examples of its class: a class is then drawn in proportion to n^(1 − exponent)
 * (Kang 2020, equation 1, with q = 1 − exponent). Times the chance that it had. `[length]`; a row without a label has 1.
 */
export function chancesOf(inner: Source, exponent: number): Float32Array {
  const truth = classesOf(inner);
  const counts = inner.classes.map(() => 0);
  for (const k of truth) if (k >= 0) counts[k]!++;
  return Float32Array.from(truth, (k, row) => (inner.chance?.[row] ?? 1) * (k < 0 ? 1 : counts[k]! ** -exponent));
}

/** Rare classes are drawn more often. */
export const balancedSampling: Technique<{ exponent: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.1,
  group: "imbalance",
  paper: "Kang et al. 2020, Decoupling Representation and Classifier for Long-Tailed Recognition, arXiv:1910.09217",
  space: { exponent: { kind: "m", range: [0, 1], default: 0.5, off: 0 } },
  tasks: ["classification", "binary_classification"],
  order: { slot: "sample", conflicts: ["@regimen/technique-class-weights"] },
  create: ({ exponent }) => ({ sample: (inner) => inner.weighted(chancesOf(inner, exponent)) }),
};
