import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { noisyStudent } from "./noisy-student.ts";

export { applyPseudoLabels } from "./on-the-fly.ts";
export { balanceClasses, filterConfident, harden, type Answers } from "./pseudo-labels.ts";
export { applyPseudoMasks, pseudoMasks } from "./pseudo-masks.ts";
export { noisyStudent } from "./noisy-student.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(noisyStudent),
};
export default plugin;
