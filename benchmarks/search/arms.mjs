// Who is compared in benchmarks/search.mjs.
const augment = (name) => ({ use: `@regimen/technique-augment/${name}`, with: {} });
const technique = (name, params = {}) => ({ use: `@regimen/technique-${name}`, with: params });
const BASE = [augment("mirror"), augment("translate")];

/** The arm that is compared with all others. */
export const OURS = "Regimen";
/** What every percentage of less error refers to. */
export const PLAIN = "plain, one run";

const fixed = (arm, steps) => ({ arm, kind: "fixed", steps });
const learned = (arm, metalearner) => ({ arm, kind: "learned", metalearner });
const peer = (arm, script, algorithm, needs) => ({ arm, kind: "peer", script, algorithm, needs });

export const ARMS = [
  { ...fixed(PLAIN, []), cost: 1 },
  learned(OURS, "default"),
  learned("random", "random"),
  learned("ASHA", "halving"),
  learned("TPE", "tpe"),
  learned("Hyperband", "hyperband"),
  fixed("none", []),
  fixed("mirror + translate", BASE),
  fixed("RandAugment(2, 9) alone", [technique("randaugment", { n: 2, m: 9 })]),
  fixed("+ RandAugment(2, 9)", [...BASE, technique("randaugment", { n: 2, m: 9 })]),
  fixed("+ RandAugment(2, 9), weight decay", [
    ...BASE,
    technique("randaugment", { n: 2, m: 9 }),
    technique("weight-decay"),
  ]),
  fixed("+ TrivialAugment standard", [...BASE, technique("trivialaugment", { space: "standard" })]),
  fixed("+ mixup", [...BASE, technique("mixup")]),
  fixed("+ CutMix", [...BASE, technique("cutmix")]),
  peer("Optuna TPE + halving", "optuna_side.py", "halving", ["optuna"]),
  peer("Optuna TPE + Hyperband", "optuna_side.py", "hyperband", ["optuna"]),
  peer("Ray Tune ASHA", "ray_side.py", "asha", ["ray"]),
];
