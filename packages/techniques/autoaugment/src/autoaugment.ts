import { applyPolicy, autoAugment, drawPolicy, operationsNamed } from "@regimen/image";
import type { Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** One of 25 published pairs of transforms an example, drawn anew at each step; `without` names those that are never applied. */
export const autoaugment: Technique<{ policy: string; rr: number; without: string }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.1,
  group: "augmentation-policy",
  paper: "Cubuk et al. 2019, AutoAugment, arXiv:1805.09501",
  space: {
    policy: { kind: "choice", of: ["cifar10", "svhn"], default: "cifar10" },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
    without: { kind: "text", default: "" },
  },
  // In the last slot whose movements and colours are still pending: all movements of a policy are one resampling.
  order: { slot: "colour" },
  create({ policy: found, without }) {
    const policy = autoAugment(found as "cifar10" | "svhn", operationsNamed(without));
    return {
      draw: (rng, shape) => drawPolicy(policy, rng, shape),
      batch: (batch, step) => applyPolicy(policy, batch, step.fed),
    };
  },
};
