import { isOff, type Fragment, type MetaLearner, type Problem, type TechniqueMeta } from "@regimen/core";

const meta = (
  name: string,
  more: Pick<TechniqueMeta, "group" | "space"> & Partial<TechniqueMeta["order"]>,
): TechniqueMeta => {
  const { group, space, slot = "mix", ...order } = more;
  return { name, version: "1.0.0", group, paper: "made up", space, order: { slot, ...order } };
};

/** Made-up techniques of every kind of axis: two that conflict, one with a fixed hyperparameter, some of one group. */
const TECHNIQUES: readonly TechniqueMeta[] = [
  meta("made-up/blend", {
    group: "regularization",
    space: {
      alpha: { kind: "m", range: [0, 1], default: 0.2, off: 0 },
      rate: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
    },
    oneOf: "mix",
  }),
  meta("made-up/paste", {
    group: "regularization",
    space: { rate: { kind: "rr", range: [0, 1], default: 0.5, off: 0 } },
    oneOf: "mix",
  }),
  meta("made-up/decay", {
    group: "regularization",
    slot: "gradient",
    space: { lambda: { kind: "m", range: [1e-5, 1e-1], scale: "log", default: 5e-4, off: 0 } },
  }),
  meta("made-up/mirror", {
    group: "augmentation",
    slot: "space",
    space: { rate: { kind: "rr", range: [0, 1], default: 0.5, off: 0 } },
  }),
  meta("made-up/drop", {
    group: "architecture",
    slot: "topology",
    space: {
      rate: { kind: "m", range: [0, 0.9], default: 0.2, off: 0 },
      where: { kind: "choice", of: ["head", "blocks"], default: "head" },
    },
    conflicts: ["made-up/skip"],
  }),
  meta("made-up/skip", {
    group: "architecture",
    slot: "topology",
    space: { rate: { kind: "m", range: [0, 0.9], default: 0.1, off: 0 } },
  }),
  meta("made-up/teach", {
    group: "ssl",
    slot: "pseudo",
    space: {
      ratio: { kind: "r", range: [0, 7], default: 1, off: 0 },
      rounds: { kind: "value", range: [1, 3], scale: "integer", default: 1 },
    },
  }),
];

/** A problem of the size of ResNet-20 on 5,000 images for 30 epochs, with a search budget of one plain run. */
export const madeUpProblem: Problem = {
  techniques: TECHNIQUES,
  train: { learningRate: { kind: "value", range: [0.01, 0.5], scale: "log", default: 0.1 } },
  base: { steps: [{ use: "made-up/earlier", with: { strength: 0.3 } }] },
  fixed: { "made-up/blend": { alpha: 0.4 } },
  facts: { classes: 10, images: 5000 },
  plain: { trained: 150_000, inferred: 15_000, seconds: 600 },
  budget: { trained: 150_000, inferred: 15_000, seconds: 600 },
  seed: 7,
};

/** The problem as the composition gives it: only what the learner claims. */
export const claimedBy = (learner: Pick<MetaLearner, "claims">, problem: Problem): Problem => ({
  ...problem,
  techniques: problem.techniques.filter((technique) => learner.claims(technique)),
  train: Object.fromEntries(Object.entries(problem.train).filter(([train]) => learner.claims({ train }))),
});

/** The names of the problem's techniques that a policy has, and not at their off values. */
export const active = (policy: Fragment, problem: Problem): readonly string[] =>
  policy.steps.flatMap(({ use, with: params }) => {
    const technique = problem.techniques.find((t) => t.name === use);
    return technique && !isOff(technique.space, params) ? [use] : [];
  });
