import type { Rng, Source, Technique } from "@regimen/core";
import { Walk } from "@regimen/sources";
import manifest from "../package.json" with { type: "json" };

/**
 * `real` with `ratio` times as many synthetic examples beside it, the same ones in each epoch. All of `synthetic` comes once
 * before any of it comes again; where its rows have chances, by chance. Each added example is as likely as a real one is on average.
 */
export function withSynthetic(real: Source, synthetic: Source, ratio: number, rng: Rng): Source {
  const count = Math.round(ratio * real.length);
  if (!count) return real;
  const added = synthetic.subset(new Walk(synthetic, rng).rows(0, count));
  const { chance } = real;
  const usual = chance ? chance.reduce((sum, one) => sum + one, 0) / real.length : 1;
  // Without its own chances, which have had their say, unless the real ones have some.
  return real.concat(synthetic.chance || chance ? added.weighted(new Float32Array(count).fill(usual)) : added);
}

/** The user's own synthetic images beside the real ones. */
export const synthetic: Technique<{ r: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "ssl",
  prior: 0.5,
  paper: "Tremblay et al. 2018, Training Deep Networks with Synthetic Data, arXiv:1804.06516",
  space: { r: { kind: "r", range: [0.05, 4], scale: "log", default: 0.5, off: 0 } },
  order: { slot: "sample", needs: ["synthetic"] },
  create: ({ r }) => ({ sample: (inner, run) => withSynthetic(inner, run.data.synthetic!, r, run.rng) }),
};
