import type { Rng, Shape } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** `m`: 0, the identity, to 1, the strongest. `rr`: the share of examples touched. */
export type Magnitude = { m: number; rr: number };

/** Uniform in ±reach; +0 where reach is 0. */
export const within = (rng: Rng, reach: number): number => 2 * reach * rng.uniform() - reach;

/** One number an example: [n]. */
export const each = (shape: Pick<Shape, "n">, draw: () => number): Float32Array =>
  Float32Array.from({ length: shape.n }, draw);

export const shared = { version: manifest.version, group: "augmentation" } as const;
export const about = (part: string, paper: string) => ({ name: `${manifest.name}/${part}`, paper });
