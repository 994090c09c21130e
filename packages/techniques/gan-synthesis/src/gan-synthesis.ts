import type { Run, Technique, Train, Trained } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { batchSize, stepsFor, trainGenerator } from "./adversarial.ts";
import { chosenClasses, rowsOf } from "./chosen.ts";
import { generatedBy } from "./generated.ts";
import { contactSheet } from "./sheet.ts";
import { costOfLooking, tryOut, withinPlan, type NoneMade } from "./tried.ts";

/** Making and looking at generated images may cost so much of the plan. */
const LOOKING = 0.1;

type How = { r: number; share: number; classes: string; fewest: number };

/**
 * A generator from `share` of the plan, its images tried out on a classifier from the rest. Where that is fewer than `fewest` steps of the
 * generator, it makes noise: none is trained then, and the classifier has the whole plan.
 */
async function synthesize(run: Run, next: Train, how: How): Promise<Trained> {
  const { train } = run.data;
  const chosen = chosenClasses(how.classes, train);
  const generating = stepsFor(run, how.share * run.plan.images);
  if (generating.steps < how.fewest) {
    const classes = chosen.map((label) => train.classes[label]!);
    const found: NoneMade = { images: 0, classes, steps: generating.steps, fewest: how.fewest, kept: false };
    run.show("generated", await contactSheet(train, undefined, chosen), found);
    return next({ name: "classifier" });
  }
  const count = Math.max(1, Math.min(Math.round(how.r * train.length), Math.floor(LOOKING * run.plan.images)));
  const making = (count + batchSize(run)) / 3;
  const left = run.plan.images - generating.cost - making - costOfLooking(run, count);
  const generator = await trainGenerator(run, rowsOf(train, chosen), chosen, generating.cost);
  const made = await generatedBy(run, generator, chosen, count).finally(() => generator.dispose());
  return tryOut(run, next, { made, chosen, images: withinPlan(Math.max(0, left)) });
}

/** Further images from a class-conditional generative adversarial network, kept only where they help. */
export const ganSynthesis: Technique<How> = {
  name: manifest.name,
  version: manifest.version,
  group: "ssl",
  prior: 0.2,
  paper:
    "Miyato et al. 2018, Spectral Normalization, arXiv:1802.05957; Miyato & Koyama 2018, Projection Discriminator, arXiv:1802.05637; Zhao et al. 2020, Differentiable Augmentation, arXiv:2006.10738",
  tasks: ["classification", "binary_classification"],
  space: {
    r: { kind: "r", range: [0.05, 1], default: 0.25, off: 0 },
    share: { kind: "value", range: [0.1, 0.6], default: 0.3 },
    classes: { kind: "text", default: "rare" },
    fewest: { kind: "value", range: [1, 10_000], scale: "integer", default: 200 },
  },
  order: { slot: "synthesize" },
  validates: true,
  create: (params) => ({ train: (run, next) => synthesize(run, next, params) }),
};
