import { applyPolicy, drawPolicy, operationsNamed, randAugment } from "@regimen/image";
import type { Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** n transforms an example, drawn anew at each step, all at magnitude m of 30; `without` names those that are never drawn. */
export const randaugment: Technique<{ n: number; m: number; rr: number; without: string }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.6,
  group: "augmentation-policy",
  paper: "Cubuk et al. 2020, RandAugment, arXiv:1909.13719",
  space: {
    n: { kind: "value", range: [1, 4], scale: "integer", default: 2 },
    m: { kind: "m", range: [0, 30], default: 9, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
    without: { kind: "text", default: "" },
  },
  // In the last slot whose movements and colours are still pending: all movements of a policy are one resampling.
  order: { slot: "colour" },
  create({ n, m, without }) {
    const policy = randAugment(n, m, operationsNamed(without));
    return {
      draw: (rng, shape) => drawPolicy(policy, rng, shape),
      batch: (batch, step) => applyPolicy(policy, batch, step.fed),
    };
  },
};
