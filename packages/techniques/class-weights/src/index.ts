import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { classWeights } from "./class-weights.ts";

export { classWeights, classWeightsOf, weighClasses } from "./class-weights.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(classWeights),
};
export default plugin;
