import { applyPolicy, drawPolicy, operationsNamed, trivialAugment } from "@regimen/image";
import type { Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** One transform an example at one of 31 strengths, drawn anew at each step; `without` names those that are never drawn. */
export const trivialaugment: Technique<{ space: string; rr: number; without: string }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.15,
  group: "augmentation-policy",
  paper: "Müller & Hutter 2021, TrivialAugment, arXiv:2103.10158",
  space: {
    space: { kind: "choice", of: ["standard", "wide"], default: "standard" },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
    without: { kind: "text", default: "" },
  },
  // In the last slot whose movements and colours are still pending: all movements of a policy are one resampling.
  order: { slot: "colour" },
  create({ space, without }) {
    const policy = trivialAugment(space as "standard" | "wide", operationsNamed(without));
    return {
      draw: (rng, shape) => drawPolicy(policy, rng, shape),
      batch: (batch, step) => applyPolicy(policy, batch, step.fed),
    };
  },
};
