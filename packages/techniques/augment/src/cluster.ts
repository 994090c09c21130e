import { RegimenError, blend, nearest, type Draw, type Hooks, type Step, type Technique } from "@regimen/core";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import { augmentations } from "./augment.ts";
import { about, each, shared } from "./shared.ts";

/** One of a cluster's transforms: a technique of this package at a magnitude. */
export type Entry = { readonly technique: Technique; readonly m: number };

/** By the last part of their names. */
const TRANSFORMS: ReadonlyMap<string, Technique> = new Map(
  Object.values(augmentations).map((technique) => [
    technique.name.slice(technique.name.lastIndexOf("/") + 1),
    technique as unknown as Technique,
  ]),
);

/**
 * "mirror:1 rotate:0.2 | shear-x:0.4": clusters with bars between, in each some transforms of this package with their
 * magnitudes, 0 to 1. Errors: REG_PARAM.
 */
export function parseClusters(table: string): readonly (readonly Entry[])[] {
  const wrong = (why: string): never => {
    throw new RegimenError(
      "REG_PARAM",
      `a table of clusters ${why}; expected transforms and magnitudes such as "mirror:1 rotate:0.2 | shear-x:0.4"`,
    );
  };
  return table.split("|").map((cluster, at) => {
    const entries = cluster.split(/[\s,]+/).filter(Boolean);
    if (entries.length === 0) wrong(`has nothing in cluster ${at + 1}`);
    return entries.map((entry): Entry => {
      const [name = "", magnitude = "", ...more] = entry.split(":");
      const known = [...TRANSFORMS.keys()];
      const near = nearest(name, known);
      const technique =
        TRANSFORMS.get(name) ??
        wrong(
          `has "${name}", ${near ? `and the nearest transform is "${near}"` : `which is none of ${known.join(", ")}`}`,
        );
      const m = magnitude === "" ? Number.NaN : Number(magnitude);
      if (more.length || !(m >= 0 && m <= 1)) wrong(`has "${entry}", whose magnitude is no number from 0 to 1`);
      return { technique, m };
    });
  });
}

/** What is one entry's among the numbers of all. */
const below = (at: number, name: string): string => `${at}.${name}`;
const CHOSEN = "chosen";

/** Each example gets one of the transforms, each as likely. At magnitude 0, and among its flips at any below 1, an entry may do nothing. */
function hooksOf(entries: readonly Entry[]): Hooks {
  const hooks = entries.map(({ technique: { space, create }, m }) =>
    create({ ...Object.fromEntries(Object.entries(space).map(([key, axis]) => [key, axis.default])), m, rr: 1 }),
  );
  // Transforms without a magnitude of their own are there or not: theirs is the chance to be.
  const chance = entries.map(({ technique, m }) => (technique.space["m"] ? Math.sign(m) : m));
  return {
    draw(rng, shape) {
      const which = each(shape, () => rng.int(entries.length));
      const drawn: Record<string, Draw[string]> = {};
      for (const [at, { draw }] of hooks.entries()) {
        const own = rng.fork(at);
        drawn[below(at, CHOSEN)] = which.map((chosen) => Number(chosen === at && own.uniform() < chance[at]!));
        for (const [name, values] of Object.entries(draw?.(own.fork("draw"), shape) ?? {}))
          drawn[below(at, name)] = values;
      }
      return drawn;
    },
    batch: (batch, step) =>
      hooks.reduce((current, { batch: apply }, at) => {
        const prefix = below(at, "");
        const fed = Object.fromEntries(
          Object.entries(step.fed).flatMap(([name, values]) =>
            name.startsWith(prefix) ? [[name.slice(prefix.length), values] as const] : [],
          ),
        );
        const view: Step = { ...step, fed, uniform: (name, shape) => step.uniform(below(at, name), shape) };
        return blend(fed[CHOSEN] as Tensor1D, apply!(current, view), current);
      }, batch),
  };
}

/** Clusters of transforms from weak to strong, of which a policy uses one: each example it touches gets one of its transforms. */
export const cluster: Technique<{ table: string; m: number; rr: number }> = {
  ...about("cluster", "Müller & Hutter 2021, TrivialAugment, arXiv:2103.10158"),
  ...shared,
  group: "augmentation-policy",
  space: {
    table: {
      kind: "text",
      default:
        "translate:0.25 zoom:0.1 brightness:0.2 contrast:0.2 | translate:0.5 zoom:0.25 rotate:0.2 shear-x:0.2 brightness:0.4 contrast:0.4 | resized-crop:0.5 rotate:0.4 shear-x:0.5 shear-y:0.5 cutout:0.5 brightness:0.6 contrast:0.8",
    },
    m: { kind: "m", range: [0, 16], scale: "integer", default: 2, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  // In the last slot whose movements and colours are still pending: all movements of a policy are one resampling.
  order: { slot: "colour" },
  create({ table, m }) {
    const clusters = parseClusters(table);
    return m === 0 ? {} : hooksOf(clusters[Math.min(m, clusters.length) - 1]!);
  },
};
