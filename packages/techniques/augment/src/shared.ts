import type { Batch, Draw, Hooks, Rng, Shape, Slot, Step, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** `m`: 0, the identity, to 1, the strongest. `rr`: the share of examples touched. */
export type Magnitude = { m: number; rr: number };

/** Uniform in ±reach; +0 where reach is 0. */
export const within = (rng: Rng, reach: number): number => 2 * reach * rng.uniform() - reach;

/** One number an example: [n]. */
export const each = (shape: Pick<Shape, "n">, draw: () => number): Float32Array =>
  Float32Array.from({ length: shape.n }, draw);

/** `strength`: [n], m for every example. */
export const drawSame = (_: Rng, shape: Pick<Shape, "n">, m: number) => ({ strength: each(shape, () => m) });

export const shared = { version: manifest.version, group: "augmentation" } as const;
/**
 * How often each is worth having where nothing is known of the data: mirrored and shifted photographs nearly always, other
 * small changes now and then, what changes what is seen seldom. Two together are tried first; all of them would be far too much.
 */
const PRIORS = {
  mirror: 0.6,
  translate: 0.6,
  brightness: 0.25,
  contrast: 0.25,
  zoom: 0.25,
  cutout: 0.25,
  rotate: 0.2,
  saturation: 0.2,
  crop: 0.2,
  "resized-crop": 0.2,
  "shear-x": 0.15,
  "shear-y": 0.15,
  "alternating-mirror": 0.1,
  "translate-x": 0.1,
  "translate-y": 0.1,
  hue: 0.1,
  sharpen: 0.1,
  autocontrast: 0.1,
  equalize: 0.1,
  cluster: 0.3,
  "flip-vertical": 0.05,
  rot90: 0.05,
  grayscale: 0.05,
  solarize: 0.05,
  posterize: 0.05,
  "de-sharpen": 0.05,
  blur: 0.05,
  invert: 0.02,
} as const;
export type Part = keyof typeof PRIORS;

export const about = (part: Part, paper: string) => ({
  name: `${manifest.name}/${part}`,
  paper,
  prior: PRIORS[part],
});

/** What several come from. */
export const AUTO_AUGMENT = "Cubuk et al. 2019, AutoAugment, arXiv:1805.09501";
export const SIM_CLR = "Chen et al. 2020, SimCLR, arXiv:2002.05709, appendix A";
export const HE = "He et al. 2016, Deep Residual Learning, arXiv:1512.03385, section 4.2";

const rate = (usual: number) => ({ kind: "rr", range: [0, 1], default: usual, off: 0 }) as const;
/** The space of a magnitude and a rate. `usual`: their defaults. */
export const strengths = (usual: Magnitude) =>
  ({ m: { kind: "m", range: [0, 1], default: usual.m, off: 0 }, rr: rate(usual.rr) }) as const;

/** A technique whose strength is nothing but its rate, `usual` unless told. */
export const rated = (
  slot: Slot,
  part: Part,
  paper: string,
  usual: number,
  hooks: Hooks,
): Technique<Pick<Magnitude, "rr">> => ({
  ...about(part, paper),
  ...shared,
  space: { rr: rate(usual) },
  order: { slot },
  create: () => hooks,
});

/** A technique with a magnitude and a rate: what `draw` drew on the host at magnitude `m`, `apply` does on the device. */
export const graded = (
  slot: Slot,
  part: Part,
  paper: string,
  usual: Magnitude,
  draw: (rng: Rng, shape: Shape, m: number) => Draw,
  apply: (batch: Batch, fed: Step["fed"], m: number) => Batch,
): Technique<Magnitude> => ({
  ...about(part, paper),
  ...shared,
  space: strengths(usual),
  order: { slot },
  create: ({ m }) => ({
    draw: (rng, shape) => draw(rng, shape, m),
    batch: (batch, step) => apply(batch, step.fed, m),
  }),
});
