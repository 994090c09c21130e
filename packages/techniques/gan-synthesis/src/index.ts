import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { ganSynthesis } from "./gan-synthesis.ts";

export { trainGenerator, type Generator } from "./adversarial.ts";
export { chosenClasses } from "./chosen.ts";
export { allowedTransforms, diffAugment, TRANSFORMS, type Chances, type Transform } from "./diff-augment.ts";
export { ganSynthesis } from "./gan-synthesis.ts";
export { generatedBy } from "./generated.ts";
export { compare, featureDistance, recognised, type Comparison } from "./judged.ts";
export { discriminatorLoss, generatorLoss } from "./losses.ts";
export { conditionalNorm, generate, judge, layoutOf, LATENT, type Layout } from "./networks.ts";
export { powerIteration, spectralNorm, type Singular } from "./spectral-norm.ts";
export { helps, tryOut, type Findings } from "./tried.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(ganSynthesis),
};
export default plugin;
