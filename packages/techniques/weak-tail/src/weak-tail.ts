import { RegimenError, addCost, type Run, type Technique, type Train, type Trained } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** What a plain training of the field has anyway: a moved or mirrored image is as good as another photograph. */
const WEAK = ["mirror", "alternating-mirror", "crop"].map((part) => `@regimen/technique-augment/${part}`);
const MIXING = ["@regimen/technique-mixup", "@regimen/technique-cutmix"];

/** Single transforms, and policies that draw among them. */
const AUGMENTING = ["augmentation", "augmentation-policy"];

/** The techniques whose images no camera takes: all augmentation but mirroring and shifted crops, and mixing. */
export const strongOf = (techniques: Run["techniques"]): string[] =>
  techniques
    .filter(({ name, group }) => MIXING.includes(name) || (AUGMENTING.includes(group) && !WEAK.includes(name)))
    .map(({ name }) => name);

/** Trains, and goes on without strong augmentation for the last `share`: the same schedule, optimizer state and order. */
async function tailed(run: Run, next: Train, share: number): Promise<Trained> {
  const without = strongOf(run.techniques);
  if (!without.length) return next({ name: "whole" });
  const strong = await next({ name: "strong", span: [0, 1 - share] });
  strong.model.dispose();
  if (!strong.snapshot)
    throw new RegimenError(
      "REG_HOOK",
      `${manifest.name} got no snapshot of the training inside it; expected one to go on from: leave out the technique inside it, or this one`,
    );
  const weak = await next({ name: "weak", span: [1 - share, 1], from: strong.snapshot, without });
  return { ...weak, cost: addCost(strong.cost, weak.cost) };
}

/** Strong augmentation ends before training does. */
export const weakTail: Technique<{ share: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.3,
  group: "regularization",
  paper: "He et al. 2019, Data Augmentation Revisited, arXiv:1909.09148",
  space: { share: { kind: "value", range: [0.02, 0.5], default: 0.1, off: 0 } },
  order: { slot: "average", after: ["@regimen/technique-early-stopping"] },
  create: ({ share }) => ({ train: (run, next) => tailed(run, next, share) }),
};
